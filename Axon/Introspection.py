"""Snapshots of a running system: its components, their states and boxes, and the linkages, as data.

Example usage
-------------
    from Axon.Introspection import asPlainData, snapshot

    for each in snapshot(scheduler.run).components:
        print(each.name, each.state, each.heldBy, [box.depth for box in each.inboxes])

    json.dumps(asPlainData(snapshot(scheduler.run)))

How does it work?
-----------------
A snapshot reads the scheduler's tasks for states and the boxes themselves for linkages, so that
it contains every linkage, even those that no postoffice has made. It contains each active
microprocess, and each component that a linkage connects with one of these. It is a copy: it does
not change afterwards, and keeps nothing alive.

A scheduler's state is consistent only in its own thread. While another thread runs the scheduler,
snapshot() raises RuntimeError; `scheduler.callFromThread(function)` calls `function` in the right
thread. Nothing is recorded between two snapshots; Axon.Observer reports changes as they happen.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import starmap
from typing import Any, Literal, TypeVar, overload

from Axon.Box import directsink, realsink
from Axon.Component import component
from Axon.Task import (
    ENDED,
    HELD,
    HELD_WAITING,
    NEW,
    PAUSED,
    READY,
    RUNNING,
    WAITING,
    WAITING_FOR_CHANGE,
    Task,
)

Row = TypeVar("Row")
State = Literal["not activated", "ready", "running", "paused", "waiting", "held", "ended"]
Kind = Literal["outbox to inbox", "inbox to inbox", "outbox to outbox", "direct"]


@dataclass(frozen=True, slots=True)
class BoxSnapshot:
    """An inbox: how many messages wait in it, and how many may.

    capacity: senders are held while this many messages wait. size: one more raises noSpaceInBox.
    isDirect: the component handles each message within the sender's turn, so that none waits.
    """

    name: str
    depth: int = 0
    capacity: int | None = None
    size: int | None = None
    isDirect: bool = False


@dataclass(frozen=True, slots=True)
class BoxReference:
    """A box of a component, by the component's id; None if the component has no such box."""

    component: int
    box: str | None


@dataclass(frozen=True, slots=True)
class ComponentSnapshot:
    """A microprocess and its boxes.

    parent: the id of the component that is woken and asked when this one ends or fails.
    waitsFor: if it sleeps, the inboxes in which a message wakes it. (A wait for one inbox looks at
    that one then, and goes on.)
    timeLeft: the seconds after which its sleep ends anyway. heldBy: the boxes that must be emptied.
    outboxes: their names; `Snapshot.linkages` shows where they lead.
    """

    id: int
    className: str
    name: str
    parent: int | None
    state: State
    waitsFor: tuple[str, ...]
    timeLeft: float | None
    heldBy: tuple[BoxReference, ...]
    inboxes: tuple[BoxSnapshot, ...]
    outboxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkageSnapshot:
    """A linkage from one box to another.

    kind: "direct" is from outbox to inbox, but made without a postoffice.
    maker: the id of the component that has made it, and may remove it.
    """

    source: int
    sourceBox: str
    sink: int
    sinkBox: str
    kind: Kind
    maker: int | None


class Rows(Sequence[Row]):
    """The parts of a snapshot: an immutable sequence that creates its items when they are read."""

    __slots__ = ("_make", "_rows")

    def __init__(self, make: Callable[..., Row], rows: Sequence[tuple[Any, ...]]) -> None:
        self._make, self._rows = make, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Rows[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Rows[Row]:
        if isinstance(index, slice):
            return Rows(self._make, self._rows[index])
        return self._make(*self._rows[index])

    def __iter__(self) -> Iterator[Row]:
        return starmap(self._make, self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The components of a scheduler in order of activation, then those joined to them."""

    components: Sequence[ComponentSnapshot]
    linkages: Sequence[LinkageSnapshot]


def snapshot(scheduler: Any) -> Snapshot:
    """Return the state of the microprocesses of `scheduler`.

    Raises RuntimeError if another thread runs the scheduler.
    """
    if scheduler.isRunByOtherThread():
        raise RuntimeError(
            "another thread runs this scheduler: take the snapshot there,"
            " with scheduler.callFromThread(function)"
        )
    members = scheduler.listAllThreads()
    linkages, joined = _linkagesOf(members)
    now = scheduler.timers.clock.now()
    rows = [_rowOf(each, now) for each in [*members, *joined]]
    return Snapshot(Rows(_makeComponent, rows), Rows(_makeLinkage, linkages))


def asPlainData(taken: Snapshot) -> dict[str, Any]:
    """Return the snapshot as dicts, lists, numbers and text, as JSON has them."""
    return {
        "components": [_plain(each) for each in taken.components],
        "linkages": [_plain(each) for each in taken.linkages],
    }


def _plain(part: Any) -> Any:
    if is_dataclass(part):
        return {each.name: _plain(getattr(part, each.name)) for each in fields(part)}
    return [_plain(each) for each in part] if isinstance(part, tuple) else part


def jointsOf(process: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the two boxes of each linkage from or to a box of `process`, which may have none."""
    if isinstance(process, component):
        for box in (*process.linkedOutboxes(), *process.placesOfInboxes().values()):
            if box.target is not None:
                yield box, box.target
            for source in box.sources:
                yield from _jointsInto(box, source, ())


def _jointsInto(sink: Any, source: Any, known: Container[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the linkage from `source`, unless it belongs to a component in `known`."""
    isReplaced = source.isInbox and sink.isInbox and source.boxname == sink.boxname
    if isReplaced and source.component is sink.component:  # a direct inbox took its place
        for further in source.sources:
            yield from _jointsInto(sink, further, known)
    elif source.component not in known:
        yield source, sink


def _linkagesOf(  # noqa: C901 - one piece, for speed: it is most of a snapshot's cost
    members: Iterable[Any],
) -> tuple[list[tuple[Any, ...]], dict[Any, None]]:
    """Return a row for each linkage of the members, and the others that these join to them."""
    known = {each: None for each in members if isinstance(each, component)}
    ids = {each.getTask(): each.id for each in known}
    makers = _makersOf(known)
    rows: list[tuple[Any, ...]] = []
    append = rows.append
    rest: list[tuple[Any, Any]] = []
    for each in known:
        number = each.id
        for box in each.linkedOutboxes():
            target = box.target
            if target is not None:
                if target.isInbox and target.task in ids:  # nearly always
                    end = ids[target.task]
                    append((number, box.boxname, end, target.boxname, False, True, makers.get(box)))
                else:
                    rest.append((box, target))
            if box.sources:
                for source in box.sources:
                    rest += _jointsInto(box, source, known)
        for sink in each.placesOfInboxes().values():
            if sink.target is not None:
                rest.append((sink, sink.target))
            for source in sink.sources:
                if source.isInbox or source.component not in known:
                    rest += _jointsInto(sink, source, known)
    others: dict[Any, None] = {}
    for source, sink in rest:
        start, last = source.component, sink.component
        others.update(dict.fromkeys(each for each in (start, last) if each not in known))
        row = start.id, source.boxname, last.id, sink.boxname, source.isInbox, sink.isInbox
        append((*row, makers.get(source)))
    return rows, others


def _makersOf(members: Iterable[component]) -> dict[Any, int]:
    """Return the id of the maker of each linkage, by the box at its start."""
    makers = {}
    for each in members:
        sources = each.sourcesOfLinkages()
        if sources:
            makers.update(dict.fromkeys(sources, each.id))
    return makers


def _makeLinkage(
    source: int,
    sourceBox: str,
    sink: int,
    sinkBox: str,
    isFromInbox: bool,
    isToInbox: bool,
    maker: int | None,
) -> LinkageSnapshot:
    kind: Kind
    if isFromInbox:
        kind = "inbox to inbox"
    elif not isToInbox:
        kind = "outbox to outbox"
    else:
        kind = "direct" if maker is None else "outbox to inbox"
    return LinkageSnapshot(source, sourceBox, sink, sinkBox, kind, maker)


_STATES: dict[int, State] = {
    PAUSED: "paused",
    WAITING: "waiting",
    WAITING_FOR_CHANGE: "waiting",
    READY: "ready",
    READY + 1: "ready",
    RUNNING: "running",
    HELD: "held",
    HELD_WAITING: "held",
    NEW: "not activated",
    ENDED: "ended",
}


def _rowOf(process: Any, now: float) -> tuple[Any, ...]:
    """Return a copy of what _makeComponent needs."""
    task: Task = process.getTask()
    state, watchers, deadline = task.state, task.watchers, task.deadline
    inboxes = outboxes = details = _NONE
    if isinstance(process, component):
        inboxes, outboxes = process.placesOfInboxes(), process.outboxes
        for sink in inboxes.values():
            if sink or type(sink) is not realsink:
                details = _detailsOf(inboxes)
                break
    return (
        process.id,
        type(process),
        process.name,
        next(iter(watchers)).id if watchers else None,
        state,
        None if deadline is None else deadline - now,
        _gatesOf(task) if HELD <= state <= HELD_WAITING else (),
        tuple(inboxes),
        details,
        tuple(outboxes),
    )


def _detailsOf(inboxes: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return the depth, capacity, size and kind of each inbox."""
    return {
        name: (len(sink), sink.capacity, sink.size, isinstance(sink, directsink))
        for name, sink in inboxes.items()
    }


_NONE: Mapping[str, Any] = {}


def _gatesOf(task: Task) -> list[tuple[int, str | None]]:
    return [(gate.receiver.process.id, getattr(gate, "boxname", None)) for gate in task.gates or ()]


def _makeComponent(
    number: int,
    cls: type,
    name: object,
    parent: int | None,
    state: int,
    timeLeft: float | None,
    gates: Sequence[tuple[int, str | None]],
    inboxes: tuple[str, ...],
    details: Mapping[str, tuple[Any, ...]],
    outboxes: tuple[str, ...],
) -> ComponentSnapshot:
    isAsleep = state < READY
    return ComponentSnapshot(
        number,
        f"{cls.__module__}.{cls.__qualname__}",
        str(name),
        parent,
        _STATES[state],
        inboxes if isAsleep else (),
        None if timeLeft is None or not isAsleep else max(0.0, timeLeft),
        tuple(starmap(BoxReference, gates)),
        tuple([BoxSnapshot(box, *details.get(box, ())) for box in inboxes]),
        outboxes,
    )
