"""TLS handshakes that fail send an alert to the peer and are logged."""

import logging
import queue
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from Axon.Component import component
from Kamaelia.Internet.Acceptor import LOG
from Tests.Kamaelia.sockets import PATIENCE, dial, readAll, readExactly


class StartsTLS(component):
    """Send "go" after the first data, and start TLS."""

    Inboxes = {"inbox": "bytes", "control": "the connection ends", "sslready": "TLS has begun"}
    Outboxes = {"outbox": "bytes", "signal": "the end", "makessl": "begin TLS"}

    def main(self) -> Any:
        yield from self.waitForMessage("inbox")
        self.send(b"go")
        self.send(True, "makessl")
        yield from self.waitForMessage("control")


@pytest.fixture
def strict(certificate: Any) -> Iterator[ssl.SSLContext]:
    """The context of a server that accepts TLS 1.3 only."""
    context: ssl.SSLContext = certificate.server
    before = context.minimum_version
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    yield context
    context.minimum_version = before


def oldClient() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def whatIsSaid(sock: socket.socket) -> str:
    """The alert that an old client receives."""
    with pytest.raises(ssl.SSLError) as caught:
        oldClient().wrap_socket(sock)
    sock.close()
    return caught.value.reason


def starting(server: Any) -> socket.socket:
    """Return a connection to `server`, which waits for a handshake."""
    sock = dial(server.ports[0])
    sock.sendall(b"x")
    assert readExactly(sock, 2) == b"go"
    return sock


def test_a_client_of_starttls_receives_the_alert(serving: Any, strict: Any, eachLoop: Any) -> None:
    def client(server: Any) -> str:
        return whatIsSaid(starting(server))

    assert serving(client, protocol=StartsTLS, starttls=strict) == "TLSV1_ALERT_PROTOCOL_VERSION"


class Heard(logging.Handler):
    """The lines that are logged; `line` waits for the first one."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: queue.Queue[str] = queue.Queue()
        self.emit = lambda record: self.lines.put(record.getMessage())  # type: ignore[method-assign]


def test_a_client_of_tls_from_the_first_byte_receives_the_alert_and_is_logged(
    serving: Any, strict: Any, eachLoop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    caplog.set_level(logging.INFO, LOG.name)
    LOG.addHandler(heard)

    def client(server: Any) -> tuple[str, str]:
        return whatIsSaid(dial(server.ports[0])), heard.lines.get(timeout=PATIENCE)

    try:
        said, line = serving(client, protocol=StartsTLS, ssl=strict)
    finally:
        LOG.removeHandler(heard)
    assert said == "TLSV1_ALERT_PROTOCOL_VERSION"
    assert "127.0.0.1" in line
    assert "UNSUPPORTED_PROTOCOL" in line


def test_bytes_that_are_not_a_handshake_are_answered_with_an_alert(
    serving: Any, certificate: Any, eachLoop: Any
) -> None:
    def client(server: Any) -> bytes:
        sock = dial(server.ports[0])
        sock.sendall(b"\x16\x03\x01\x00\x05hello")
        said = readAll(sock)
        sock.close()
        return said

    said = serving(client, protocol=StartsTLS, ssl=certificate.server)
    assert said[:2] == b"\x15\x03"  # RFC 8446, section 5.1: an alert


def test_each_client_receives_its_own_alert_when_handshakes_overlap(
    serving: Any, strict: Any, eachLoop: Any
) -> None:
    def client(server: Any) -> list[str]:
        overlapping = [starting(server) for _ in range(3)]
        said = [whatIsSaid(sock) for sock in reversed(overlapping)]
        return [*said, whatIsSaid(starting(server))]

    said = serving(client, protocol=StartsTLS, starttls=strict)
    assert said == ["TLSV1_ALERT_PROTOCOL_VERSION"] * 4
