"""What every test may ask for: a real program, a free port.

A fresh scheduler for each test comes from the pytest plugin `Axon.testing`; the time
that a test may take, and the tracebacks of one that hangs, from `pyproject.toml`.
"""

import os
import random
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest

#: Set where every real server is expected to be installed: then a missing one is a failure.
REQUIRE = "KAMAELIA_REQUIRE_REAL_SERVERS"

#: Debian keeps daemons where a user's PATH does not look.
SERVER_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"]


def pathOf(program: str) -> str:
    """The full path of a program; without it the test is skipped, or fails if REQUIRE is set."""
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
    """needs("postfix") -> its full path, or no test."""
    return pathOf


@pytest.fixture(autouse=True)
def _neededPrograms(request: pytest.FixtureRequest) -> None:
    """Heeds the mark: @pytest.mark.needs("postfix", "swaks")."""
    for mark in request.node.iter_markers("needs"):
        for program in mark.args:
            pathOf(program)


# Below those from which the system takes the ports of connections that go out (32768 and more):
# one of them may be taken between the question and the program that is told it.
QUIET_PORTS = (20000, 32000)


@pytest.fixture
def freePorts() -> Callable[[], int]:
    """freePorts() -> a TCP port on 127.0.0.1 that nobody listens on, another at each call.

    For programs that cannot bind port 0 and say what they got; whatever can, should.
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
    """One TCP port on 127.0.0.1 that nobody listens on."""
    return freePorts()
