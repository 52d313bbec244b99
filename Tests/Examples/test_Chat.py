import contextlib
import socket
from contextlib import ExitStack

import pytest

from Tests.Kamaelia.sockets import dial, readExactly


class Guest:
    """A client that has entered the chat room."""

    def __init__(self, port: int, name: bytes) -> None:
        self.socket = dial(port)
        self.reads(b"What is your name?\n")
        self.says(name)
        self.reads(b"* %s has come\n" % name)

    def says(self, line: bytes) -> None:
        self.socket.sendall(line + b"\n")

    def reads(self, text: bytes) -> None:
        assert readExactly(self.socket, len(text)) == text


@pytest.fixture
def room(serve):
    with ExitStack() as guests:
        yield Room(serve("Chat/server.py"), guests)


class Room:
    """Return an object whose join(name) connects a Guest to a running chat server."""

    def __init__(self, server, guests: ExitStack) -> None:
        self.server = server
        self.port = server.port
        self._guests = guests

    def join(self, name: bytes) -> Guest:
        guest = Guest(self.port, name)
        self._guests.enter_context(guest.socket)
        return guest


def test_every_client_receives_each_line_and_is_told_who_leaves(room):
    anna = room.join(b"anna")
    ben = room.join(b"ben")
    anna.reads(b"* ben has come\n")
    ben.says(b"hello\r")
    for guest in (anna, ben):
        guest.reads(b"ben: hello\n")
    anna.socket.sendall(b"in two ")
    anna.says(b"parts")
    for guest in (anna, ben):
        guest.reads(b"anna: in two parts\n")
    ben.socket.close()
    anna.reads(b"* ben has left\n")
    assert room.server.end() == (0, "")


def test_a_client_without_a_name_cannot_send_to_the_room(room):
    anna = room.join(b"anna")
    dial(room.port).close()
    anna.says(b"alone")
    anna.reads(b"anna: alone\n")


def test_a_line_that_is_too_long_is_cut(room):
    anna = room.join(b"anna")
    for _ in range(100):
        anna.socket.sendall(b"x" * 1000)
    anna.says(b"")
    anna.reads(b"anna: " + b"x" * 1000 + b"\n")


def test_a_client_that_does_not_read_does_not_delay_the_others(room):
    anna = room.join(b"anna")
    sleeper = socket.socket()
    sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sleeper.connect(("127.0.0.1", room.port))
    sleeper.sendall(b"sleeper\n")
    anna.reads(b"* sleeper has come\n")
    line = b"x" * 900
    for _ in range(10_000):  # 9 MB: more than the system buffers for a client that does not read
        anna.says(line)
        anna.reads(b"anna: " + line + b"\n")
    with contextlib.closing(sleeper):
        anna.says(b"good night")
        anna.reads(b"anna: good night\n")
    anna.reads(b"* sleeper has left\n")
