"""A task: what the run queue knows of one microprocess.

How does it work?
-----------------
A Task is in one state. Ready tasks are in `RunQueue.ready`. All others are in no queue, and
cost nothing until they are woken. A turn is one call of `task.resume`. During its turn a task
may ask to sleep afterwards (`task.wish`), and gates that are shut (`task.gates`), such as full
inboxes, hold it back. Axon.RunQueue gives the turns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

from Axon import Core

# The sleeping states. A delivery ends all three, so that one comparison, state < READY, decides.
PAUSED = 0  # pause(): everything wakes it, also when a message that it has sent is taken
WAITING = 1  # waitForMessage(): only a message wakes it
WAITING_FOR_CHANGE = 2  # waitForChange(): a message, the end of a child, or unpause() wakes it
READY = 4  # 4 and 5 are the marks of alternate rounds
RUNNING = 6
HELD = 8  # it has sent to a full inbox, and runs when that is half empty
HELD_WAITING = 9  # the same, but then it waits for a message
NEW = 10  # it has not been activated
ENDED = 11

# Wishes for the end of this turn: the number of the sleeping state, plus one. HOLD is added to
# stop while a gate is shut, and WOKEN to stay awake, because something happened during the turn.
PAUSE, WAIT, WAIT_FOR_CHANGE, HOLD, WOKEN = 1, 2, 3, 4, 8
WISHES = PAUSE | WAIT | WAIT_FOR_CHANGE | HOLD | WOKEN
# Not a wish: the turn has begun with the end of a waitForMessage(), which has reported the
# messages that are there.
REPORTED = 16
# Not a wish: the feeders of an inbox have been woken in this turn (Axon.Sinks).
FEEDERS_WOKEN = 32
# The wish with which the turn after a sleep begins, by the wish that led to the sleep.
NEXT_WISH = tuple(REPORTED if wish == WAIT else 0 for wish in range(2 * FEEDERS_WOKEN))


class Gate(Protocol):
    """Something that can hold senders back, such as a full inbox."""

    @property
    def receiver(self) -> Task:
        """The task that opens the gate, by taking messages."""

    def isShut(self) -> bool:
        """Return whether senders have to wait."""

    def hold(self, task: Task) -> None:
        """Release `task` when the gate opens."""


class ForeignQueue(Protocol):
    """The place of a RunQueue for a task that a scheduler of another program runs."""

    def push(self, task: Task) -> None:
        """Pass a wake-up on: a message has arrived, or a child has ended."""

    def isPaused(self, task: Task) -> bool:
        """Return whether `task` sleeps."""


class ForeignScheduler(Protocol):
    """A scheduler of another program. The names of its methods are those of Kamaelia 1.14."""

    def _addThread(self, mprocess: Any) -> None:
        """Give turns to a microprocess from now on."""

    def wakeThread(self, mprocess: Any) -> None:
        """Wake a microprocess."""

    def pauseThread(self, mprocess: Any) -> None:
        """Let a microprocess sleep."""

    def isThreadPaused(self, mprocess: Any) -> bool:
        """Return whether a microprocess sleeps."""


class Task:
    """The execution of one microprocess: its body, its state, and its wishes."""

    __slots__ = (
        "_process",
        "body",
        "callers",
        "deadline",
        "gates",
        "queue",
        "resume",
        "state",
        "watchers",
        "wish",
    )

    body: Any  # these three are set at the activation
    queue: Any  # the RunQueue, or a ForeignQueue if the state remains NEW
    resume: Callable[[None], object]

    def __init__(self, process: Any) -> None:
        self._process = process
        self.state = NEW
        self.wish = 0
        self.callers: tuple[Any, Any] | None = None  # suspended bodies, the innermost first
        self.watchers: Collection[Any] = ()  # microprocesses that are woken when this one ends
        self.gates: list[Gate] | None = None
        self.deadline: float | None = None

    @property
    def process(self) -> Any:
        """The microprocess; None if it has ended and nothing else refers to it."""
        process = self._process
        return process() if type(process) is ref else process

    def nameOfProcess(self) -> str:
        """Return the name of the microprocess."""
        return str(getattr(self.process, "name", None))

    def releaseProcess(self) -> None:
        """Refer to the microprocess, which has ended, only weakly: no reference cycle remains."""
        self._process = ref(self._process)

    def _isForeign(self) -> bool:
        """Return whether a scheduler that is not Axon's own gives the turns; it has no RunQueue."""
        return self.state == NEW and hasattr(self, "queue")

    def isAlive(self) -> bool:
        """Return whether this has been activated and has not ended."""
        return self.state < NEW or self._isForeign()

    def hasEnded(self) -> bool:
        """Return whether this has ended."""
        return self.state == ENDED

    def isRunnable(self) -> bool:
        """Return whether this is activated, has not ended, and does not sleep."""
        if self._isForeign():
            return not self.queue.isPaused(self)
        return READY <= self.state <= RUNNING

    def isReady(self) -> bool:
        """Return whether this is in the queue and has a turn to come."""
        return READY <= self.state < RUNNING

    def isPaused(self) -> bool:
        """Return whether this sleeps, is held, or has not been activated."""
        return self.state < READY or HELD <= self.state <= NEW

    def wake(self) -> None:
        """End any sleep. Within its own turn, keep the task awake after it."""
        if self.state < READY:
            queue = self.queue
            self.state = queue.mark
            push = queue.push
            push(self)
        elif self.state == RUNNING:
            self.wish |= WOKEN
        elif self._isForeign():
            self.queue.push(self)

    def wakeUnlessWaiting(self) -> None:
        """End a sleep, except a wait for a message: unpause(), the end of a child, a timeout."""
        if self.state != WAITING:
            self.wake()

    def messageArrived(self, isUrgent: bool) -> None:
        """End a sleep at the delivery of a message; an urgent one also wakes a held task."""
        if self.state == HELD_WAITING:
            self.state = HELD
        if self.state == HELD and isUrgent:
            self.force()
        else:
            self.wake()

    def force(self) -> None:
        """Wake the task, even if it is held."""
        if self.state == HELD or self.state == HELD_WAITING:
            self.queue.held.discard(self)
            self.state = PAUSED
        self.wake()

    def hold(self, gate: Gate) -> None:
        """Hold this task from its next yield on, until `gate` opens."""
        if self.gates is None:
            self.gates = [gate]
        elif gate not in self.gates:
            self.gates.append(gate)
        if self.state >= READY:
            self.wish |= HOLD
        elif self.isHeldBack():  # the body is a coroutine, which also runs between turns
            self.queue.held.add(self)
            self.state = HELD

    def isHeldBack(self) -> bool:
        """Return whether a gate is still shut. Of tasks that wait for each other one continues."""
        shut = [gate for gate in self.gates or () if gate.isShut()]
        self.gates = shut or None
        if not shut or any(_leadsTo(self, gate.receiver) for gate in shut):
            return False
        for gate in shut:
            gate.hold(self)
        return True

    def fallAsleep(self, wish: int) -> None:
        """Act on `wish` at the end of a turn; RunQueue.run handles the common cases itself."""
        if self.resume is raiseStopIteration:  # it was stopped within this turn
            self.state = PAUSED
            self.wake()
            return
        wasWoken = wish & WOKEN
        if wish & HOLD and self.isHeldBack():
            self.queue.held.add(self)
            isWaiting = (wish & 3) == WAIT and not wasWoken
            self.state = HELD_WAITING if isWaiting else HELD
            if isWaiting:
                self.wish = REPORTED
            return
        sleep = wish & 3
        self.state = PAUSED
        if sleep == 0 or wasWoken:
            self.wake()
        else:
            self.state = sleep - 1
            if sleep == WAIT:
                self.wish = REPORTED

    def removeGate(self, gate: Gate) -> None:
        """Stop waiting for `gate`, because this task no longer sends through it."""
        if self.gates is not None and gate in self.gates:
            self.gates.remove(gate)
            self.release()

    def release(self) -> None:
        """Continue, because a gate has opened, unless another is shut or a message is awaited."""
        if self.state < HELD or self.state > HELD_WAITING or self.isHeldBack():
            return
        if self.state == HELD:
            self.force()
        else:
            self.queue.held.discard(self)
            self.state = WAITING

    def call(self, body: Any) -> None:
        """Run `body`, a generator, in place of the current body until it ends."""
        self.callers = (self.body, self.callers)
        self.body = body
        self.resume = body.send

    def returnToCaller(self, error: BaseException | None) -> None:
        """Resume the caller of the body, which has ended; raise `error` in it if there is one."""
        assert self.callers is not None
        self.body, self.callers = self.callers
        self.resume = self.body.send if error is None else self.thrower(error)
        self.state = PAUSED  # the turn is over
        self.wake()

    def thrower(self, error: BaseException) -> Callable[[None], object]:
        """Return a function to resume, which raises `error` at the body's yield."""

        def throw(_: None) -> object:
            self.resume = self.body.send
            return self.body.throw(error)

        return throw


def raiseStopIteration(_: None) -> object:
    """End the task in place of a turn: a function for Task.resume."""
    raise StopIteration


def _leadsTo(task: Task, receiver: Task) -> bool:
    """Return whether `receiver` waits for `task`, directly or through other held tasks."""
    seen: set[Task] = set()
    pending = [receiver]
    while pending:
        other = pending.pop()
        if other is task:
            return True
        if other not in seen and HELD <= other.state <= HELD_WAITING:
            seen.add(other)
            pending += [gate.receiver for gate in other.gates or ()]
    return False


NO_TASK = Task(None)
NO_TASK.state = READY  # so that nothing tries to wake it

if not TYPE_CHECKING and Core.compiled is not None:
    Task, NO_TASK = Core.compiled.Task, Core.compiled.NO_TASK
