"""Components that bring a descriptor of their own."""

import socket
from typing import Any

import pytest

from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Ipc import shutdownMicroprocess
from Kamaelia.Internet.Selector import Selector
from Kamaelia.IPC import newReader, newWriter, removeReader


class Reader(component):
    """Reads three messages of a datagram socket in the historical way, and sends one."""

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
            self.recv("ReadReady")
            self.got.append(self.sock.recv(10))
        self.send(newReader(self, ((self, "ReadReady"), self.sock)), "_selectorSignal")
        self.send(removeReader(self, self.sock), "_selectorSignal")
        yield 1
        self.send(shutdownMicroprocess(), "stop")


def test_a_component_is_told_when_its_descriptor_is_ready():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    got: list[bytes] = []
    with ours, theirs:
        for word in (b"1", b"2", b"3", b"4"):
            theirs.send(word)
        ours.setblocking(False)
        Reader(sock=ours, got=got).run()
        assert theirs.recv(10) == b"ready"
    assert got == [b"1", b"2", b"3"]


def test_one_selector_serves_all():
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
