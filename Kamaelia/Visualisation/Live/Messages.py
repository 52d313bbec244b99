"""The messages of single components, which a browser has selected: the last ones, and recordings.

Example usage
-------------
    selection = Selection()
    selection.choose(process)               # taps its boxes
    selection.lastMessages()                # of each box in which some have passed since then
    selection.record([process, other])
    selection.recorded()                    # the messages since the last call

How does it work?
-----------------
All boxes of the component are tapped (Axon.Taps). The texts are made when they are sent: they are
short, and contain no secrets. A recording ends by itself after MOST_RECORDED messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from Axon.Component import component
from Axon.Taps import Passage, Tap, tap

SHOWN = 8  # messages of each box
BURST = 32
MOST_RECORDED = 200


class BoxTap:
    """BoxTap(process, name, isInbox): the last messages of one box.

    It stops after BURST messages until it is read, so that a fast box costs little.
    """

    def __init__(self, process: component, name: str, isInbox: bool) -> None:
        self.process, self.name, self.isInbox = process, name, isInbox
        self._tap: Tap | None = None
        self.last: list[Passage] = []
        self.begin()

    def begin(self) -> None:
        """Tap the box, unless it is tapped. A box that leads nowhere any more has no messages."""
        if self._tap is None and self.process.isActive():
            with suppress(KeyError, ValueError):
                self._tap = tap(
                    self.process, self.name, isInbox=self.isInbox, call=self._note, onlySender=True
                )

    def _note(self, passage: Passage) -> None:
        if passage.number >= BURST:
            self.close()

    def close(self) -> None:
        """Remove the tap."""
        if self._tap is not None:
            self._tap.close()
            self.last = self._tap.last() or self.last
            self._tap = None

    def read(self) -> dict[str, Any] | None:
        """Return the last messages, or None if there was none since the last call."""
        self.close()
        last, self.last = self.last, []
        self.begin()
        if not last:
            return None
        texts = [_described(passage) for passage in last[-SHOWN:]]
        return {"box": self.name, "isInbox": self.isInbox, "last": texts}


class Selection:
    """Selection() -> the taps for one browser."""

    def __init__(self) -> None:
        self._taps: list[BoxTap] = []
        self._recorders: list[Tap] = []
        self._recorded: list[dict[str, Any]] = []
        self._count = 0

    def close(self) -> None:
        """Remove all taps."""
        self.choose(None)
        self.record(())

    def choose(self, process: Any) -> None:
        """Tap the boxes of `process`, and of no other component. None: of none."""
        for each in self._taps:
            each.close()
        self._taps = [BoxTap(process, *box) for box in _boxesOf(process)]

    def lastMessages(self) -> list[dict[str, Any]]:
        """Return the last messages of each box in which some have passed since the last call."""
        return [read for each in self._taps if (read := each.read()) is not None]

    def record(self, processes: Iterable[Any]) -> None:
        """Record what these components send and receive from now on, and forget earlier records."""
        for each in self._recorders:
            each.close()
        self._recorded, self._count = [], 0
        sinks = dict.fromkeys(sink for each in processes for sink in _sinksOf(each))
        self._recorders = [Tap(sink, self._note) for sink in sinks]

    def _note(self, passage: Passage) -> None:
        self._recorded.append(_described(passage))
        self._count += 1
        if self._count >= MOST_RECORDED:
            for each in self._recorders:
                each.close()

    def recorded(self) -> list[dict[str, Any]]:
        """Return the messages that were recorded since the last call."""
        recorded, self._recorded = self._recorded, []
        return recorded


def _boxesOf(process: Any) -> Iterator[tuple[str, bool]]:
    """Yield the name of each linked box of a component, and whether it is an inbox."""
    if isinstance(process, component):
        for name, sink in process.placesOfInboxes().items():
            if sink.feeders:
                yield name, True
        for box in process.linkedOutboxes():
            if hasattr(box.end(), "addListener"):
                yield box.boxname, False


def _sinksOf(process: Any) -> Iterator[Any]:
    """Yield the inboxes at the ends of all linkages from and to a component."""
    for name, isInbox in _boxesOf(process):
        yield process.placeOfBox(name, isInbox).end()


def _described(passage: Passage) -> dict[str, Any]:
    sender, receiver = passage.sender, passage.receiver
    return {
        "number": passage.number,
        "from": None if sender is None else sender.id,
        "fromName": "" if sender is None else type(sender).__name__,
        "to": receiver.id,
        "toName": type(receiver).__name__,
        "box": passage.boxname,
        "text": passage.text,
    }
