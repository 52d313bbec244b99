"""Programs that do what no sensible program does, to show that the interpreter survives them.

    python -X faulthandler -m Tests.Axon.core.hostile NAME

Each function of this module whose name does not begin with an underscore is one such program. It
raises an error only if the core does something wrong.
"""

import gc
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from Axon.Box import realsink
from Axon.Component import component
from Axon.Linkage import linkage
from Axon.RunQueue import RunQueue
from Axon.Scheduler import scheduler
from Axon.Task import ENDED, PAUSED, RUNNING, Task
from Axon.Timers import Timers

ROUNDS = 100
_random = random.Random(0)


class _Relay(component):
    def main(self) -> Iterator[Any]:
        while True:
            for message in self.Inbox():
                self.send(message)
            yield from self.waitForMessage()


def _pair() -> tuple[Any, Any]:
    """Return two relays that send to each other."""
    one, two = _Relay(), _Relay()
    one.link((one, "outbox"), (two, "inbox"))
    two.link((two, "outbox"), (one, "inbox"))
    return one, two


class _Handler:
    """A handler of a run queue, each method of which calls `react`."""

    def __init__(self, react: Callable[..., object]) -> None:
        self._react = react

    def taskEnded(self, task: Task) -> None:
        task.state = ENDED
        self._react(task)

    def taskFailed(self, task: Task, error: BaseException) -> None:
        task.state = ENDED
        self._react(task)

    def taskRequested(self, task: Task, request: object) -> None:
        self._react(task)

    def becameReady(self) -> bool:
        self._react(None)
        return _random.random() < 0.5


def handlersThatRaise() -> None:  # noqa: C901 - one program
    """Each callback of a run queue raises an error, or runs the queue again, at random."""

    def react(task: Task | None) -> None:
        choice = _random.random()
        if choice < 0.3:
            raise _random.choice([ValueError, IndexError, StopIteration, KeyboardInterrupt])
        if choice < 0.4:
            queue.run(3)
        if choice < 0.5:
            queue.clear()

    def body() -> Iterator[object]:
        while True:
            choice = _random.random()
            if choice < 0.2:
                raise _random.choice([ValueError, IndexError, GeneratorExit, SystemExit])
            if choice < 0.3:
                _random.choice(tasks).resume = lambda _: _random.choice([1, None, 2])
            if choice < 0.4:
                queue.run(2)
            if choice < 0.5:
                return
            _random.choice(tasks).wish = _random.choice([0, 1, 2, 3, 4, 8, 16, 31])
            yield _random.choice([1, None, "request"])

    for _ in range(ROUNDS):
        queue = RunQueue(_Handler(react))
        tasks = [Task(number) for number in range(5)]
        for task in tasks:
            task.body = body()
            task.resume = task.body.send
            with suppress(BaseException):
                queue.join(task)
        for _ in range(20):
            with suppress(BaseException):
                queue.run(10)
            with suppress(BaseException):
                _random.choice(tasks).wake()


def aBodyThatIsReplacedDuringItsTurn() -> None:
    """A turn removes the last references to the generator that runs."""

    def body(task: Task) -> Iterator[object]:
        task.body = task.callers = None
        task.resume = lambda _: 1
        gc.collect()
        yield 1

    for _ in range(ROUNDS):
        queue, task = RunQueue(_Handler(lambda _: None)), Task("a")
        generator = body(task)
        task.body, task.resume = generator, generator.send
        del generator
        queue.join(task)
        queue.run(5)


class _SendsAtItsEnd:
    """A message whose destructor uses the inboxes in which it was."""

    def __init__(self, use: Callable[[], object]) -> None:
        self._use = use

    def __del__(self) -> None:
        with suppress(Exception):
            self._use()


def destructorsThatUseTheInbox() -> None:
    """Messages are destroyed while the inbox that held them is changed, and change it, too."""
    for _ in range(ROUNDS):
        one, two = _pair()
        sink = two.inboxes["inbox"]

        def use(sink: Any = sink, one: Any = one) -> None:
            choice = _random.randrange(6)
            if choice == 0:
                sink.clear()
            elif choice == 1:
                sink.extend(range(9))
            elif choice == 2:
                sink.popleft()
            elif choice == 3:
                one.send("more")
            elif choice == 4:
                sink.pop(_random.randrange(3))
            else:
                sink[0] = None

        for _ in range(40):
            with suppress(Exception):
                one.send(_SendsAtItsEnd(use))
            with suppress(Exception):
                use()


def collectionsOfGarbageAtEveryAllocation() -> None:
    """The garbage collector runs whenever it can, and its destructors use the inboxes."""
    gc.set_threshold(1)
    for _ in range(20):
        one, two = _pair()
        for number in range(30):
            garbage: list[Any] = [_SendsAtItsEnd(lambda one=one: one.send(0)), two]
            garbage.append(garbage)
            del garbage
            one.send([number])
        while two.dataReady():
            two.recv()


def keysThatChangeTheBoxes() -> None:
    """The name of a box changes the boxes while it is looked up."""
    parts: list[Any] = []

    class Name(str):
        def __hash__(self) -> int:
            return hash("outbox")

        def __eq__(self, other: object) -> bool:
            part = parts[-1]
            part.outboxes, part._inboxes = {}, {}
            gc.collect()
            return _random.random() < 0.5

    for _ in range(ROUNDS):
        one, _ = _pair()
        parts.append(one)
        for call in (one.send, lambda name, one=one: one.recv(name), one.dataReady):
            with suppress(Exception):
                call(*([1, Name("outbox")] if call == one.send else [Name("outbox")]))
        parts.clear()


def componentsWithoutInitialisation() -> None:  # noqa: C901 - one program
    """Every method is called on an object whose __init__ has not run."""

    class Bare(component):
        def __init__(self) -> None:
            pass

    for name in dir(component):
        for arguments in ((), (1,), (1, "outbox"), (Bare(),), (Bare(), "a", None)):
            made = Bare()
            with suppress(Exception):
                value = getattr(made, name)
                if not name.startswith("__") and callable(value):
                    value(*arguments)
    for cls in (Task, RunQueue, Timers, realsink, linkage, component):
        made = cls.__new__(cls)
        for name in dir(cls):
            if name in {"__class__", "__reduce__", "__reduce_ex__"}:
                continue
            for arguments in ((), (1,), (None,), (made,), (made, made)):
                with suppress(BaseException):
                    value = getattr(made, name)
                    value(*arguments)
                with suppress(BaseException):
                    setattr(made, name, arguments)
                with suppress(BaseException):
                    delattr(made, name)
    with suppress(Exception):
        Task("a").messageArrived(True)
    for state in range(-1, 13):
        task = Task("a")
        task.state = state
        for method in ("wake", "force", "wakeUnlessWaiting", "release", "isHeldBack"):
            with suppress(Exception):
                getattr(task, method)()


def everyMethodOfAnInbox() -> None:
    """Methods of an inbox are called at random; it always holds what a list would hold."""
    for _ in range(ROUNDS):
        sink: Any = realsink()
        model: list[int] = []
        for _ in range(60):
            number = _random.randrange(100)
            at = _random.randrange(-3, 4)
            choice = _random.randrange(8)
            if choice < 3:
                sink.append(number)
                model.append(number)
            elif choice == 3:
                sink.extend([number] * 3)
                model += [number] * 3
            elif choice == 4 and model:
                assert sink.popleft() == model.pop(0)
            elif choice == 5:
                sink.rotate(at)
                at = at % len(model) if model else 0
                model = model[len(model) - at :] + model[: len(model) - at]
            elif choice == 6 and -len(model) <= at < len(model):
                del sink[at]
                del model[at]
            elif choice == 7:
                sink.appendleft(number)
                model.insert(0, number)
            assert list(sink) == model
            assert len(sink) == len(model)
            assert bool(sink) == bool(model)
            assert [sink[each] for each in range(len(model))] == model


def iterationWhileTheInboxChanges() -> None:
    """An iterator over an inbox raises RuntimeError if the inbox has changed."""
    sink: Any = realsink()
    sink.extend(range(5))
    for change in (sink.clear, lambda: sink.append(1), lambda: sink.popleft()):
        sink.extend(range(5))
        with suppress(RuntimeError):
            for _ in sink:
                change()
            raise AssertionError("no error")


def boxesThatAreUsedByThreads() -> None:
    """Threads use the same inboxes at the same time; no message is lost or doubled."""
    sys.setswitchinterval(1e-6)
    one, two = _pair()
    taken: list[list[int]] = [[] for _ in range(4)]

    def send(first: int) -> None:
        for number in range(first, first + 500):
            one.send(number)

    def take(own: list[int]) -> None:
        while len(own) < 500:
            with suppress(IndexError):
                own.append(two.recv())

    threads = [threading.Thread(target=send, args=(first * 500,)) for first in range(4)]
    threads += [threading.Thread(target=take, args=(own,)) for own in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for own in taken for number in own) == list(range(2000))


class _Rude(component):
    """A component that ends, unlinks and changes the others while it sends."""

    def __init__(self, chance: random.Random, parts: list[Any]) -> None:
        super().__init__()
        self.chance, self.parts = chance, parts

    def main(self) -> Iterator[Any]:
        while True:
            choice = self.chance.random()
            with suppress(Exception):
                self.act(choice, self.chance.choice(self.parts))
            yield self.pause() if choice > 0.9 else 1

    def act(self, choice: float, other: Any) -> None:
        if choice < 0.1:
            other.terminate()
        elif choice < 0.2:
            other.stop()
        elif choice < 0.3:
            self.unlink(other)
        elif choice < 0.5:
            self.link((self, "outbox"), (other, "inbox"), capacity=1)
        elif choice < 0.6:
            other.getTask().state = self.chance.choice([PAUSED, RUNNING, ENDED])
        else:
            self.send(other)


def componentsThatEndEachOther() -> None:
    """Components end, unlink and close each other while they send."""
    for seed in range(ROUNDS):
        run = scheduler()
        parts: list[Any] = []
        parts += [_Rude(random.Random(seed), parts) for _ in range(5)]
        for part in parts:
            part.activate(Scheduler=run)
        with suppress(Exception):
            run.queue.run(100)


def hooksThatRaise() -> None:  # noqa: C901 - one program
    """Each hook in the life of a component raises an error, or changes the others, at random."""
    parts: list[Any] = []

    def react() -> None:
        choice = _random.random()
        other = _random.choice(parts)
        if choice < 0.2:
            raise _random.choice([ValueError, KeyError, StopIteration, SystemExit])
        if choice < 0.3:
            other.terminate()
        elif choice < 0.4:
            other.stop()
        elif choice < 0.5:
            other.activate()
        elif choice < 0.6:
            other.getTask().watchers = ()
        elif choice < 0.7:
            gc.collect()
        elif choice < 0.8:
            other.postoffice.unlinkAll()

    class Part(component):
        def main(self) -> Iterator[object]:
            react()
            try:
                self.link((self, "outbox"), (_random.choice(parts), "inbox"))
                yield 1
                yield from self.waitForMessage("inbox", timeout=_random.choice([0, None, 1]))
                self.pause(0.5)
                yield self.send(_SendsAtItsEnd(react))
            finally:
                react()

        def stop(self) -> None:
            react()
            super().stop()

        def childEnded(self, child: Any) -> None:
            react()
            super().childEnded(child)

        def _closeDownMicroprocess(self) -> Any:
            react()
            return super()._closeDownMicroprocess()

        def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
            react()
            return _random.random() < 0.5

    for _ in range(ROUNDS):
        run = scheduler.run = scheduler()
        parts[:] = [Part() for _ in range(6)]
        for part in parts:
            with suppress(BaseException):
                parts[0].addChildren(part)
                part.activate()
        for _ in range(20):
            with suppress(BaseException):
                run.queue.run(5)
                run.timers.wakeDue()
        for _ in range(10):
            with suppress(BaseException):
                run.endAll()


def waitsThatAreUsedWrongly() -> None:
    """The iterators of waits are used after their end, twice at once, and in other components."""
    for _ in range(ROUNDS):
        one, two = _pair()
        run = scheduler()
        two.activate(Scheduler=run)
        waits: list[Any] = [two.waitForMessage("inbox"), two.waitForMessage(timeout=0)]
        waits += [two.waitForMessage("none"), two.waitForMessage("inbox", timeout="x")]
        two.waitForChange = lambda _, waits=waits: _random.choice([waits[0], (1, 2), waits[1]])
        for _ in range(20):
            with suppress(Exception, RecursionError):
                next(_random.choice(waits))
            if _random.random() < 0.2:
                one.send(1)
            if two.dataReady():
                two.recv()
        waits[0] = None
        del one, two, run
        gc.collect()
        for wait in waits[1:]:
            with suppress(Exception):
                next(wait)


def timersThatAreChangedWhileTheyExpire() -> None:
    """Deadlines that compare themselves change the timers."""
    for _ in range(ROUNDS):
        run = scheduler()
        tasks = [_Relay().activate(Scheduler=run).getTask() for _ in range(5)]

        class Due(float):
            def __lt__(self, other: object, run: Any = run, tasks: Any = tasks) -> bool:
                choice = _random.randrange(4)
                task = _random.choice(tasks)
                if choice == 0:
                    run.timers.forget(task)
                elif choice == 1:
                    run.timers.pending.clear()
                elif choice == 2:
                    task.deadline = None
                return _random.random() < 0.5

            __gt__ = __lt__

        for _ in range(20):
            with suppress(Exception):
                run.timers.wakeAt(_random.choice(tasks), Due(_random.random()))
            with suppress(Exception):
                run.timers.wakeDue()
            with suppress(Exception):
                run.timers.next()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
