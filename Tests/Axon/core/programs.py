"""Runs programs of components that are given as data, and returns what happened in them.

    python -m Tests.Axon.core.programs      a program per line on stdin, a trace per line on stdout

A program is a dict: "scripts" is a list of scripts, each a list of actions (a name and
arguments); "start" says which script each of the first components runs; "links" are made before
the first turn. All numbers are taken modulo the number of things that they choose from, so every
program is valid. The trace has the result of each action, and the state of everything after each
turn. Two cores are equal if they give the same trace.
"""

import gc
import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from Axon import Core
from Axon.AdaptiveCommsComponent import AdaptiveCommsComponent
from Axon.Box import linkPlaces
from Axon.Ipc import WaitComplete, newComponent, producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.Timers import VirtualClock
from Axon.WriteGate import WriteGate
from Tests.cores import answer

INBOXES = ["inbox", "control", "second"]
OUTBOXES = ["outbox", "signal", "other"]
ERRORS = [ValueError, IndexError, KeyError, StopIteration, RuntimeError, GeneratorExit]
MOST = 12  # components in one program
TURNS = 150


class World:
    """The components and linkages of one program, and its trace."""

    def __init__(self, program: dict[str, Any]) -> None:
        self.scripts = program["scripts"]
        self.parts: list[Player] = []
        self.linkages: list[Any] = []
        self.trace: list[str] = []

    def add(self, script: int) -> "Player":
        """Return a new component that will run a script."""
        part = Player(script=script % len(self.scripts))
        part.world, part.number, part.gate = self, len(self.parts), WriteGate(part)
        self.parts.append(part)
        return part

    def part(self, number: int) -> "Player":
        return self.parts[number % len(self.parts)]

    def link(self, source: int, sink: int, boxes: int, passthrough: int, limits: int) -> str:
        """Make a linkage, with a capacity or a size if `limits` says so."""
        kinds = (
            INBOXES if passthrough == 1 else OUTBOXES,
            OUTBOXES if passthrough == 2 else INBOXES,
        )
        ends = kinds[0][boxes % 3], kinds[1][boxes // 3 % 3]
        options: dict[str, int] = {}
        if limits in (1, 2, 3):
            options["capacity"] = limits
        elif limits in (4, 5):
            options["pipewidth"] = limits - 3
        made = self.part(0).link(
            (self.part(source), ends[0]), (self.part(sink), ends[1]), passthrough, **options
        )
        self.linkages.append(made)
        return str(made)

    def note(self, *what: object) -> None:
        self.trace.append(" ".join(map(str, what)))

    def noteState(self) -> None:
        """Add the state of each component, its inboxes and its task."""
        for part in self.parts:
            task = part.getTask()
            gates = [str(gate.receiver.process) for gate in task.gates or ()]
            self.note(part.number, task.state, task.wish, task.deadline, gates, part.isHeld())
            for name, sink in part.placesOfInboxes().items():
                if len(sink) or sink.sources or sink.feeders:
                    feeders = [each.nameOfProcess() for each in sink.feeders]
                    self.note(name, list(sink), sink.reported, feeders, sink.size, sink.capacity)


class Player(AdaptiveCommsComponent):
    """A component that runs the script with the number `script`."""

    Inboxes = INBOXES
    Outboxes = OUTBOXES
    world: World
    number: int
    gate: WriteGate
    script: int
    sent = 0

    def main(self) -> Generator[object, None, None]:
        for _ in range(3):
            yield from self.actions(self.world.scripts[self.script])

    def actions(self, script: list[Any]) -> Generator[object, None, None]:
        for name, *arguments in script:
            try:
                if name in WAITS:
                    yield from WAITS[name](self, *arguments)
                    result: object = "waited"
                else:
                    result = ACTIONS[name](self, *arguments)
            except Exception as error:  # noqa: BLE001 - the trace has it
                result = f"{type(error).__name__}: {error}"
            self.world.note(self.number, name, result)
            if name == "fail":
                raise ERRORS[arguments[0] % len(ERRORS)](f"by {self.number}")
        yield 1

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        self.world.note(self.number, "child failed", child.number, type(error).__name__)
        return self.number % 2 == 0

    def stop(self) -> None:
        self.world.note(self.number, "stop")
        super().stop()


# Actions within a turn


def send(me: Player, box: int) -> object:
    me.sent += 1
    return me.send(f"{me.number}:{me.sent}", OUTBOXES[box % 3])


def finish(me: Player, box: int) -> object:
    kind = producerFinished if box % 2 else shutdownMicroprocess
    return me.send(kind(None), "signal")


def take(me: Player, box: int, most: int) -> object:
    """Take up to `most` messages with Inbox()."""
    taken = []
    for message in me.Inbox(INBOXES[box % 3]):
        taken.append(str(message))
        if len(taken) == most:
            break
    return taken


def wrong(me: Player, kind: int) -> object:
    calls: list[Callable[[], object]] = [
        lambda: me.send(1, "outbx"),
        lambda: me.recv("inbx"),
        lambda: me.dataReady("contrl"),
        lambda: list(me.Inbox("nothing")),
        lambda: me.send(1, []),  # type: ignore[arg-type]
        lambda: me.recv("outbox"),
        lambda: me.setInboxSize("none", 1),
        lambda: me.deliver(1, "none"),
    ]
    return calls[kind % len(calls)]()


def unlink(me: Player, number: int) -> object:
    links = me.world.linkages
    return links and me.world.part(0).unlink(thelinkage=links[number % len(links)])


def look(me: Player, box: int) -> object:
    sink = me.inboxes[INBOXES[box % 3]]
    return len(sink), bool(sink), [str(each) for each in sink], sink.getSize(), sink.isFull()


def pop(me: Player, box: int, index: int) -> object:
    return me.inboxes[INBOXES[box % 3]].pop(index)


def adapt(me: Player, kind: int) -> object:
    if kind % 4 == 0:
        return me.addInbox("second")
    if kind % 4 == 1:
        return me.addOutbox("other")
    return me.deleteInbox("second") if kind % 4 == 2 else me.deleteOutbox("other")


def direct(me: Player, box: int, kind: int) -> None:
    """Take the messages to an inbox directly: note them, raise an error, or hold the senders."""

    def taken(message: object) -> WriteGate | None:
        me.world.note(me.number, "takes", message)
        if kind == 1:
            raise ValueError(f"refused by {me.number}")
        return me.gate if kind > 1 and me.gate.isShut() else None

    if kind > 1:
        me.gate.shut()
    me.takeDirectly(INBOXES[box % 3], taken)


def join(me: Player, source: int, sink: int, boxes: int) -> object:
    ends = OUTBOXES[boxes % 3], INBOXES[boxes // 3 % 3]
    return linkPlaces(me.world.part(source), ends[0], me.world.part(sink), ends[1])


def child(me: Player, script: int) -> object:
    if len(me.world.parts) >= MOST:
        return "enough"
    part = me.world.add(script)
    me.addChildren(part)
    return part.activate().number


ACTIONS: dict[str, Callable[..., object]] = {
    "send": send,
    "finish": finish,
    "recv": lambda me, box: str(me.recv(INBOXES[box % 3])),
    "ready": lambda me, box: (me.dataReady(INBOXES[box % 3]), me.anyReady()),
    "take": take,
    "wrong": wrong,
    "look": look,
    "pop": pop,
    "adapt": adapt,
    "direct": direct,
    "open": lambda me, number: me.world.part(number).gate.open(),
    "join": join,
    "cut": lambda me, number: me.world.part(number).unlinkOutboxes(),
    "child": child,
    "text": lambda me, number: str(me.world.part(number)),
    "link": lambda me, *numbers: me.world.link(*numbers),
    "unlink": unlink,
    "part": lambda me, number: me.world.part(0).unlink(me.world.part(number)),
    "size": lambda me, number, box, size: me.world.part(number).setInboxSize(
        INBOXES[box % 3], size or None
    ),
    "capacity": lambda me, number, box, size: me.world.part(number).setInboxCapacity(
        INBOXES[box % 3], size or None
    ),
    "deliver": lambda me, number, box: me.world.part(number).deliver("given", INBOXES[box % 3]),
    "unpause": lambda me, number: me.world.part(number).unpause(),
    "unhold": lambda me, number: me.world.part(number).unhold(),
    "stop": lambda me, number: me.world.part(number).stop(),
    "terminate": lambda me, number: me.world.part(number).terminate(),
    "adopt": lambda me, number: me.addChildren(me.world.part(number)),
    "orphan": lambda me, number: me.removeChild(me.world.part(number)),
    "shutting": lambda me: me.isShuttingDown(),
    "cancel": lambda me: me.cancelPause(),
    "asleep": lambda me, number: (
        me.world.part(number).isPaused(),
        me.world.part(number)._isRunnable(),
        me.world.part(number).isWaitingForMessage(),
        me.world.part(number).hasEnded(),
    ),
    "gc": lambda me: gc.collect() * 0,  # how much is left for it depends on earlier collections
    "fail": lambda me, kind: "fails",
}


# Waits, and what ends a turn


def once(me: Player, *_: int) -> Iterator[object]:
    yield 1


def pause(me: Player, seconds: int) -> Iterator[object]:
    yield me.pause(seconds or None)


def waitForBox(me: Player, box: int, seconds: int) -> Iterator[object]:
    yield from me.waitForMessage(INBOXES[box % 3], seconds or None)


def waitForAny(me: Player, seconds: int) -> Iterator[object]:
    yield from me.waitForMessage(timeout=seconds or None)


def change(me: Player, seconds: int) -> Iterator[object]:
    yield from me.waitForChange(seconds or None)


def inPlace(me: Player, script: int) -> Iterator[object]:
    actions = me.world.scripts[script % len(me.world.scripts)]
    yield WaitComplete(me.actions([each for each in actions if each[0] != "inPlace"]))


def spawn(me: Player, script: int) -> Iterator[object]:
    if len(me.world.parts) < MOST:
        yield newComponent(me.world.add(script))


def mistake(me: Player, kind: int) -> Iterator[object]:
    yield [me.waitForMessage, lambda: None, me.passOnShutdown][kind % 3]()


WAITS: dict[str, Callable[..., Iterator[object]]] = {
    "yield": once,
    "pause": pause,
    "waitForBox": waitForBox,
    "waitForAny": waitForAny,
    "change": change,
    "passOn": lambda me: me.passOnShutdown(),
    "inPlace": inPlace,
    "spawn": spawn,
    "mistake": mistake,
}


class _Log(logging.Handler):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        self._world.note("log", record.levelname, record.getMessage())


@contextmanager
def _logged(world: World) -> Iterator[None]:
    log, handler = logging.getLogger("Axon"), _Log(world)
    log.addHandler(handler)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)


def run(program: dict[str, Any]) -> list[str]:
    """Run a program for up to TURNS turns, and return its trace."""
    world = World(program)
    with _logged(world):
        run = scheduler(clock=VirtualClock())
        for script in program["start"]:
            world.add(script)
        for numbers in program["links"]:
            try:
                world.note(world.link(*numbers))
            except Exception as error:  # noqa: BLE001 - the trace has it
                world.note(type(error).__name__, error)
        for part in world.parts:
            part.activate(Scheduler=run)
        steps = run.main()
        try:
            for _, _ in zip(range(TURNS), steps, strict=False):
                world.noteState()
            steps.close()
            world.note("ends")
            run.endAll()
        except BaseException as error:  # noqa: BLE001 - the trace has it
            for each in getattr(error, "exceptions", [error]):
                world.note(type(each).__name__, each, getattr(each, "__notes__", []))
        world.noteState()
    return world.trace


if __name__ == "__main__":
    answer(Core.name(), run)
