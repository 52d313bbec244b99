"""The messages of a server with one connection at a time."""

import threading
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Internet.SingleServer import SingleServer
from Tests.Kamaelia.sockets import PATIENCE, dial

pytestmark = pytest.mark.usefixtures("eachLoop")


class Doorman(component):
    """Count the clients that disconnect; send each end back, and a new one after the second."""

    def main(self) -> Any:
        self.ends: list[Any] = []
        while len(self.ends) < 2:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)
            for message in self.Inbox("control"):
                self.ends.append(message)
                self.send(message, "signal")
        self.send(producerFinished(self), "signal")


def test_the_end_of_each_client_is_reported_and_does_not_end_the_server_when_sent_back():
    got: list[bytes] = []

    def talk(port: int) -> None:
        for word in (b"1", b"2"):
            with dial(port) as sock:
                sock.sendall(word)
                got.append(sock.recv(1))

    server, doorman = SingleServer(port=0, host="127.0.0.1"), Doorman()
    thread = threading.Thread(target=lambda: talk(server.ports[0]))
    server.onListening = lambda _: thread.start()
    for source, sink in ((server, doorman), (doorman, server)):
        doorman.link((source, "outbox"), (sink, "inbox"))
        doorman.link((source, "signal"), (sink, "control"))
    server.activate()
    doorman.run()
    thread.join(PATIENCE)
    assert got == [b"1", b"2"]
    assert [(type(each), each.caller) for each in doorman.ends] == [(producerFinished, server)] * 2
