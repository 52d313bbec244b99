"""Components that have their own file descriptors."""

import socket
from typing import Any

import pytest

from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Ipc import shutdownMicroprocess
from Kamaelia.Internet.Selector import Selector
from Kamaelia.IPC import newReader, newWriter, removeReader


class Reader(component):
    """Read three messages from a datagram socket in the historical way, and send one."""

    Inboxes = {"inbox": "", "control": "", "ReadReady": "", "SendReady": ""}
    Outboxes = {"outbox": "", "signal": "", "_selectorSignal": "", "stop": ""}

    def main(self) -> Any:
        service, shutdown, fresh = Selector.getSelectorServices()
        if fresh is not None:
            fresh.activate()
        self.link((self, "_selectorSignal"), service)
        self.link((self, "stop"), shutdown)
        self.send(newWriter(self, ((self, "SendReady"), self.sock)), "_selectorSignal")
        yield from self.waitForMessage("SendReady")
        self.sock.send(b"ready")
        for _ in range(3):
            self.send(newReader(self, ((self, "ReadReady"), self.sock)), "_selectorSignal")
            yield from self.waitForMessage("ReadReady")
            assert self.recv("ReadReady") is self.sock
            self.got.append(self.sock.recv(10))
        self.send(newReader(self, ((self, "ReadReady"), self.sock)), "_selectorSignal")
        self.send(removeReader(self, self.sock), "_selectorSignal")
        yield 1
        self.send(shutdownMicroprocess(), "stop")


@pytest.mark.usefixtures("eachLoop")
def test_a_component_is_informed_of_a_ready_descriptor():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    got: list[bytes] = []
    with ours, theirs:
        for word in (b"1", b"2", b"3", b"4"):
            theirs.send(word)
        ours.setblocking(False)
        Reader(sock=ours, got=got).run()
        assert theirs.recv(10) == b"ready"
    assert got == [b"1", b"2", b"3"]


def test_one_selector_serves_all_components():
    _, _, first = Selector.getSelectorServices()
    service, shutdown, second = Selector.getSelectorServices()
    assert first is not None
    assert second is None
    assert service == (first, "notify")
    assert shutdown == (first, "control")
    first.activate()
    first._deliver(shutdownMicroprocess(), "control")
    first.scheduler.runThreads()
    with pytest.raises(KeyError):
        coordinatingassistanttracker.getcat().retrieveService("selector")


class Asker(component):
    """Send requests to the selector, and end when the answers have arrived in "ReadReady"."""

    Inboxes = {"inbox": "", "control": "", "ReadReady": ""}
    Outboxes = {"outbox": "", "signal": "", "_selectorSignal": "", "stop": ""}
    requests: Any = ()
    expected = 1

    def main(self) -> Any:
        service, shutdown, fresh = Selector.getSelectorServices()
        if fresh is not None:
            fresh.activate()
        self.link((self, "_selectorSignal"), service)
        self.link((self, "stop"), shutdown)
        for make in self.requests:
            self.send(make(self), "_selectorSignal")
            yield 1
        self.answers = []
        while len(self.answers) < self.expected:
            yield from self.waitForMessage("ReadReady")
            self.answers.append(self.recv("ReadReady"))
        self.send(shutdownMicroprocess(), "stop")


def reading(selectable: Any) -> Any:
    """Return a function that creates the request for reading `selectable`."""
    return lambda asker: newReader(asker, ((asker, "ReadReady"), selectable))


def closedSocket() -> socket.socket:
    sock = socket.socket()
    sock.close()
    return sock


@pytest.mark.usefixtures("eachLoop")
@pytest.mark.parametrize("invalid", [closedSocket(), 987_654, -1, object(), None])
def test_an_object_that_cannot_be_watched_is_answered_with_an_error_which_is_logged(
    invalid, caplog
):
    asker = Asker(requests=[reading(invalid)])
    asker.run()
    assert isinstance(asker.answers[0], OSError)
    assert "cannot watch" in caplog.text


@pytest.mark.usefixtures("eachLoop")
def test_a_file_is_always_ready(tmp_path):
    (tmp_path / "file").write_text("text")
    with open(tmp_path / "file") as file:
        asker = Asker(requests=[reading(file)])
        asker.run()
        assert asker.answers == [file]


@pytest.mark.usefixtures("eachLoop")
def test_a_descriptor_that_is_used_again_is_watched_for_its_new_owner():
    first, other = socket.socketpair()
    number = first.fileno()

    def reuse(asker: Any) -> Any:
        first.close()
        again, far = socket.socketpair()
        asker.kept = (again, far)
        assert number in (again.fileno(), far.fileno())
        mine, theirs = (again, far) if again.fileno() == number else (far, again)
        theirs.send(b"x")
        asker.mine = mine
        return newReader(asker, ((asker, "ReadReady"), mine))

    with first, other:
        asker = Asker(requests=[reading(first), reuse], expected=2)
        asker.run()
    for each in asker.kept:
        each.close()
    assert isinstance(asker.answers[0], OSError)
    assert asker.answers[1] is asker.mine


@pytest.mark.usefixtures("eachLoop")
def test_a_request_for_a_closed_socket_can_be_removed():
    first, other = socket.socketpair()

    def remove(asker: Any) -> Any:
        first.close()
        return removeReader(asker, first)

    with first, other:
        asker = Asker(requests=[reading(first), remove], expected=0)
        asker.run()
        assert asker.scheduler.outside == 0


@pytest.mark.usefixtures("eachLoop")
@pytest.mark.parametrize("ask", [newReader, newWriter])
def test_a_socket_may_be_closed_in_the_turn_after_it_was_watched(ask):
    first, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ready, far = socket.socketpair()
    far.send(b"x")

    def close(asker: Any) -> Any:
        first.close()
        return reading(ready)(asker)

    def watch(asker: Any) -> Any:
        return ask(asker, ((asker, "ReadReady"), first))

    def nothing(asker: Any) -> Any:
        return removeReader(asker, ready)

    with first, other, ready, far:
        asker = Asker(requests=[nothing, watch, close])  # watched in the turn before it is closed
        asker.run()
        assert asker.answers == [ready]


@pytest.mark.usefixtures("eachLoop")
def test_a_socket_can_be_watched_for_reading_and_for_writing():
    first, other = socket.socketpair()
    other.send(b"x")
    with first, other:
        asker = Asker(
            requests=[
                reading(first),
                lambda asker: newWriter(asker, ((asker, "ReadReady"), first)),
            ],
            expected=2,
        )
        asker.run()
        assert asker.answers == [first, first]
