"""Fixtures for all tests: a real program, a free port.

The pytest plugin `Axon.testing` provides a fresh scheduler for each test. `pyproject.toml` sets
the timeout of a test and the tracebacks of one that hangs.
"""

import os
import random
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import settings

# A property has no limit of time for each example: a busy machine is not its fault.
settings.register_profile("without deadlines", deadline=None)
settings.load_profile("without deadlines")

#: Set if every real server must be installed: a missing one then fails the test.
REQUIRE = "KAMAELIA_REQUIRE_REAL_SERVERS"

#: Debian installs daemons in folders that are not on a user's PATH.
SERVER_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"]


def pathOf(program: str) -> str:
    """Return the path of a program. If it is missing, skip the test, or fail if REQUIRE is set."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep) + SERVER_FOLDERS
    found = shutil.which(program, path=os.pathsep.join(folders))
    if found is not None:
        return found
    reason = f"needs the program {program}, which is not installed"
    if os.environ.get(REQUIRE):
        pytest.fail(f"{reason}, and {REQUIRE} is set", pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def needs() -> Callable[[str], str]:
    """Return needs("postfix"), which returns the full path of the program."""
    return pathOf


@pytest.fixture(autouse=True)
def _neededPrograms(request: pytest.FixtureRequest) -> None:
    """Apply the mark @pytest.mark.needs("postfix", "swaks")."""
    for mark in request.node.iter_markers("needs"):
        for program in mark.args:
            pathOf(program)


# Below the range of ephemeral ports (32768 and above): the system may assign one of those to an
# outgoing connection before the program binds it.
QUIET_PORTS = (20000, 32000)


@pytest.fixture
def freePorts() -> Callable[[], int]:
    """Return freePorts(), which returns another free TCP port on 127.0.0.1 at each call.

    It is for programs that cannot bind port 0 and report the port. Other programs use port 0.
    """
    given: set[int] = set()

    def freePort() -> int:
        while True:
            port = random.SystemRandom().randrange(*QUIET_PORTS)
            if port in given:
                continue
            given.add(port)
            with suppress(OSError), socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
                return port

    return freePort


@pytest.fixture
def freePort(freePorts: Callable[[], int]) -> int:
    """Return a free TCP port on 127.0.0.1."""
    return freePorts()
