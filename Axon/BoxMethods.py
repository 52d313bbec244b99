"""The methods with which a component sends and takes messages, and sleeps between them.

How does it work?
-----------------
This is the hot path of components. An inbox is a sink (Axon.Sinks), and each entry of `outboxes`
is the sink in which the messages of that outbox end. `send` wakes the task of the sink, and `recv`
the tasks that feed it, if they sleep in `pause()`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from Axon import Core
from Axon.MessageWaits import hasNews, waitForAny, waitForBox
from Axon.Sinks import TAKEN
from Axon.Task import HOLD, PAUSE, READY, RUNNING, WAIT
from Axon.YieldCheck import Wait

_ONCE = Wait("waitForMessage", 1)  # the results of waitForMessage(): sleep once, or not at all
_NOT_AT_ALL = Wait("waitForMessage")


class BoxMethods:
    """The messages and the sleep of a component; Axon.Component.component is derived from it."""

    __slots__ = ()

    if TYPE_CHECKING:  # what a component keeps
        _task: Any
        _inboxes: dict[str, Any]
        outboxes: dict[str, Any]

        def _sleep(self, wish: int, timeout: float | None) -> object: ...
        def _wrongBox(self, boxname: str, direction: str) -> NoReturn: ...
        def _cannotTake(self, boxname: str) -> NoReturn: ...

    def placesOfInboxes(self) -> dict[str, Any]:
        """Return the inboxes as this component stores them; UNUSED represents an unused one."""
        return self._inboxes

    def send(self, message: Any, boxname: str = "outbox") -> None:
        """Put `message` into the inbox to which the outbox `boxname` leads, immediately.

        An outbox without a linkage discards it. Raises noSuchBox (a KeyError), and
        noSpaceInBox if the inbox has a size and is full. If the inbox has a capacity
        and is full now, this component is held at its next yield.
        """
        try:
            sink = self.outboxes[boxname]
        except (KeyError, AttributeError):
            self._wrongBox(boxname, "outbox")
        gate = sink.append(message)
        task = sink.task
        state = task.state
        if state < READY:
            queue = task.queue  # this is task.wake(), inlined: 8 % faster in a pipeline
            task.state = queue.mark
            push = queue.push
            push(task)
        elif state >= RUNNING:
            task.messageArrived(sink.isUrgent)
        if gate is not None:
            self._task.hold(gate)

    def recv(self, boxname: str = "inbox") -> Any:
        """Take the oldest message from the inbox, and return it.

        Raises noSuchBox (a KeyError) and emptyInbox (an IndexError).
        """
        try:
            sink = self._inboxes[boxname]
            message = sink.popleft()
        except (KeyError, IndexError, AttributeError):
            self._cannotTake(boxname)
        sink.reported = -1  # TAKEN; a literal is faster
        task = sink.feeder
        if task is None:
            sink.wakeFeeders()
        elif not task.state:
            queue = task.queue
            task.state = queue.mark
            push = queue.push
            push(task)
        return message

    def dataReady(self, boxname: str = "inbox") -> int:
        """Return how many messages the inbox holds."""
        try:
            return len(self._inboxes[boxname])
        except (KeyError, AttributeError):
            self._wrongBox(boxname, "inbox")

    def anyReady(self) -> str | Literal[False]:
        """Return the first inbox, in order of declaration, that holds a message, or False."""
        for boxname, sink in self._inboxes.items():
            if sink:
                return boxname
        return False

    def Inbox(self, boxname: str = "inbox") -> Iterator[Any]:
        """Take and generate the messages in the inbox, including those that arrive meanwhile."""
        try:
            sink = self._inboxes[boxname]
        except (KeyError, AttributeError):
            self._wrongBox(boxname, "inbox")
        while sink:
            message = sink.popleft()
            sink.reported = -1  # TAKEN; a literal is faster
            task = sink.feeder
            if task is None:
                sink.wakeFeeders()
            elif not task.state:
                task.wake()
            yield message

    def pause(self, timeout: float | None = None) -> object:
        """Sleep from the next yield on until a message arrives, a message that this component
        has sent is taken, a child ends, unpause() is called, or `timeout` seconds have passed.
        """
        task = self._task
        if timeout is not None or task.deadline is not None:
            return self._sleep(PAUSE, timeout)
        task.wish |= PAUSE
        return 1

    def waitForMessage(
        self, boxname: str | None = None, timeout: float | None = None
    ) -> Iterable[int]:
        """`yield from` this to wait until the inbox (any inbox, if none is named) has a message.

        Messages that an earlier wait has reported do not end a wait for any inbox, unless a
        message was taken from the same inbox since: the wait sleeps until something new arrives.
        A wait for one inbox that would repeat a report takes one turn, and ends.

        After `timeout` seconds the wait ends, and perhaps no inbox has a message.
        """
        if boxname is not None:
            return waitForBox(self, boxname, timeout)
        if timeout is not None:
            return waitForAny(self, timeout)
        task = self._task
        for sink in self._inboxes.values():
            if sink:
                if sink.reported != TAKEN:
                    if hasNews(self):
                        return _NOT_AT_ALL
                    break
                sink.reported = len(sink)
                return _NOT_AT_ALL
            sink.reported = 0
        task.wish = task.wish & HOLD | WAIT  # the messages that woke it in this turn are taken
        return _ONCE


if not TYPE_CHECKING and Core.compiled is not None:
    BoxMethods = Core.compiled.BoxMethods
    Core.compiled.provideWaits(_ONCE, _NOT_AT_ALL, hasNews)
