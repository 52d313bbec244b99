"""The addresses of links for tests."""

import pytest

from Tests.Kamaelia.Net.processes import endAll
from Tests.Kamaelia.Net.redisServer import RedisServer
from Tests.Kamaelia.Net.transports import NAMES, Identity, addressOf, linkOf


@pytest.fixture(autouse=True)
def runtimeFolder(tmp_path, monkeypatch):
    """A folder of the test's own for the records of links that have ended."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="session")
def identity(tmp_path_factory):
    """A key and a certificate for both ends of links."""
    return Identity(tmp_path_factory.mktemp("identity"))


@pytest.fixture(params=NAMES)
def link(request):
    """A link of each transport, within this process."""
    with linkOf(request.param, request) as made:
        yield made


@pytest.fixture
def redis(needs):
    """A real redis-server, which may be killed and started again."""
    with RedisServer(needs("redis-server")) as server:
        yield server


@pytest.fixture(params=["tcp", "unix"])
def address(request, freePorts):
    """The address of a link, for each kind of transport, or those that a test names."""
    fixture = request.getfixturevalue
    if request.param not in ("tcp", "tls"):
        fixture("needs")("redis-server")
    identity = fixture("identity") if request.param in ("tls", "rediss") else None
    with addressOf(request.param, identity, freePorts()) as place:
        yield place.address
        endAll()
