"""A bridge carries messages and requests between the scheduler's thread and another.

How does it work?
-----------------
A ThreadBridge has a queue for each inbox, and one for everything on its way out:
messages for all outboxes, and requests, in the order in which they were made.
The other thread puts and takes under the bridge's lock, and waits on its
condition. Within the scheduler, in its own turns, a bridgedcomponent carries
messages from its inboxes into the bridge and from there to its outboxes, and
calls the requests. It sleeps in between, and is woken by one thread-safe call,
`scheduler.callFromThread`; the flag that says why is set before that call.

Termination: `requestStop()` asks the other thread to end, and ends its waits. After
`close()`, what the thread puts is discarded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from math import inf
from threading import TIMEOUT_MAX, Condition, get_ident
from time import monotonic
from typing import Any

from Axon.AxonExceptions import normalShutdown, noSpaceInBox
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.RunQueue import HOLD, NEW
from Axon.UnreadBox import warnOfUnreadControl

DefaultQueueSize = 1000
_TOLD = "this thread was told to end"


class ThreadBridge:
    """ThreadBridge(limit, wake, warn) -> queues of at most `limit` messages a box (0: no limit).

    wake: called, in any thread, when the scheduler's side has something to do.
    warn: called when the thread waits although "control" holds what it has been told of.
    """

    def __init__(
        self, limit: float, wake: Callable[[], object], warn: Callable[[], object]
    ) -> None:
        self._warnOfUnreadControl = warn
        self.limit = limit if limit > 0 else inf
        self.changed = Condition()
        self.inbound: dict[str, deque[Any]] = {}
        self.outbound: deque[tuple[str | None, Any]] = deque()  # None: a request, to be called
        self.load: dict[str, int] = {}  # how much of outbound is for which box
        self.ident: int | None = None  # the thread's, while it runs
        self.isNotified = False  # something happened since the thread last slept
        self.hasBacklog = False  # messages were left in the inboxes, for lack of room here
        self.isFinished = False  # the thread puts no more
        self.isStopRequested = False  # the thread ought to end
        self.isClosed = False  # nobody carries messages any more
        self.deadline = inf
        self.error: BaseException | None = None
        self._wake = wake
        self._isWakeRequested = False
        self._idleUntil: Callable[[], object] | None = None  # what the thread waits for, untimed
        self._reported: dict[str, int] = {}  # by inbox: how many messages a wait has reported

    # For the other thread

    def put(self, message: Any, boxname: str) -> None:
        """A message on its way out. Raises noSpaceInBox when too many wait for that box."""
        with self.changed:
            if self.isClosed:
                return
            load = self.load.get(boxname, 0)
            if load >= self.limit:
                raise noSpaceInBox(load, self.limit)
            self.load[boxname] = load + 1
            self.outbound.append((boxname, message))
        self.wakeScheduler()

    def take(self, boxname: str) -> Any:
        """The oldest message that came in. Raises IndexError when there is none."""
        with self.changed:
            queue = self.inbound.get(boxname)
            if not queue:
                raise IndexError(boxname)
            message = queue.popleft()
            self._reported.clear()
            isRoom = self.hasBacklog and len(queue) * 2 <= self.limit
            if isRoom:
                self.hasBacklog = False
        if isRoom:
            self.wakeScheduler()
        return message

    def waiting(self, boxname: str) -> int:
        """How many messages can be taken."""
        return len(self.inbound.get(boxname, ()))

    def wakeScheduler(self) -> None:
        """Wakes the scheduler's side, unless it has been woken already."""
        with self.changed:
            if self._isWakeRequested or self.isClosed:
                return
            self._isWakeRequested = True
        self._wake()

    def waitUntil(self, isTrue: Callable[[], object], timeout: float | None = None) -> bool:
        """Block until `isTrue()`, or for `timeout` seconds; return whether it is true.

        Raises normalShutdown if it is not, and the thread was told to end.
        """
        if timeout is not None and timeout > TIMEOUT_MAX:
            timeout = None
        with self.changed:
            mayIdle = timeout is None and get_ident() == self.ident
            if mayIdle:
                self._idleUntil = isTrue
            self.changed.wait_for(lambda: isTrue() or self.isStopRequested, timeout)
            if mayIdle:
                self._idleUntil = None
            if isTrue():
                return True
            if self.isStopRequested:
                raise normalShutdown(_TOLD)
            return False

    def isIdle(self) -> bool:
        """Return whether the thread has ended, or waits for what only others can bring about."""
        with self.changed:
            if self.isFinished or self.isClosed:
                return True
            return self._idleUntil is not None and not (self.isStopRequested or self._idleUntil())

    def unreported(self, boxnames: Iterable[str]) -> str | None:
        """Return the first inbox that holds a message which no wait has reported, if any.

        When the thread takes a message, everything that remains counts as unreported.
        """
        for boxname in tuple(boxnames):
            if self.waiting(boxname) > self._reported.get(boxname, 0):
                return boxname
        return None

    def waitForAny(self, boxnames: Iterable[str], timeout: float | None) -> str | None:
        """Block until there is an unreported message, and return its inbox; see `unreported`.

        Returns None when the timeout expires. Raises normalShutdown as waitUntil does.
        """
        with self.changed:
            if self.unreported(boxnames) is None and self.waiting("control"):
                self._warnOfUnreadControl()
            self.waitUntil(lambda: self.unreported(boxnames) is not None, timeout)
            found = self.unreported(boxnames)
            self._reported = {boxname: len(queue) for boxname, queue in self.inbound.items()}
            return found

    def sleep(self, timeout: float | None) -> None:
        """Block until something happens that has not ended a sleep before."""
        with self.changed:
            if self.waitUntil(lambda: self.isNotified, timeout):
                self.isNotified = False

    def flush(self) -> None:
        """Block until all that was put is delivered, and all that had come can be taken."""
        with suppress(normalShutdown):
            self.callInScheduler(lambda: None)

    def callInScheduler(self, function: Callable[[], Any]) -> Any:
        """Return what `function()` returns in the scheduler's thread, or raise its error there.

        It is called after everything that was put before has been delivered.
        Raises normalShutdown if the thread was told to end before.
        """
        request = _Request(function)
        with self.changed:
            self.outbound.append((None, request))
        self.wakeScheduler()
        self.waitUntil(lambda: request.isDone or self.isClosed)
        return request.outcome()

    def finish(self, error: BaseException | None) -> None:
        """The thread has come to its end; of several, the first counts."""
        with self.changed:
            if not self.isFinished:
                self.isFinished, self.error, self.ident = True, error, None

    # For the scheduler's side

    def acceptWake(self) -> None:
        """From now on another ring is needed to wake the scheduler's side."""
        self._isWakeRequested = False

    def takeIn(self, boxname: str, inbox: Any, take: Callable[[str], Any]) -> None:
        """Takes from `inbox` what there is room for."""
        with self.changed:
            queue = self.inbound.setdefault(boxname, deque())
            while inbox and len(queue) < self.limit:
                queue.append(take(boxname))
                self.notifyThread()
            self.hasBacklog = self.hasBacklog or bool(inbox)

    def removeFirst(self) -> None:
        """Note that the first entry on its way out has been handled."""
        with self.changed:
            boxname, entry = self.outbound.popleft()
            if boxname is not None:
                self.load[boxname] -= 1
            else:
                entry.isDone = True
                self.changed.notify_all()

    def discardInbox(self, boxname: str) -> None:
        """Discard what waits for an inbox that is deleted."""
        with self.changed:
            self.inbound.pop(boxname, None)
            self._reported.pop(boxname, None)

    def notifyThread(self) -> None:
        """End the thread's sleep, or its next one if it is awake."""
        with self.changed:
            self.isNotified = True
            self.changed.notify_all()

    def requestStop(self, grace: float) -> None:
        """Asks the thread to end within `grace` seconds, and ends its waits."""
        with self.changed:
            if not self.isStopRequested:
                self.isStopRequested = True
                self.deadline = monotonic() + grace
                self.inbound.setdefault("control", deque()).append(shutdownMicroprocess())
            self.notifyThread()

    def close(self) -> None:
        """Nobody carries messages any more."""
        with self.changed:
            self.isClosed = True
            self.changed.notify_all()


class _Request:
    """Something that a thread asks of the scheduler's thread, and its outcome."""

    __slots__ = ("error", "function", "isDone", "result")

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.isDone = False
        self.result: Any = None
        self.error: BaseException | None = normalShutdown(_TOLD)  # unless it is called

    def __call__(self) -> None:
        """Call the function, and keep what it returns or raises."""
        self.error = None
        try:
            self.result = self.function()
        except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
            self.error = error

    def outcome(self) -> Any:
        """Return what the function returned, or raise what it raised."""
        if self.error is None:
            return self.result
        try:
            raise self.error
        finally:
            self.error = None  # its traceback leads back here: no reference cycle


class bridgedcomponent(component):
    """bridgedcomponent([queuelengths], **attributes) -> one whose messages other threads handle.

    queuelengths: the most messages (each box) on their way in or out; 0 for no limit.
    """

    _bridge: Any = None

    def __init__(self, queuelengths: int = DefaultQueueSize, **argd: Any) -> None:
        super().__init__(**argd)
        self.queuelengths = queuelengths

    def _openBridge(self) -> ThreadBridge:
        """The bridge, through which messages begin to pass."""
        self._bridge = bridge = ThreadBridge(
            self.queuelengths, self._wakeTask, lambda: warnOfUnreadControl(self)
        )
        return bridge

    def _wakeTask(self) -> None:
        if self._task.state != NEW:  # else it finds what there is in its first turn
            self.scheduler.callFromThread(self._task.wake)

    def _transferMessages(self, isOver: Callable[[], object]) -> Generator[int, None, None]:
        """Carries messages until `isOver()`, and all that were put have been sent."""
        bridge = self._bridge
        ended = 0
        while True:
            bridge.acceptWake()
            mayEnd = isOver()
            before, ended = ended, sum(child.getTask().hasEnded() for child in self.children)
            if ended != before:
                bridge.notifyThread()
            self._transferIn()
            isDone = self._transferOut()
            if isDone and mayEnd:
                return
            if isDone:
                yield from component.waitForChange(self)
            else:
                yield 1

    def _transferIn(self) -> None:
        """Carries what has come; a producerFinished does not overtake what came before it."""
        filled = [(boxname, inbox) for boxname, inbox in self.inboxes.created().items() if inbox]
        filled.sort(key=lambda item: isinstance(item[1][0], producerFinished))
        isBehind = False
        for boxname, inbox in filled:
            if not (isBehind and isinstance(inbox[0], producerFinished)):
                self._bridge.takeIn(boxname, inbox, self._takeFromInbox)
            isBehind = isBehind or bool(inbox)

    def _takeFromInbox(self, boxname: str) -> Any:
        return component.recv(self, boxname)

    def _transferOut(self) -> bool:
        """Send what was put, call what was asked, in that order; return whether that was all.

        If it was not, the task's wish says how to wait for the rest.
        """
        bridge, task = self._bridge, self._task
        for _ in range(len(bridge.outbound)):
            if task.gates is not None and task.isHeldBack():
                task.wish |= HOLD
                return False
            boxname, entry = bridge.outbound[0]
            try:
                if boxname is not None:
                    component.send(self, entry, boxname)
                elif not bridge.isStopRequested:
                    entry()
            except noSpaceInBox:
                component.pause(self)  # until one is taken there
                return False
            bridge.removeFirst()
            if task.gates is not None:
                return False
        return not bridge.outbound

    def _isInOtherThread(self) -> bool:
        """Whether this is called by another thread than the scheduler's, while messages pass."""
        bridge = self._bridge
        if bridge is None:
            return False
        me = get_ident()
        return bridge.ident == me or (not bridge.isClosed and self.scheduler.isRunByOtherThread())
