"""Fixtures for tests on real sockets: a server with a client beside it, a certificate."""

import asyncio
import logging
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from Axon import EventLoop
from Axon.Ipc import shutdownMicroprocess
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Tests.Kamaelia.sockets import PATIENCE


class Serving:
    """serving(client, protocol=...): runs client(server) beside a ServerCore."""

    def __call__(
        self, client: Callable[[Any], Any], kind: Any = ServerCore, **settings: Any
    ) -> Any:
        outcome: list[Any] = []
        errors: list[BaseException] = []

        def talk(server: Any) -> None:
            try:
                outcome.append(client(server))
            except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
                errors.append(error)
            server.scheduler.callFromThread(
                lambda: server.deliver(shutdownMicroprocess(), "control")
            )

        thread = threading.Thread(target=lambda: talk(server))
        settings = {"port": 0, "host": "127.0.0.1"} | settings
        server = kind(onListening=lambda _: thread.start(), **settings)
        server.run()
        thread.join(PATIENCE)
        for error in errors:
            raise error
        return outcome[0]


class _Records(logging.Handler):
    """A handler that keeps the texts of log records."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@pytest.fixture(autouse=True)
def noImpossibleTransition(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail if a connection has attempted an impossible transition during the test."""
    log, records = logging.getLogger("Kamaelia.Internet.ConnectionState"), _Records()
    log.addHandler(records)
    yield
    log.removeHandler(records)
    if "test_ConnectionState" not in request.node.nodeid:
        assert records.texts == []


@pytest.fixture(params=["asyncio", "uvloop"])
def eachLoop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test twice: on asyncio's own event loop, and on uvloop's if it is installed."""
    name: str = request.param
    maker = asyncio if name == "asyncio" else pytest.importorskip("uvloop")
    monkeypatch.setattr(EventLoop, "newLoop", lambda clock=None: maker.new_event_loop())
    return name


@pytest.fixture
def serving() -> Serving:
    """Return a function that runs a ServerCore on a free port and a client in a thread."""
    return Serving()


class Certificate(NamedTuple):
    """The contexts of both sides for a self-signed certificate of localhost."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Return the contexts of a server and of a client that trusts it."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(
        [*command.split(), *names, "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
        timeout=30,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    return Certificate(server, ssl.create_default_context(cafile=str(cert)))
