"""Turns: who may run, who sleeps, and the queue that gives out the turns, round after round.

This is the hot path of *when*: a Task for each running thing, a RunQueue for
all of them. It knows nothing of boxes, time, threads or asyncio.

How does it work?
-----------------
A Task is in one state. Those that may run stand in `RunQueue.ready`; all
others stand nowhere and cost nothing until somebody wakes them. A turn is one
call of `task.resume`; during it the task may wish to sleep afterwards
(`task.wish`), and gates may shut on it (`task.gates`), which hold it back.

Rounds are marked, not counted: a ready task's state is one of two marks, and
whoever becomes ready during a round gets the mark of the next one. The first
task that carries the other mark begins a new round. Newcomers join at the end
of the round after the one in which they were activated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable
from itertools import repeat
from typing import Any, Protocol
from weakref import ref

# Asleep: a delivery wakes all three, so that one comparison, state < READY, decides.
PAUSED = 0  # pause(): anything wakes it, also a message of its own that is taken
WAITING = 1  # waitForMessage(): only a message does
WAITING_FOR_CHANGE = 2  # waitForChange(): a message, a child's end, unpause()
READY = 4  # 4 and 5 are the marks of alternate rounds
RUNNING = 6
HELD = 8  # sent into a full inbox; runs when that is half empty
HELD_WAITING = 9  # the same, and goes on waiting for a message then
NEW = 10
ENDED = 11

# Wishes for after this turn: the state asleep, plus one. Added to it: HOLD, to stop where a gate
# is shut, and WOKEN, not to sleep after all, because something happened during the turn.
PAUSE, WAIT, WAIT_FOR_CHANGE, HOLD, WOKEN = 1, 2, 3, 4, 8
WISHES = PAUSE | WAIT | WAIT_FOR_CHANGE | HOLD | WOKEN
# No wish: the turn has begun because a waitForMessage() was over, which has reported what is there.
REPORTED = 16
# The wishes at the start of the turn after a sleep, by the wishes that led to it.
NEXT_WISH = tuple(REPORTED if wish == WAIT else 0 for wish in range(2 * REPORTED))

ONE = 1  # what nearly every turn yields: told from the rest by identity


class Gate(Protocol):
    """What can hold a sender back, such as a full inbox."""

    @property
    def receiver(self) -> Task: ...

    def isShut(self) -> bool: ...

    def hold(self, task: Task) -> None: ...


class TaskHandler(Protocol):
    """Who answers for a RunQueue's tasks: the scheduler."""

    def taskEnded(self, task: Task) -> None: ...

    def taskFailed(self, task: Task, error: BaseException) -> None: ...

    def taskRequested(self, task: Task, request: object) -> None: ...

    def becameReady(self) -> bool: ...


class Task:
    """The turns of one microprocess: its body, its state, its wishes."""

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

    body: Any  # these three are set when it is admitted
    queue: RunQueue
    resume: Callable[[None], object]

    def __init__(self, process: Any) -> None:
        self._process = process
        self.state = NEW
        self.wish = 0
        self.callers: tuple[Any, Any] | None = None  # suspended bodies, innermost first
        self.watchers: Collection[Any] = ()  # processes, woken when this one ends
        self.gates: list[Gate] | None = None
        self.deadline: float | None = None

    @property
    def process(self) -> Any:
        """Whose turns these are; None when it has ended, and nobody else has it any more."""
        process = self._process
        return process() if type(process) is ref else process

    def nameOfProcess(self) -> str:
        """Return the name of the microprocess whose turns these are."""
        return str(getattr(self.process, "name", None))

    def releaseProcess(self) -> None:
        """It has ended: the two are no circle, which only the garbage collector could free."""
        self._process = ref(self._process)

    def isAlive(self) -> bool:
        return self.state < NEW

    def isRunnable(self) -> bool:
        """Return whether it has begun, has not ended, and does not sleep."""
        return READY <= self.state <= RUNNING

    def wake(self) -> None:
        """Ends any sleep. Within its own turn: it will not fall asleep."""
        if self.state < READY:
            queue = self.queue
            self.state = queue.mark
            push = queue.push
            push(self)
        elif self.state == RUNNING:
            self.wish |= WOKEN

    def wakeUnlessWaiting(self) -> None:
        """unpause(), a child's end, or the time: wakes who does not wait for messages alone."""
        if self.state != WAITING:
            self.wake()

    def messageArrived(self, isUrgent: bool) -> None:
        """A message was delivered; an urgent one gets through to a task that is held."""
        if self.state == HELD_WAITING:
            self.state = HELD
        if self.state == HELD and isUrgent:
            self.force()
        else:
            self.wake()

    def force(self) -> None:
        """Ends any sleep, and any being held."""
        if self.state == HELD or self.state == HELD_WAITING:
            self.queue.held.discard(self)
            self.state = PAUSED
        self.wake()

    def hold(self, gate: Gate) -> None:
        """From its next yield on, this task waits until `gate` opens."""
        if self.gates is None:
            self.gates = [gate]
        elif gate not in self.gates:
            self.gates.append(gate)
        if self.state >= READY:
            self.wish |= HOLD
        elif self.isHeldBack():  # the body is a coroutine, which runs between turns
            self.queue.held.add(self)
            self.state = HELD

    def isHeldBack(self) -> bool:
        """Whether a gate is still shut. Of two that wait for one another, one goes on."""
        shut = [gate for gate in self.gates or () if gate.isShut()]
        self.gates = shut or None
        if not shut or any(_leadsTo(self, gate.receiver) for gate in shut):
            return False
        for gate in shut:
            gate.hold(self)
        return True

    def fallAsleep(self, wish: int) -> None:
        """The turn is over and something was wished; the common cases are in RunQueue.run."""
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
        """This task no longer sends through `gate`, so that this does not hold it any more."""
        if self.gates is not None and gate in self.gates:
            self.gates.remove(gate)
            self.release()

    def release(self) -> None:
        """A gate opened: goes on, unless another one is shut or it waits for a message anyway."""
        if self.state < HELD or self.state > HELD_WAITING or self.isHeldBack():
            return
        if self.state == HELD:
            self.force()
        else:
            self.queue.held.discard(self)
            self.state = WAITING

    def call(self, body: Any) -> None:
        """Runs `body`, a generator, in this task's place until it ends."""
        self.callers = (self.body, self.callers)
        self.body = body
        self.resume = body.send

    def returnToCaller(self, error: BaseException | None) -> None:
        """The body that was called has ended; its caller goes on, or gets its error."""
        assert self.callers is not None
        self.body, self.callers = self.callers
        self.resume = self.body.send if error is None else self.thrower(error)
        self.state = PAUSED  # its turn is over, in the middle
        self.wake()

    def thrower(self, error: BaseException) -> Callable[[None], object]:
        """What to resume instead, so that `error` is raised at the body's yield."""

        def throw(_: None) -> object:
            self.resume = self.body.send
            return self.body.throw(error)

        return throw


class EndOfRound(BaseException):
    """A round is over, and RunQueue.stop() was called during it."""


class RunQueue:
    """Gives a turn to each task that is ready, in rounds."""

    __slots__ = ("handler", "held", "isRunning", "isStopping", "mark", "newcomers", "push", "ready")

    def __init__(self, handler: TaskHandler | None = None) -> None:
        self.handler = handler
        self.ready: deque[Task] = deque()
        self.newcomers: list[Task] = []
        self.mark = READY
        self.held: set[Task] = set()
        self.isRunning = False
        self.isStopping = False
        self.push: Callable[[Task], None] = self._pushFromOutside

    def __bool__(self) -> bool:
        return bool(self.ready or self.newcomers)

    def join(self, task: Task) -> None:
        """Takes a new task in; its first turn comes after those of all that already run."""
        task.queue = self
        task.wish = 0
        task.state = self.mark
        newcomers = self.newcomers
        newcomers.append(task)
        if not self.isRunning and len(newcomers) == 1 and self.handler is not None:
            self.handler.becameReady()

    def stop(self) -> None:
        """Ends `run` with EndOfRound when the round that is under way is over."""
        self.isStopping = True
        self.newcomers.append(NO_TASK)
        if not self.isRunning and self.handler is not None:
            self.handler.becameReady()

    def _pushFromOutside(self, task: Task) -> None:
        self.ready.append(task)
        if self.handler is not None and self.handler.becameReady():
            self.push = self.ready.append  # `run` is sure to come, and need not be asked for again

    def admit(self, mark: int) -> None:
        """Newcomers join the round that begins, at its end."""
        newcomers, self.newcomers = self.newcomers, []
        if self.isStopping:
            raise EndOfRound
        append = self.ready.append
        for task in newcomers:
            if task.state < NEW:
                task.state = mark
                append(task)

    def nextTask(self) -> Task | None:
        """Return the task that has the next turn."""
        ready = (task for task in self.ready if task.state < RUNNING)
        newcomers = (task for task in self.newcomers if task.state < NEW)
        return next(ready, None) or next(newcomers, None)

    def run(self, turns: int) -> bool:  # noqa: C901 - one piece, for speed
        """Gives up to `turns` turns; True while somebody is still ready."""
        pop, push, handler = self.ready.popleft, self.ready.append, self.handler
        assert handler is not None
        self.push, self.isRunning = push, True
        current = self.mark ^ 1
        task = NO_TASK
        turn: Iterable[None] = repeat(None, turns)
        after = NEXT_WISH
        try:
            while True:
                try:
                    for _ in turn:
                        task = pop()
                        if task.state != current:  # a new round begins
                            if task.state > RUNNING:  # or it was ended where it stood
                                continue
                            current = task.state
                            self.mark = current ^ 1
                            if self.newcomers:
                                self.admit(current)
                        task.state = RUNNING
                        resume = task.resume  # in two steps: the interpreter is quicker so
                        request = resume(None)
                        if request is not ONE:
                            handler.taskRequested(task, request)
                        wish = task.wish
                        if not wish:
                            task.state = self.mark
                            push(task)
                        else:
                            task.wish = after[wish]
                            if wish < HOLD:
                                task.state = wish - 1
                            elif wish == REPORTED:
                                task.state = self.mark
                                push(task)
                            else:
                                task.fallAsleep(wish & WISHES)
                    return bool(self)
                except StopIteration:
                    handler.taskEnded(task)
                except IndexError as error:
                    if task.state == RUNNING:
                        handler.taskFailed(task, error)
                    elif not self.newcomers:
                        return False
                    else:
                        self.admit(self.mark)
                except EndOfRound:
                    raise
                except BaseException as error:  # noqa: BLE001 - the handler raises it, or logs it
                    handler.taskFailed(task, error)
        finally:
            self.push, self.isRunning = self._pushFromOutside, False


def _leadsTo(task: Task, receiver: Task) -> bool:
    """Whether `receiver` waits, perhaps through others that are held, for `task`."""
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
NO_TASK.state = READY  # so that nobody ever tries to wake it
