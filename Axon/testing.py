"""Functions for tests: feed a component, shuffle the order of turns, end what is left.

Example usage
-------------
    from Axon.testing import FINISHED, feed

    def test_it_adds_up():
        assert feed(Total(), inbox=[1, 2, 3]) == {"outbox": [6], "signal": [FINISHED]}

How does it work?
-----------------
Nothing here needs pytest: any test runner, or none, may call feed(). With pytest,
`Axon.pytestPlugin` gives each test a scheduler of its own and a virtual clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable
from random import Random
from typing import Any

from Axon.Component import component
from Axon.EventLoop import LoopSelector, SelectorLoop, VirtualLoop, runnerOn
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished
from Axon.RunQueue import RunQueue
from Axon.Scheduler import scheduler
from Axon.Timers import VirtualClock

# pytest reads this name when it loads the entry point, which is this module.
pytest_plugins = ["Axon.pytestPlugin"]

FINISHED = producerFinished()  # what feed() sends to "control" after the last message

Outcome = dict[str, list[Any]]


def feed(
    fed: Any, /, *, until: Callable[[Outcome], object] | float | None = None, **boxes: Iterable[Any]
) -> Outcome:
    """Run a component on the given messages; return what it sent to each unlinked outbox.

    An outbox whose name begins with an underscore is for the component's own use, and is left out.

    Each inbox receives the messages that are given under its name before the first turn, and
    "control" receives FINISHED unless `control` is given. The component runs in `scheduler.run`,
    beside what is active there, until it has ended or until nothing can wake any component.
    `until` ends the run earlier: a number of seconds, or a function that is called with the
    outcome so far after each message that is sent, and returns whether it is enough.
    Components that still run are then ended.

    Raises the errors of the run, and noSuchBox (a KeyError) for a box that does not exist.
    """
    run = scheduler.run
    outcome = _collect(fed, run, until if callable(until) else lambda _: False)
    if "control" in fed.inboxes:
        boxes.setdefault("control", [FINISHED])
    for boxname, messages in boxes.items():
        for message in messages:
            fed.deliver(message, boxname)
    _Feeder(fed).activate(Scheduler=run)
    with runnerOn(lambda: _loopThatStops(run)) as runner:
        if until is not None and not callable(until):
            runner.get_loop().call_later(until, run.stop)
        run.isHost = run.endsWhenIdle = True
        try:
            runner.run(run.runAsync())
        finally:
            run.isHost = run.endsWhenIdle = False
    return outcome


def feedConnection(handler: Any, /, *data: bytes) -> bytes:
    """Run a connection's protocol on the data that its peer sends; return its answer.

    Each argument is a message to "inbox". The peer then closes the connection: FINISHED arrives
    on "control". Raises TypeError if the protocol sends something that a socket does not accept
    (it accepts bytes, and str, which is encoded as UTF-8), and the errors of feed().
    """
    sent = bytearray()

    def write(outcome: Outcome) -> bool:
        for message in outcome["outbox"]:
            sent.extend(_dataOf(message, handler.name))
        outcome["outbox"].clear()
        return False

    feed(handler, until=write, inbox=data)
    return bytes(sent)


def _dataOf(message: object, name: str) -> bytes:
    """Return the bytes that a connection sends for `message`."""
    if isinstance(message, str):
        return message.encode()
    if isinstance(message, bytes | bytearray | memoryview):
        return bytes(message)
    raise TypeError(
        f"{name} sent {message!r} to its peer; a connection sends bytes or str:"
        " convert it first, such as str(...).encode()"
    )


class _Feeder(component):
    """A component that activates `fed` and stops the scheduler when `fed` has ended."""

    def __init__(self, fed: Any) -> None:
        super().__init__()
        self.fed = fed
        self.addChildren(fed)

    def main(self) -> Generator[int, None, None]:
        self.fed.activate(Scheduler=self.scheduler)
        while self.fed.isActive():
            yield from self.waitForChange()
        self.scheduler.stop()


class _Results(component):
    """The component at whose inboxes the linkages from `fed` end."""


def _collect(fed: Any, run: scheduler, isEnough: Callable[[Outcome], object]) -> Outcome:
    """Link each unlinked outbox to a list of the messages that it sends."""
    public = [boxname for boxname in fed.outboxes if not boxname.startswith("_")]
    free = [boxname for boxname in public if fed.placeOfBox(boxname, False).target is None]
    outcome: Outcome = {boxname: [] for boxname in free}
    collector = _Results()
    collector.inboxes = collector.inboxes | dict.fromkeys(free, collector.inboxes["inbox"])

    def takerOf(boxname: str) -> Callable[[Any], None]:
        def take(message: Any) -> None:
            outcome[boxname].append(message)
            if plainResult(isEnough(outcome), "until"):
                run.stop()

        return take

    for boxname in free:
        collector.takeDirectly(boxname, takerOf(boxname))
        collector.link((fed, boxname), (collector, boxname))
    return outcome


def _loopThatStops(run: scheduler) -> asyncio.AbstractEventLoop:
    """Return an event loop that stops `run` when it waits for no further event."""

    def stopIfIdle(descriptors: int) -> bool:
        isIdle = descriptors <= 1 and run.outside <= len(run.jobs)  # one is the loop's own
        if isIdle:
            run.stop()
        return isIdle

    clock = run.timers.clock
    if isinstance(clock, VirtualClock):
        return VirtualLoop(clock, stopIfIdle)
    return SelectorLoop(LoopSelector(stopIfIdle))


class ShuffledQueue(RunQueue):
    """A run queue that gives each task one turn per round, in an order that the seed determines."""

    __slots__ = ("_random",)

    def __init__(self, seed: object, handler: Any = None) -> None:
        super().__init__(handler)
        self._random = Random(str(seed))

    def run(self, turns: int) -> bool:
        ready = self.ready
        while ready and not ready[0].isReady():  # it has ended while it was queued
            ready.popleft()
        isNewRound = not ready or ready[0].state == self.mark
        if isNewRound and not self.isStopping:
            ready.extend(task for task in self.newcomers if task.isAlive())
            self.newcomers.clear()
            self._random.shuffle(ready)
        thisRound = sum(task.state == ready[0].state for task in ready)
        return super().run(min(turns, max(thisRound, 1)))


def endAll(run: scheduler) -> None:
    """End all components in a scheduler that does not run, and raise the errors."""
    run.endAll()
