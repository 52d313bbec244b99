import contextlib
import socket
from contextlib import ExitStack

import pytest

from Tests.Kamaelia.sockets import dial, readExactly


class Guest:
    """Guest(port, name) -> a client that has come into the room."""

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
    """room.join(name) -> a Guest of a chat server that runs."""

    def __init__(self, server, guests: ExitStack) -> None:
        self.server = server
        self.port = server.port
        self._guests = guests

    def join(self, name: bytes) -> Guest:
        guest = Guest(self.port, name)
        self._guests.enter_context(guest.socket)
        return guest


def test_what_one_says_all_read_and_who_goes_is_missed(room):
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


def test_who_has_no_name_yet_says_nothing_to_the_room(room):
    anna = room.join(b"anna")
    dial(room.port).close()
    anna.says(b"alone")
    anna.reads(b"anna: alone\n")


def test_a_line_is_cut_where_it_is_too_long(room):
    anna = room.join(b"anna")
    for _ in range(100):
        anna.socket.sendall(b"x" * 1000)
    anna.says(b"")
    anna.reads(b"anna: " + b"x" * 1000 + b"\n")


def test_one_who_does_not_read_holds_up_nobody(room):
    anna = room.join(b"anna")
    sleeper = socket.socket()
    sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sleeper.connect(("127.0.0.1", room.port))
    sleeper.sendall(b"sleeper\n")
    anna.reads(b"* sleeper has come\n")
    line = b"x" * 900
    for _ in range(10_000):  # 9 MB: more than the system keeps for one who sleeps
        anna.says(line)
        anna.reads(b"anna: " + line + b"\n")
    with contextlib.closing(sleeper):
        anna.says(b"good night")
        anna.reads(b"anna: good night\n")
    anna.reads(b"* sleeper has left\n")
