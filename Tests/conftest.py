"""Fixtures for all tests: a real program, a free port, a port that refuses clients.

The pytest plugin `Axon.testing` provides a fresh scheduler for each test. `pyproject.toml` sets
the timeout of a test and the tracebacks of one that hangs.
"""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

from Tests import ports

# A property has no limit of time for an example, nor for what makes its examples: a busy machine is
# not its fault. A test that suppresses other checks has to suppress too_slow, too.
settings.register_profile(
    "without deadlines", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
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


@pytest.fixture
def freePorts() -> Callable[[], int]:
    """Return freePorts(), which returns another free port of 127.0.0.1 at each call."""
    return ports.freePort


@pytest.fixture
def freePort(freePorts: Callable[[], int]) -> int:
    """Return a free TCP port on 127.0.0.1."""
    return freePorts()


@pytest.fixture
def refusingPort() -> Iterator[int]:
    """Return a port on which no process listens before the test is over."""
    with ports.heldPort() as held:
        yield held.getsockname()[1]
