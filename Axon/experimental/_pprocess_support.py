"""A component in the background, used like a file: with put and get, from an ordinary thread.

Example usage
-------------
    background().start()
    sums = likefile(Calculator())
    sums.put("17 + 4")
    answer = sums.get()                         # blocks until there is one
    sums.shutdown()

How does it work?
-----------------
Two components stand between: componentWrapperInput takes from a queue for each
inbox what was put, and componentWrapperOutput fills a queue for each outbox.
Axon.Handle does the same with less, and in asyncio code too; this knows boxes
of any name, and can wait in a thread. Not for use within the scheduler's own.

Termination: shutdown(), which asks the component to end and lets go of it; or
its end, after which what it sent can still be taken. The background ends with
its last component: a dummyComponent keeps it going in between.
"""

from __future__ import annotations

import queue
import threading
import warnings
from collections.abc import Callable, Generator, Iterable
from typing import Any

from Axon.AdaptiveCommsComponent import AdaptiveCommsComponent
from Axon.AxonExceptions import BoxAlreadyLinkedToDestination, noSpaceInBox, noSuchBox
from Axon.background import background
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdown, shutdownMicroprocess

__all__ = [
    "DEFIN",
    "DEFOUT",
    "addBox",
    "background",
    "componentWrapperInput",
    "componentWrapperOutput",
    "dummyComponent",
    "likefile",
    "queuelengths",
]

queuelengths = 0  # the most messages that a queue made from now on may hold; 0 for no limit
DEFIN = ["inbox", "control"]
DEFOUT = ["outbox", "signal"]

PATIENCE = 1  # seconds within which shutdown() expects its messages to be passed on
A_DAY = 86400  # seconds


def addBox(names: Iterable[str], boxMap: dict[str, str], addBox: Callable[[str], str]) -> None:
    """Calls `addBox`, such as a component's addInbox, with each name; its actual name goes to
    `boxMap`. Raises ValueError for a name that is there already.
    """
    for name in names:
        if name in boxMap:
            raise ValueError(f"a box {name!r} is there already; name each box once")
        boxMap[name] = addBox(name)


class dummyComponent(component):
    """dummyComponent() -> does nothing, so that the scheduler goes on until it is stopped.

    Boxes: a shutdown message that comes to "control" ends it, and goes to "signal".
    """

    def main(self) -> Generator[int, None, None]:
        yield from self.passOnShutdown()


class _Queue(queue.Queue[Any]):
    """_Queue(maxsize) -> a queue that can be closed: then nobody waits for more."""

    isClosed = False

    def close(self) -> None:
        """Ends every wait, and discards from now on what is put."""
        with self.mutex:
            self.isClosed = True
            self.not_empty.notify_all()

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if not self.isClosed:
            super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The oldest. Raises queue.Empty when there is none in time, or ever."""
        with self.not_empty:
            if block:
                self.not_empty.wait_for(lambda: self._qsize() or self.isClosed, timeout)
            if not self._qsize():
                raise queue.Empty
            item = self._get()
            self.not_full.notify()
            return item

    def isUrgent(self) -> bool:
        """Whether a shutdownMicroprocess waits."""
        with self.mutex:
            return any(isinstance(each, shutdownMicroprocess) for each in self.queue)


class componentWrapperInput(AdaptiveCommsComponent):
    """componentWrapperInput(child[, inboxes]) -> passes on to them what other threads put.

    Put into inQueues[name], then the name into whatInbox (None: there is no
    more), then call unpause(). It ends, and sets isDead, after a
    shutdownMicroprocess has been passed on; then one goes to the outbox `deathbox`.
    """

    def __init__(self, child: Any, inboxes: Iterable[str] = DEFIN) -> None:
        super().__init__()
        self.child = child
        self.whatInbox: queue.Queue[str | None] = queue.Queue()
        self.isDead = threading.Event()
        self.childInboxMapping: dict[str, str] = {}
        self._waiting: dict[str, None] = {}  # for which inboxes something may be left
        addBox(inboxes, self.childInboxMapping, self.addOutbox)
        for theirs, ours in self.childInboxMapping.items():
            self.link((self, ours), (child, theirs))
        self.inQueues = {name: _Queue(queuelengths) for name in self.childInboxMapping}
        self.deathbox = self.addOutbox("death")

    def main(self) -> Generator[int, None, None]:
        while self._pollAll():
            self.pause()  # until more is put, or one is taken where there was no room
            yield 1
        self.send(shutdownMicroprocess(), self.deathbox)

    def _pollAll(self) -> bool:
        while not self.whatInbox.empty():
            name = self.whatInbox.get_nowait()
            if name is None:
                return False
            self._waiting[name] = None
        return False not in [self.pollQueue(name) for name in list(self._waiting)]

    def pollQueue(self, whatInbox: str) -> bool:
        """Passes on what was put for that inbox, as far as there is room.

        Gives False if a shutdownMicroprocess was among it. What is to end the
        component does not overtake what was put before; but a
        shutdownMicroprocess, and what precedes it, does not wait for room elsewhere.
        """
        waiting = self.inQueues[whatInbox]
        while self._passData(whatInbox) and waiting.queue:
            message = waiting.queue[0]
            others = [self._passData(name) for name in self.inQueues if name != whatInbox]
            if not (all(others) or waiting.isUrgent()) or not self._passOne(whatInbox):
                return True
            if isinstance(message, shutdownMicroprocess):
                return False
        if waiting.empty():
            self._waiting.pop(whatInbox, None)
        return True

    def _passData(self, name: str) -> bool:
        """Passes on what comes before a shutdown message; gives whether there was room."""
        waiting = self.inQueues[name].queue
        while waiting and not isinstance(waiting[0], producerFinished | shutdownMicroprocess):
            if not self._passOne(name):
                return False
        return True

    def _passOne(self, name: str) -> bool:
        try:
            self.send(self.inQueues[name].queue[0], self.childInboxMapping[name])
        except noSpaceInBox:
            return False
        self.inQueues[name].get_nowait()
        return True

    def _closeDownMicroprocess(self) -> Any:
        for each in self.inQueues.values():
            each.close()
        self.isDead.set()
        return super()._closeDownMicroprocess()


class componentWrapperOutput(AdaptiveCommsComponent):
    """componentWrapperOutput(child, inputHandler[, outboxes]) -> fills outQueues from them.

    It activates the child, and ends with it, and the inputHandler then ends too.
    Once `isAbandoned` is set, what is sent is discarded, and it ends with the inputHandler.
    """

    def __init__(self, child: Any, inputHandler: Any, outboxes: Iterable[str] = DEFOUT) -> None:
        super().__init__()
        self.queuelengths = queuelengths
        self.child = child
        self.inputHandler = inputHandler
        self.isDead = inputHandler.isDead
        self.isAbandoned = False
        self.childOutboxMapping: dict[str, str] = {}
        addBox(outboxes, self.childOutboxMapping, self.addInbox)
        try:
            for theirs, ours in self.childOutboxMapping.items():
                self.link((child, theirs), (self, ours), capacity=self.queuelengths or None)
        except BoxAlreadyLinkedToDestination:
            self.unlink(child)
            inputHandler.unlink(child)  # nothing is left in the way of another attempt
            raise
        self.outQueues = {name: _Queue(self.queuelengths) for name in self.childOutboxMapping}
        self.deathbox = self.addInbox("death")
        self.link((inputHandler, inputHandler.deathbox), (self, self.deathbox))
        self.addChildren(child)

    def main(self) -> Generator[int, None, None]:
        self.child.activate(Scheduler=self.scheduler)
        while not self.child.getTask().hasEnded():
            self.sendPendingOutput()
            if self.isAbandoned and self.isDead.is_set():
                return
            self.pause()  # until more is sent, one is taken, or somebody has ended
            yield 1

    def sendPendingOutput(self) -> None:
        """Moves what the child sent into the queues, as far as there is room."""
        for theirs, ours in self.childOutboxMapping.items():
            waiting = self.outQueues[theirs]
            while self.dataReady(ours) and (self.isAbandoned or not waiting.full()):
                message = self.recv(ours)
                if not self.isAbandoned:
                    waiting.put_nowait(message)

    def _closeDownMicroprocess(self) -> Any:
        for each in self.outQueues.values():
            each.maxsize = 0  # no more will come: all that did can be taken
        self.sendPendingOutput()
        for each in self.outQueues.values():
            each.close()
        self.inputHandler.stop()
        return super()._closeDownMicroprocess()


class likefile:
    """likefile(child[, extraInboxes][, extraOutboxes][, wrapDefault]) -> it, with put and get.

    extraInboxes, extraOutboxes: a name or several, beside DEFIN and DEFOUT as far
    as the child has them; wrapDefault=False: only these. Activates the child.
    Raises AttributeError if no background() runs, noSuchBox (a KeyError), and
    BoxAlreadyLinkedToDestination for an outbox that is linked already.
    """

    alive = False

    def __init__(
        self,
        child: Any,
        extraInboxes: str | Iterable[str] = (),
        extraOutboxes: str | Iterable[str] = (),
        wrapDefault: bool = True,
    ) -> None:
        if not background.lock.locked():
            raise AttributeError("no scheduler runs in the background: background().start() first")
        inboxes = _boxnames(child, "inbox", DEFIN if wrapDefault else (), extraInboxes)
        outboxes = _boxnames(child, "outbox", DEFOUT if wrapDefault else (), extraOutboxes)
        self.inputComponent = componentWrapperInput(child, inboxes)
        self.outputComponent = componentWrapperOutput(child, self.inputComponent, outboxes)
        self.inQueues = self.inputComponent.inQueues
        self.outQueues = self.outputComponent.outQueues
        self.inputComponent.activate()
        self.outputComponent.activate()
        self.alive = True

    def empty(self, boxname: str = "outbox") -> bool:
        """Whether nothing can be taken from the component's `boxname`. Raises KeyError."""
        return self.outQueues[boxname].empty()

    def qsize(self, boxname: str = "outbox") -> int:
        """How many messages can be taken from the component's `boxname`. Raises KeyError."""
        return self.outQueues[boxname].qsize()

    def anyReady(self) -> list[str] | None:
        """The names of all outboxes from which something can be taken; None if there is none."""
        return [name for name in self.outQueues if self.qsize(name)] or None

    def get(
        self, boxname: str = "outbox", blocking: bool = True, timeout: float | None = A_DAY
    ) -> Any:
        """The oldest message of the component's `boxname`, for which it waits if it may.

        Raises queue.Empty when none has come after `timeout` seconds, or none
        will since the component has ended; KeyError; AttributeError after shutdown().
        """
        self._checkAlive()
        message = self.outQueues[boxname].get(blocking, timeout)
        if self.outputComponent.queuelengths:
            self.outputComponent.unpause()  # there is room for another
        return message

    def get_nowait(self, boxname: str = "outbox") -> Any:
        """As get(), at once or not at all."""
        return self.get(boxname, blocking=False)

    def put(self, msg: Any, boxname: str = "inbox") -> None:
        """Sends `msg` to the component's `boxname`, soon; discarded when it has ended.

        Raises queue.Full when `queuelengths` wait already, KeyError, and
        AttributeError after shutdown().
        """
        self._checkAlive()
        self.inQueues[boxname].put_nowait(msg)
        self._announce(boxname)

    def shutdown(self) -> None:
        """Asks the component to end, in all three ways, and discards what it still sends.

        Warns if the last has not been passed on within a second. Raises
        AttributeError if it has been called before.
        """
        self._checkAlive()
        self._letGo()
        if not self.inputComponent.isDead.wait(PATIENCE):
            warnings.warn(
                f"{self.inputComponent.child} was not told to end within {PATIENCE} s",
                RuntimeWarning,
                stacklevel=2,
            )

    def _letGo(self) -> None:
        self.alive = False
        self.outputComponent.isAbandoned = True
        control = self.inQueues.get("control")
        if control is None:
            self._announce(None)
            return
        control.maxsize = 0  # there is room for these
        for message in (shutdown(), producerFinished(), shutdownMicroprocess()):
            control.put_nowait(message)
            self._announce("control")

    def _announce(self, boxname: str | None) -> None:
        self.inputComponent.whatInbox.put(boxname)
        self.inputComponent.unpause()

    def _checkAlive(self) -> None:
        if not self.alive:
            raise AttributeError("shutdown() has been called: nothing more goes in or out")

    def __del__(self) -> None:
        if self.alive:
            self._letGo()


def _boxnames(
    child: Any, direction: str, default: Iterable[str], extra: str | Iterable[str]
) -> list[str]:
    """Those of `default` that the child has, then `extra`. Raises noSuchBox (a KeyError)."""
    there = child.inboxes if direction == "inbox" else child.outboxes
    extras = [extra] if isinstance(extra, str) else list(extra)
    for name in extras:
        if name not in there:
            raise noSuchBox(child.name, name, direction, there)
    return [name for name in default if name in there] + extras
