"""The messages of single components, which a browser has selected: the last ones, and recordings.

Example usage
-------------
    selection = Selection()
    selection.choose(process)               # taps its boxes
    selection.lastMessages()                # None if nothing has arrived since the last call
    selection.record([process, other])
    selection.recorded()                    # the messages since the last call

How does it work?
-----------------
All boxes of the component are tapped (Axon.Taps). The texts are made when they are sent: they are
short, and contain no secrets. A recording ends by itself after MOST_RECORDED messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Taps import Passage, Tap, tap

SHOWN = 8  # messages of each box
MOST_RECORDED = 200


class Selection:
    """Selection() -> the taps for one browser."""

    def __init__(self) -> None:
        self._taps: list[tuple[str, bool, Tap]] = []
        self._sent: list[int] = []
        self._recorders: list[Tap] = []
        self._recorded: list[dict[str, Any]] = []
        self._count = 0

    def close(self) -> None:
        """Remove all taps."""
        self.choose(None)
        self.record(())

    def choose(self, process: Any) -> None:
        """Tap the boxes of `process`, and of no other component. None: of none."""
        for _, _, each in self._taps:
            each.close()
        self._taps = [(name, isInbox, made) for name, isInbox, made in _tapsOf(process)]
        self._sent = []

    def lastMessages(self) -> list[dict[str, Any]] | None:
        """Return the last messages of each box, or None if no new one has arrived."""
        counts = [each.count for _, _, each in self._taps]
        if counts == self._sent or not self._taps:
            return None
        self._sent = counts
        return [
            {
                "box": name,
                "isInbox": isInbox,
                "count": each.count,
                "last": [_described(passage) for passage in each.last()[-SHOWN:]],
            }
            for name, isInbox, each in self._taps
            if each.count
        ]

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


def _tapsOf(process: Any) -> Iterator[tuple[str, bool, Tap]]:
    if isinstance(process, component):
        for name, sink in process.placesOfInboxes().items():
            if sink.feeders:
                yield name, True, tap(process, name)
        for box in process.linkedOutboxes():
            if hasattr(box.end(), "addListener"):
                yield box.boxname, False, tap(process, box.boxname, isInbox=False, onlySender=True)


def _sinksOf(process: Any) -> Iterator[Any]:
    """Yield the inboxes at the ends of all linkages from and to a component."""
    if isinstance(process, component):
        for sink in process.placesOfInboxes().values():
            if sink.feeders:
                yield sink.end()
        for box in process.linkedOutboxes():
            if hasattr(box.end(), "addListener"):
                yield box.end()


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
