"""The common part of the components that turn one stream of messages into another.

Example usage
-------------
    class Delay(Operator):
        def received(self, message, now):
            self.due = now + 1.0 if self.due is None else self.due
            self.waiting.append(message)
            return ()
        def expired(self, now):
            self.due = None
            ...                         # return the messages that have waited

How does it work?
-----------------
A subclass decides what to send: `received`, `expired` and `finished` are given the time and
return messages. The base class decides when: it waits for messages and for `due`, sends, and
waits while an inbox with a size is full.

Termination: at a producerFinished, after the messages before it and those that `finished`
returns; at a shutdownMicroprocess at once.
"""

from collections.abc import Generator, Iterable, Iterator
from typing import Any

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.YieldCheck import waitMethod

__all__ = ["Operator", "isToldToStop", "sendAll", "sendAtOnce"]


class Operator(component):
    """A component that sends what its methods return for each message and each expired time."""

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "the messages that the methods return",
        "signal": "the shutdown message from control",
    }

    due: float | None = None  # the time, on the scheduler's clock, at which expired() is called

    def received(self, message: Any, now: float) -> Iterable[Any]:
        """Return the messages to send for `message`, which is processed at the time `now`."""
        return (message,)

    def expired(self, now: float) -> Iterable[Any]:
        """Return the messages to send at the time `due`. Set `due` to a later time or None."""
        self.due = None
        return ()

    def finished(self) -> Iterable[Any]:
        """Return the messages to send after the last one has been received."""
        return ()

    def main(self) -> Iterator[int]:
        now = self.scheduler.timers.clock.now
        while True:
            yield from self._waitForMessageOrTime()
            for message in self.Inbox():
                for made in self.received(message, now()):
                    if not sendAtOnce(self, made):
                        yield from sendAll(self, (made,))
                    if self.isHeld():
                        yield 1
            if self.due is not None and self.due <= now():
                yield from sendAll(self, self.expired(now()))
            if self.dataReady():  # it has arrived while this waited for space
                continue
            if (yield from self._isTheEnd()):
                return

    def _isTheEnd(self) -> Generator[int, None, bool]:
        """Return whether "control" holds a shutdown message; pass it on after the last results."""
        for message in self.Inbox("control"):
            if isinstance(message, producerFinished):
                yield from sendAll(self, self.finished())
            if isinstance(message, producerFinished | shutdownMicroprocess):
                self.send(message, "signal")
                return True
        return False

    @waitMethod("_waitForMessageOrTime")
    def _waitForMessageOrTime(self) -> Iterator[int]:
        if self.due is None:
            yield from self.waitForMessage()
        elif not (self.dataReady() or self.dataReady("control")):
            yield from self.waitUntil(self.due)


def sendAtOnce(sender: Any, message: Any) -> bool:
    """Send a message to the outbox of `sender`. Return False if the inbox at its end is full."""
    try:
        sender.send(message)
    except noSpaceInBox:
        return False
    return True


def sendAll(sender: Any, messages: Iterable[Any]) -> Iterator[int]:
    """`yield from` this to send messages to the outbox of `sender`.

    Wait while the inbox at the far end is full. Discard the rest once "control" holds a
    shutdownMicroprocess.
    """
    for message in messages:
        while not sendAtOnce(sender, message):
            if isToldToStop(sender):
                return
            sender.pause()
            yield 1
        if sender.isHeld():
            yield 1
            if isToldToStop(sender):
                return


def isToldToStop(process: Any) -> bool:
    """Return whether "control" of a component holds a shutdownMicroprocess, and leave it there."""
    return any(isinstance(each, shutdownMicroprocess) for each in process.inboxes["control"])


__kamaelia_components__ = (Operator,)
