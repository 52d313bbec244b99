"""A server that closes a connection first reads what the client still sends."""

import socket
import time
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import pytest

from Axon.Component import component
from Kamaelia.Internet import GracefulClose
from Tests.Kamaelia.sockets import dial, readAll, reset

MiB = 1024 * 1024
REPLY = b"500 That was too much\r\n"

pytestmark = pytest.mark.usefixtures("eachLoop")


class Refuser(component):
    """Send a text and a reply at the first message, and end."""

    before = b""

    def main(self) -> Generator[int, None, None]:
        yield from self.waitForMessage()
        self.send(self.before + REPLY)


def test_a_client_that_still_sends_receives_the_last_reply_and_no_reset(serving):
    def client(server: Any) -> Any:
        with dial(server.port) as sock:
            for _ in range(10):
                sock.sendall(bytes(MiB))
            heard = sock.recv(len(REPLY) + 1, socket.MSG_WAITALL)
            return heard, len(server.connections)

    assert serving(client, protocol=Refuser) == (REPLY, 0)


def test_all_data_reaches_a_client_that_still_sends(serving):
    class LongWinded(Refuser):
        before = bytes(20 * MiB)

    def client(server: Any) -> Any:
        with dial(server.port) as sock:
            sock.sendall(b"x")
            for _ in range(100):
                if not sock.recv(100, socket.MSG_WAITALL):
                    break
                sock.sendall(bytes(1000))
            return len(readAll(sock)) + 100 * 100

    assert serving(client, protocol=LongWinded) == 20 * MiB + len(REPLY)


def test_a_client_that_sends_without_end_is_disconnected(serving):
    def client(server: Any) -> Any:
        sent = 0
        with dial(server.port) as sock, suppress(OSError):
            while sent < 1000 * MiB:
                sent += sock.send(bytes(MiB))
        return sent

    assert serving(client, protocol=Refuser) < 100 * MiB


def test_a_client_that_does_not_close_is_disconnected_after_the_timeout(serving, monkeypatch):
    monkeypatch.setattr(GracefulClose, "LISTEN_TIMEOUT", 0.05)

    def client(server: Any) -> Any:
        with dial(server.port) as sock:
            sock.sendall(b"x")
            heard = readAll(sock)
            with suppress(OSError):
                while True:
                    sock.sendall(b"x")
                    time.sleep(0.01)  # slowly, as too much data would end the connection, too
            return heard

    assert serving(client, protocol=Refuser) == REPLY


def test_a_client_may_connect_again_before_it_has_closed_the_first_connection(serving):
    def client(server: Any) -> Any:
        with dial(server.port) as first:
            first.sendall(b"x")
            heard = [readAll(first)]
            with dial(server.port) as second:
                second.sendall(b"x")
                return [*heard, readAll(second)]

    settings: dict[str, Any] = {"max_connections": 1, "max_connections_per_peer": 1}
    assert serving(client, protocol=Refuser, **settings) == [REPLY, REPLY]


def test_a_server_ends_without_waiting_for_clients_that_do_not_close(serving, monkeypatch):
    monkeypatch.setattr(GracefulClose, "LISTEN_TIMEOUT", 3600.0)

    def client(server: Any) -> Any:
        sock = dial(server.port)
        sock.sendall(b"x")
        return sock, readAll(sock)

    sock, heard = serving(client, protocol=Refuser)
    assert heard == REPLY
    sock.close()


def test_a_reset_at_the_end_causes_no_error(serving, caplog):
    def client(server: Any) -> Any:
        for _ in range(50):
            sock = dial(server.port)
            sock.sendall(bytes(100_000))
            reset(sock)
        with dial(server.port) as sock:
            sock.sendall(b"x")
            return readAll(sock)

    assert serving(client, protocol=Refuser) == REPLY
    assert caplog.text == ""
