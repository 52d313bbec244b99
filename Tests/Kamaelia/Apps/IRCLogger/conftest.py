"""A real IRC server for the tests in this folder."""

from collections.abc import Callable, Iterator

import pytest

from Tests.Kamaelia.ircd import runningServer


@pytest.fixture
def ircServer(needs: Callable[[str], str], freePorts: Callable[[], int]) -> Iterator[int]:
    """Return the port of an ngircd on 127.0.0.1."""
    with runningServer(needs("ngircd"), freePorts) as port:
        yield port
