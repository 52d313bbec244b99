"""Sends one message.

Example usage
-------------
    Pipeline(OneShot("hello\\n"), TCPClient("127.0.0.1", 1500)).run()

How does it work?
-----------------
The triggered one waits for a message, whatever it is; those that follow stay unread.

Termination: when it has been sent; for a TriggeredOneShot also at a
producerFinished or shutdownMicroprocess, which is passed on.
"""

from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished

__all__ = ["OneShot", "TriggeredOneShot"]


class OneShot(component):
    """OneShot([msg]) -> sends `msg`, then producerFinished."""

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
    """TriggeredOneShot([msg]) -> sends `msg` when any message has come, then producerFinished."""

    Inboxes = {"inbox": "anything, once", "control": "when to stop"}
    Outboxes = {"outbox": "the message", "signal": "producerFinished, or what ended it"}

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
