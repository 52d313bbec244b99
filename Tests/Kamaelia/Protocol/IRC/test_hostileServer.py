"""An IRC client beside a server that misbehaves."""

import random
import socket
import threading
import tracemalloc
from collections.abc import Iterable

import pytest

from Axon.testing import feed
from Kamaelia.Protocol.IRC.IRCClient import SimpleIRCClientPrefab
from Tests.Kamaelia.ircd import PATIENCE


class HostileServer:
    """A server that sends what it is given, waits for an answer, and closes the connection."""

    def __init__(self, data: Iterable[bytes], awaited: bytes) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.data = data
        self.awaited = awaited
        self.received = b""
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        with self.socket, self.socket.accept()[0] as connection:
            connection.settimeout(PATIENCE)
            for piece in self.data:
                connection.sendall(piece)
            while self.awaited not in self.received:
                piece = connection.recv(65536)
                if not piece:
                    return
                self.received += piece

    def end(self) -> bytes:
        self.thread.join(PATIENCE)
        return self.received


def test_a_line_of_many_megabytes_is_not_kept() -> None:
    """The client uses less memory than the line has bytes, and goes on."""
    pieces = [b"x" * 2**20] * 20
    server = HostileServer([*pieces, b"\r\nPING :still there\r\n"], b"PONG :still there\r\n")
    tracemalloc.start()
    try:
        outcome = feed(SimpleIRCClientPrefab("127.0.0.1", server.port, nick="ann"), control=[])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert b"PONG :still there" in server.end()
    assert [each[0] for each in outcome["outbox"]] == ["CLIENT ERROR", "PING"]
    assert peak < 10 * 2**20


@pytest.mark.parametrize("seed", range(8))
def test_garbage_from_a_server_does_not_end_the_client(seed: int) -> None:
    """A fuzzer: lines of a real session, damaged."""
    chance = random.Random(seed)
    lines = [
        b"@time=x;a=\\s;;= :irc 001 ann :Welcome",
        b":irc CAP * LS * :a=b server-time",
        b":irc 433 * ann :taken",
        b":ann!a@b NICK eve",
        b":irc 353 ann = #tea :ann @bob",
        b":ann!a@b PRIVMSG #tea :\x01ACTION x\x01",
        b"PING :a b c",
    ]
    data = bytearray()
    for _ in range(300):
        line = bytearray(chance.choice(lines))
        for _ in range(chance.randrange(4)):
            line[chance.randrange(len(line))] = chance.choice(b"\0\x01\r :@!;=\\\xff\xc3#")
        data += line + chance.choice([b"\r\n", b"\n", b"", b"\r\n\r\n"])
    server = HostileServer([bytes(data), b"\r\nPING :end\r\n"], b"PONG end\r\n")
    client = SimpleIRCClientPrefab(
        "127.0.0.1", server.port, nick="ann", channels=["#tea"], capabilities=["server-time"]
    )
    outcome = feed(client, control=[])
    assert outcome["outbox"][-1] == ("PING", "end", "", "")
    for line in server.end().split(b"\r\n"):
        assert b"\n" not in line
        assert len(line) <= 510
