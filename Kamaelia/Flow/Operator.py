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

from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.YieldCheck import waitMethod
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom

__all__ = ["Operator"]


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
                yield from self._sendEach(self.received(message, now()))
            if self.due is not None and self.due <= now():
                yield from self._sendEach(self.expired(now()))
            if self.dataReady() and not isToStop(self):  # it came while this waited for room
                continue
            if (yield from self._isTheEnd()):
                return

    def _isTheEnd(self) -> Generator[int, None, bool]:
        """Return whether "control" holds a shutdown message; pass it on after the last results."""
        isInputOver = any(isinstance(each, producerFinished) for each in self.inboxes["control"])
        if isInputOver and not isToStop(self):
            yield from self._sendEach(self.finished())
        return self.isShuttingDown()

    def _sendEach(self, messages: Iterable[Any]) -> Iterator[int]:
        """Send messages, and wait while the receiver has no room; discard the rest at a stop."""
        for message in messages:
            if not (yield from sendWithRoom(self, message)):
                return

    @waitMethod("_waitForMessageOrTime")
    def _waitForMessageOrTime(self) -> Iterator[int]:
        if self.due is None:
            yield from self.waitForMessage()
        elif not (self.dataReady() or self.dataReady("control")):
            yield from self.waitUntil(self.due)


__kamaelia_components__ = (Operator,)
