"""The reader of a running system: its structure when that changes, its states and queues always.

Example usage
-------------
    reader = Reader(scheduler.run)
    reader.open()
    reading = reader.read(time.monotonic())
    reading.structure.components, reading.loads     # the loads are in the order of the components
    reader.close()

How does it work?
-----------------
A snapshot is taken only after a component has been activated, or has ended, or a linkage has
changed, of which observers tell (Axon.Observer). Between two changes, only the states and the
lengths of the inboxes are read. While it is closed, it observes nothing and costs nothing.

Components that have lived between two readings are counted by class. Attendants are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from Axon import Box
from Axon.Component import component
from Axon.Introspection import snapshot
from Axon.Observer import Observer
from Kamaelia.Visualisation.Live.Loads import Load, Loads
from Kamaelia.Visualisation.Live.Structure import Structure, structureOf
from Kamaelia.Visualisation.Live.Traffic import Path, Traffic
from Kamaelia.Visualisation.Nesting import attendantsIn, labelsIn


class Reading(NamedTuple):
    """The system at one time.

    loads: one for each component. born, ended: how many since the reader was opened. brief: the
    components among these that no reading contains, by class. An attribute of two readings is the
    same object where nothing has changed between them. touched: the paths that may differ, in
    `passed` or `rates`, from the reading whose number is one less.
    """

    structure: Structure = Structure()
    loads: tuple[Load, ...] = ()
    born: int = 0
    ended: int = 0
    brief: Counter[str] = Counter()
    passed: Mapping[Path, int] = {}  # see Traffic
    rates: Mapping[Path, float] = {}
    number: int = 0
    touched: Collection[Path] = ()


class Reader(Observer):
    """Reader(scheduler) -> reads the system that `scheduler` runs, in its thread."""

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        self._structure = Structure()
        self._loads = Loads()
        self._hasChanged = True
        self._isOpen = False
        self._new: set[int] = set()  # ids of components that no reading contains yet
        self._born = self._ended = 0
        self._brief: Counter[str] = Counter()
        self._traffic = Traffic()
        self._reading: Reading | None = None  # the last one
        self._number = 0  # of readings
        self._readAt = 0.0
        self._sampledAt: float | None = None

    def open(self) -> None:
        """Begin to observe."""
        if not self._isOpen:
            self._isOpen = self._hasChanged = True
            self._scheduler.addObserver(self)
            Box.addObserver(self)

    def close(self) -> None:
        """Stop observing."""
        if self._isOpen:
            self._isOpen = False
            self._scheduler.removeObserver(self)
            Box.removeObserver(self)
            self._new.clear()
            self._structure, self._loads = Structure(), Loads()
            self._traffic.close()
            self._reading = self._sampledAt = None

    def read(self, now: float, age: float = 0.0) -> Reading:
        """Return the system as it is now, or as it was at most `age` seconds ago.

        now: the time in seconds.
        """
        seconds = now - self._readAt
        if self._reading is not None and seconds < age:
            return self._reading
        self._traffic.turn(max(seconds, 0.001))
        if self._hasChanged:
            self._hasChanged = False
            self._readStructure()
        self._readAt = now
        self._number += 1
        self._reading = Reading(
            self._structure,
            self._loads.read(),
            self._born,
            self._ended,
            self._brief,
            self._traffic.passed,
            self._traffic.rates,
            self._number,
            self._traffic.takeTouched(),
        )
        return self._reading

    def beginSample(self, now: float) -> bool:
        """Begin to measure the rates of some inboxes. Return whether endSample() is due."""
        if self._sampledAt is not None or not self._traffic.beginSample():
            return False
        self._sampledAt = now
        return True

    def endSample(self, now: float) -> None:
        """End the measurement, a few milliseconds after its begin."""
        if self._sampledAt is not None and now > self._sampledAt:
            self._traffic.endSample(now - self._sampledAt)
            self._sampledAt = None

    def _readStructure(self) -> None:
        scheduler = self._scheduler
        processes = scheduler.listAllThreads()
        hidden = attendantsIn(scheduler)
        taken = snapshot(scheduler)
        structure = structureOf(taken, labelsIn(processes), hidden.__contains__)
        self._structure = structure
        found = {each.id: each for each in processes}
        self._loads = Loads(map(found.get, structure.components))
        self._new.clear()
        shown = [found[each] for each in structure.components if each in found]
        self._traffic.watch(_fedInboxes(shown), structure.components)

    # Notifications

    def activated(self, process: Any) -> None:
        if not self._scheduler.attendants.has(process.getTask()):
            self._hasChanged = True
            self._born += 1
            self._new.add(process.id)

    def ending(self, process: Any) -> None:
        if not self._scheduler.attendants.has(process.getTask()):
            self._hasChanged = True
            self._ended += 1
            if process.id in self._new:
                self._new.discard(process.id)
                self._brief = self._brief + Counter([type(process).__name__])

    def linked(self, source: Any, sink: Any) -> None:
        self._hasChanged = True

    unlinked = linked

    def boxesChanged(self, process: Any) -> None:
        self._hasChanged = True


def _fedInboxes(processes: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield each process with each of its inboxes in which messages arrive.

    "control" is left out: nearly nothing arrives there, and nearly each turn looks there.
    """
    for each in processes:
        if isinstance(each, component):
            for sink in each.placesOfInboxes().values():
                if sink.feeders and sink.target is None and not sink.isUrgent:
                    yield each, sink
