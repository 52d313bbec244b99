"""A component in the background that a thread uses like a file, with put and get.

Example usage
-------------
    background().start()
    sums = likefile(Calculator())
    sums.put("17 + 4")
    answer = sums.get()                         # blocks until there is a message
    sums.shutdown()

How does it work?
-----------------
Two components are in between: componentWrapperInput takes what was put from a queue for each
inbox, and componentWrapperOutput fills a queue for each outbox. Axon.Handle is simpler, and works
in asyncio code too; likefile supports boxes of any name, and can wait in a thread. It must not be
used in the scheduler's thread.

Termination: shutdown() asks the component to end, and detaches it. When the component has ended,
the messages that it has sent can still be taken. The background ends with its last component; a
dummyComponent keeps it running in between.
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

queuelengths = 0  # the size of queues that are created from now on; 0 for no limit
DEFIN = ["inbox", "control"]
DEFOUT = ["outbox", "signal"]

PATIENCE = 1  # seconds that shutdown() waits until its messages are passed on
A_DAY = 86400  # seconds


def addBox(names: Iterable[str], boxMap: dict[str, str], addBox: Callable[[str], str]) -> None:
    """Call `addBox`, such as a component's addInbox, with each name, and store the result in
    `boxMap`. Raises ValueError for a name that is in it already.
    """
    for name in names:
        if name in boxMap:
            raise ValueError(f"a box {name!r} is there already; name each box once")
        boxMap[name] = addBox(name)


class dummyComponent(component):
    """dummyComponent() -> an idle component, which keeps the scheduler running.

    A shutdown message in "control" ends it, and is passed on to "signal".
    """

    def main(self) -> Generator[int, None, None]:
        yield from self.passOnShutdown()


class _Queue(queue.Queue[Any]):
    """_Queue(maxsize) -> a queue that can be closed, which ends all waits for messages."""

    isClosed = False

    def close(self) -> None:
        """End every wait, and discard what is put from now on."""
        with self.mutex:
            self.isClosed = True
            self.not_empty.notify_all()

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if not self.isClosed:
            super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the oldest item. Raises queue.Empty at the timeout, or if the queue is closed."""
        with self.not_empty:
            if block:
                self.not_empty.wait_for(lambda: self._qsize() or self.isClosed, timeout)
            if not self._qsize():
                raise queue.Empty
            item = self._get()
            self.not_full.notify()
            return item

    def isUrgent(self) -> bool:
        """Return whether the queue contains a shutdownMicroprocess."""
        with self.mutex:
            return any(isinstance(each, shutdownMicroprocess) for each in self.queue)


class componentWrapperInput(AdaptiveCommsComponent):
    """componentWrapperInput(child[, inboxes]) -> passes on what other threads put.

    Put a message into inQueues[name], then the name into whatInbox (None: no more follows), then
    call unpause(). After it has passed on a shutdownMicroprocess it sends one to the outbox
    `deathbox`, ends, and sets isDead.
    """

    def __init__(self, child: Any, inboxes: Iterable[str] = DEFIN) -> None:
        super().__init__()
        self.child = child
        self.whatInbox: queue.Queue[str | None] = queue.Queue()
        self.isDead = threading.Event()
        self.childInboxMapping: dict[str, str] = {}
        self._waiting: dict[str, None] = {}  # the inboxes for which messages may remain
        addBox(inboxes, self.childInboxMapping, self.addOutbox)
        for theirs, ours in self.childInboxMapping.items():
            self.link((self, ours), (child, theirs))
        self.inQueues = {name: _Queue(queuelengths) for name in self.childInboxMapping}
        self.deathbox = self.addOutbox("death")

    def main(self) -> Generator[int, None, None]:
        while self._pollAll():
            self.pause()  # until a message is put, or taken from a full inbox
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
        """Pass on what was put for that inbox, as far as there is room.

        Return False if this included a shutdownMicroprocess. A shutdown message does not overtake
        messages that were put before it. But a shutdownMicroprocess, and the messages before it,
        do not wait for room in other inboxes.
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
        """Pass on the messages before a shutdown message; return whether there was room."""
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
    """componentWrapperOutput(child, inputHandler[, outboxes]) -> fills outQueues from outboxes.

    It activates the child, and ends with it; the inputHandler ends then, too. After `isAbandoned`
    is set, messages are discarded, and it ends with the inputHandler.
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
            inputHandler.unlink(child)  # another attempt is possible
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
            self.pause()  # until a message is sent or taken, or a component ends
            yield 1

    def sendPendingOutput(self) -> None:
        """Move the child's messages into the queues, as far as there is room."""
        for theirs, ours in self.childOutboxMapping.items():
            waiting = self.outQueues[theirs]
            while self.dataReady(ours) and (self.isAbandoned or not waiting.full()):
                message = self.recv(ours)
                if not self.isAbandoned:
                    waiting.put_nowait(message)

    def _closeDownMicroprocess(self) -> Any:
        for each in self.outQueues.values():
            each.maxsize = 0  # no more follow: all that have arrived can be taken
        self.sendPendingOutput()
        for each in self.outQueues.values():
            each.close()
        self.inputHandler.stop()
        return super()._closeDownMicroprocess()


class likefile:
    """likefile(child[, extraInboxes][, extraOutboxes][, wrapDefault]) -> put and get for child.

    extraInboxes, extraOutboxes: one name or several, in addition to those of DEFIN and DEFOUT
    that the child has. wrapDefault=False: only these. It activates the child.
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
