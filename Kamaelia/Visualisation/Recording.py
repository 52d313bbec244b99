"""Recordings of the messages that pass in a running system, as sequence diagrams.

Example usage
-------------
    recording = Recording(scheduler.run, count=200)
    system.run()
    print(sequenceText(recording.messages))         # Kamaelia.Support.Drawing.Sequence

How does it work?
-----------------
The inbox at the end of each linkage is tapped (Axon.Taps) as soon as the linkage exists and one of
its components is active. After `count` messages all taps are removed, so that the system continues
as fast as without. The text of a message is that of the moment at which it passed.

A component has the name that its chassis has given to it, or that of its class; further ones of the
same name have a number. A sender that is not known, because several feed the inbox and none of them
has a turn, is "(unknown)".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any
from weakref import WeakSet

from Axon import Box
from Axon.Component import component
from Axon.Observer import Observer
from Axon.Taps import Passage, Tap
from Kamaelia.Support.Drawing.Sequence import Passed
from Kamaelia.Visualisation.Nesting import labelsIn

UNKNOWN = "(unknown)"


class Recording(Observer):
    """Recording(scheduler[, count, only, onFull]) -> records messages in `scheduler` from now on.

    only: record the messages from and to components with these names only; see `names`.
    onFull: called, without arguments, when `count` messages have been recorded.
    """

    def __init__(
        self,
        scheduler: Any,
        count: int = 200,
        only: Collection[str] = (),
        onFull: Callable[[], object] | None = None,
    ) -> None:
        self.messages: list[Passed] = []
        self._scheduler, self._count, self._only, self._onFull = scheduler, count, only, onFull
        self._names: dict[int, tuple[str, frozenset[str]]] = {}  # by the id of a component
        self._used: Counter[str] = Counter()
        self._taps: list[Tap] = []
        self._tapped: WeakSet[Any] = WeakSet()  # the sinks
        scheduler.addObserver(self)
        Box.addObserver(self)
        for process in scheduler.listAllThreads():
            self.activated(process)

    def close(self) -> None:
        """Record no more messages."""
        self._scheduler.removeObserver(self)
        Box.removeObserver(self)
        taps, self._taps = self._taps, []
        for each in taps:
            each.close()

    @property
    def names(self) -> list[str]:
        """The names of the components that have sent or received messages so far."""
        return [name for name, _ in self._names.values()]

    # Taps

    def activated(self, process: Any) -> None:
        if isinstance(process, component):
            for box in process.linkedOutboxes():
                self._tap(box.end())

    def linked(self, source: Any, sink: Any) -> None:
        self._tap(sink.end())

    def _tap(self, sink: Any) -> None:
        if hasattr(sink, "addListener") and sink not in self._tapped and self._isHere(sink):
            self._tapped.add(sink)
            self._taps.append(Tap(sink, self._note))

    def _isHere(self, sink: Any) -> bool:
        """Return whether the inbox does not belong to another scheduler."""
        receiver = sink.component
        return receiver is not None and (
            receiver.scheduler is self._scheduler or not receiver.isActive()
        )

    def _note(self, passage: Passage) -> None:
        ends = passage.sender, passage.receiver
        named = [self._namesOf(each) for each in ends]
        if self._only and not any(names & set(self._only) for _, names in named):
            return
        outbox = "/".join(passage.sourceBoxes()) or "?"
        (sender, _), (receiver, _) = named
        self.messages.append(Passed(sender, outbox, receiver, passage.boxname, passage.text))
        if len(self.messages) >= self._count:
            self.close()
            if self._onFull is not None:
                self._onFull()

    def _namesOf(self, process: Any) -> tuple[str, frozenset[str]]:
        """Return the name for the diagram, and all by which a user may select the component."""
        if process is None:
            return UNKNOWN, frozenset()
        if process.id not in self._names:
            name = str(process.name).rpartition(".")[2]
            kind = type(process).__name__
            label = labelsIn(self._scheduler.listAllThreads()).get(process.id)
            shown = label or (kind if name == f"{kind}_{process.id}" else name)
            self._used[shown] += 1
            if self._used[shown] > 1:
                shown = f"{shown} {self._used[shown]}"
            self._names[process.id] = shown, frozenset((shown, kind, name, label or shown))
        return self._names[process.id]
