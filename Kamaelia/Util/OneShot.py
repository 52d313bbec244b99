"""A source of one message.

Example usage
-------------
    Pipeline(OneShot("hello\\n"), TCPClient("127.0.0.1", 1500)).run()

How does it work?
-----------------
A TriggeredOneShot first waits for any message. It does not read the messages that follow.

Termination: after the message, with a producerFinished. A TriggeredOneShot that still waits
also ends at a producerFinished or shutdownMicroprocess.
"""

from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished

__all__ = ["OneShot", "TriggeredOneShot"]


class OneShot(component):
    """A source that sends `msg`, then producerFinished."""

    Inboxes = {"inbox": "nothing", "control": "nothing"}
    Outboxes = {"outbox": "the message", "signal": "producerFinished"}

    def __init__(self, msg: Any = None) -> None:
        super().__init__()
        self.msg = msg

    def main(self) -> Iterator[int]:
        self.send(self.msg)
        yield 1
        self.send(producerFinished(self), "signal")


class TriggeredOneShot(component):
    """A component that sends `msg` when it receives any message, then producerFinished."""

    Inboxes = {"inbox": "anything, once", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "the message",
        "signal": "producerFinished, or the shutdown message from control",
    }

    def __init__(self, msg: Any = None) -> None:
        super().__init__()
        self.msg = msg

    def main(self) -> Iterator[int]:
        while not self.dataReady():
            yield from self.waitForMessage()
            if not self.dataReady() and self.isShuttingDown():
                return
        self.recv()
        self.send(self.msg)
        self.send(producerFinished(self), "signal")


__kamaelia_components__ = (OneShot, TriggeredOneShot)
