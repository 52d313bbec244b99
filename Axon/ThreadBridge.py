"""The bridge that carries messages and requests between the scheduler's thread and another.

How does it work?
-----------------
A ThreadBridge has a queue for each inbox, and one queue for everything that goes out: the
messages for all outboxes, and the requests, in the order in which they were made. The other
thread puts and takes under the lock of the bridge, and waits on its condition. In the scheduler's
thread a bridgedcomponent, in its own turns, moves messages from its inboxes into the bridge and
from the bridge to its outboxes, and calls the requests. It sleeps in between, and the other
thread wakes it through one thread-safe call, `scheduler.callFromThread`. The flag that says why
is set before that call.

Termination: `requestStop()` asks the other thread to end, and ends its waits. After `close()`,
messages that the thread puts are discarded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from math import inf
from threading import TIMEOUT_MAX, Condition, get_ident
from time import monotonic
from typing import Any

from Axon.AxonExceptions import normalShutdown, noSpaceInBox, queueFull
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Task import HOLD, NEW
from Axon.UnreadBox import warnOfUnreadControl

DefaultQueueSize = 1000
_STOPPED = "this thread was told to end"


class ThreadBridge:
    """ThreadBridge(limit, wake, warn, explain): queues of `limit` messages per box (0: no limit).

    wake: called, in any thread, when the scheduler's side has something to do.
    warn: called when the thread waits although "control" holds messages that a wait has reported.
    explain: called with the name of an outbox whose queue is full; returns the error's message.
    """

    def __init__(
        self,
        limit: float,
        wake: Callable[[], object],
        warn: Callable[[], object],
        explain: Callable[[str], str],
    ) -> None:
        self._warnOfUnreadControl = warn
        self._explainFullQueue = explain
        self.limit = limit if limit > 0 else inf
        self.changed = Condition()
        self.inbound: dict[str, deque[Any]] = {}
        self.outbound: deque[tuple[str | None, Any]] = deque()  # None marks a request to call
        self.load: dict[str, int] = {}  # the number of messages in outbound, by outbox
        self.ident: int | None = None  # of the thread, while it runs
        self.isNotified = False  # something has happened since the thread last slept
        self.hasBacklog = False  # messages remain in the inboxes, because the queues are full
        self.isFinished = False  # the thread has ended
        self.isStopRequested = False  # the thread has been asked to end
        self.isClosed = False  # messages are no longer moved
        self.deadline = inf
        self.error: BaseException | None = None
        self._wake = wake
        self._isWakeRequested = False
        self._idleUntil: Callable[[], object] | None = (
            None  # the condition of a wait without a timeout
        )
        self._reported: dict[str, int] = {}  # the messages that a wait has reported, by inbox

    # For the other thread

    def put(self, message: Any, boxname: str) -> None:
        """Queue a message for an outbox. Raises queueFull if `limit` messages wait for it."""
        with self.changed:
            if self.isClosed:
                return
            load = self.load.get(boxname, 0)
            if load >= self.limit:
                raise queueFull(load, self.limit, self._explainFullQueue(boxname))
            self.load[boxname] = load + 1
            self.outbound.append((boxname, message))
        self.wakeScheduler()

    def take(self, boxname: str) -> Any:
        """Take the oldest message of an inbox. Raises IndexError if there is none."""
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
        """Return how many messages can be taken."""
        return len(self.inbound.get(boxname, ()))

    def wakeScheduler(self) -> None:
        """Wake the scheduler's side, unless it has been woken already."""
        with self.changed:
            if self._isWakeRequested or self.isClosed:
                return
            self._isWakeRequested = True
        self._wake()

    def waitUntil(self, isTrue: Callable[[], object], timeout: float | None = None) -> bool:
        """Block until `isTrue()`, or for `timeout` seconds; return whether it is true.

        Raises normalShutdown if it is not true and the thread has been asked to end.
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
                raise normalShutdown(_STOPPED)
            return False

    def isIdle(self) -> bool:
        """Return whether the thread has ended, or waits for something that only others can do."""
        with self.changed:
            if self.isFinished or self.isClosed:
                return True
            return self._idleUntil is not None and not (self.isStopRequested or self._idleUntil())

    def unreported(self, boxnames: Iterable[str]) -> str | None:
        """Return the first inbox with a message that no wait has reported, or None.

        When the thread takes a message, all remaining messages count as unreported.
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
        """Block until something happens that has not ended an earlier sleep."""
        with self.changed:
            if self.waitUntil(lambda: self.isNotified, timeout):
                self.isNotified = False

    def flush(self) -> None:
        """Block until all messages that were put are delivered, and all that have arrived can
        be taken.
        """
        with suppress(normalShutdown):
            self.callInScheduler(lambda: None)

    def callInScheduler(self, function: Callable[[], Any]) -> Any:
        """Call `function()` in the scheduler's thread; return its result or raise its error.

        It is called after everything that was put before has been delivered.
        Raises normalShutdown if the thread has been asked to end before the call.
        """
        request = _Request(function)
        with self.changed:
            self.outbound.append((None, request))
        self.wakeScheduler()
        self.waitUntil(lambda: request.isDone or self.isClosed)
        return request.outcome()

    def finish(self, error: BaseException | None) -> None:
        """Note that the thread has ended, with `error` if not None. Only the first call counts."""
        with self.changed:
            if not self.isFinished:
                self.isFinished, self.error, self.ident = True, error, None

    # For the scheduler's side

    def acceptWake(self) -> None:
        """Let the next wakeScheduler() wake the scheduler's side again."""
        self._isWakeRequested = False

    def takeIn(self, boxname: str, inbox: Any, take: Callable[[str], Any]) -> None:
        """Move messages from `inbox` to the queue, as far as there is room."""
        with self.changed:
            queue = self.inbound.setdefault(boxname, deque())
            while inbox and len(queue) < self.limit:
                queue.append(take(boxname))
                self.notifyThread()
            self.hasBacklog = self.hasBacklog or bool(inbox)

    def removeFirst(self) -> None:
        """Remove the first outgoing entry, which has been handled."""
        with self.changed:
            boxname, entry = self.outbound.popleft()
            if boxname is not None:
                self.load[boxname] -= 1
            else:
                entry.isDone = True
                self.changed.notify_all()

    def discardInbox(self, boxname: str) -> None:
        """Discard the messages for an inbox that is deleted."""
        with self.changed:
            self.inbound.pop(boxname, None)
            self._reported.pop(boxname, None)

    def notifyThread(self) -> None:
        """End the thread's sleep, or its next one if it is awake."""
        with self.changed:
            self.isNotified = True
            self.changed.notify_all()

    def requestStop(self, grace: float) -> None:
        """Ask the thread to end within `grace` seconds, and end its waits."""
        with self.changed:
            if not self.isStopRequested:
                self.isStopRequested = True
                self.deadline = monotonic() + grace
                self.inbound.setdefault("control", deque()).append(shutdownMicroprocess())
            self.notifyThread()

    def close(self) -> None:
        """Stop moving messages, and end the waits of the thread."""
        with self.changed:
            self.isClosed = True
            self.changed.notify_all()


class _Request:
    """A function that the scheduler's thread calls for another thread, and the outcome."""

    __slots__ = ("error", "function", "isDone", "result")

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.isDone = False
        self.result: Any = None
        self.error: BaseException | None = normalShutdown(_STOPPED)  # until it is called

    def __call__(self) -> None:
        """Call the function, and store its result or its error."""
        self.error = None
        try:
            self.result = self.function()
        except BaseException as error:  # noqa: BLE001 - raised in the requesting thread
            self.error = error

    def outcome(self) -> Any:
        """Return the result of the function, or raise its error."""
        if self.error is None:
            return self.result
        try:
            raise self.error
        finally:
            self.error = None  # its traceback refers to this frame: leave no reference cycle


class bridgedcomponent(component):
    """bridgedcomponent([queuelengths], **attributes) -> a component for use in other threads.

    queuelengths: the most messages per box that wait in the bridge; 0 for no limit.
    """

    _bridge: Any = None

    def __init__(self, queuelengths: int = DefaultQueueSize, **argd: Any) -> None:
        super().__init__(**argd)
        self.queuelengths = queuelengths

    def _openBridge(self) -> ThreadBridge:
        """Create the bridge, and return it."""
        self._bridge = bridge = ThreadBridge(
            self.queuelengths,
            self._wakeTask,
            lambda: warnOfUnreadControl(self),
            self._explainFullQueue,
        )
        return bridge

    def _explainFullQueue(self, boxname: str) -> str:
        """Return the message of queueFull for an outbox, or "" for the usual one."""
        return ""

    def _wakeTask(self) -> None:
        if self._task.state != NEW:  # otherwise its first turn finds the messages
            self.scheduler.callFromThread(self._task.wake)

    def _transferMessages(self, isOver: Callable[[], object]) -> Generator[int, None, None]:
        """Move messages until `isOver()` is true and all that were put have been sent."""
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
        """Move what has arrived; a producerFinished does not overtake earlier messages."""
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
        """Send the messages and call the requests in their order; return whether that was all.

        If it was not, the task's wish says how to wait before the rest.
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
                component.pause(self)  # until a message is taken from that inbox
                return False
            bridge.removeFirst()
            if task.gates is not None:
                return False
        return not bridge.outbound

    def _isInOtherThread(self) -> bool:
        """Return whether the calling thread is not the scheduler's, while the bridge is open."""
        bridge = self._bridge
        if bridge is None:
            return False
        me = get_ident()
        return bridge.ident == me or (not bridge.isClosed and self.scheduler.isRunByOtherThread())
