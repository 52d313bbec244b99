"""The traffic of a running system: which messages pass between which components, and how many.

Example usage
-------------
    traffic = Traffic()
    traffic.watch(inboxes, ids)     # pairs of a component and one of its sinks (Axon.Box)
    traffic.turn(seconds)           # several times a second
    traffic.beginSample()           # and then, a few milliseconds later:
    traffic.endSample(seconds)
    traffic.passed, traffic.rates
    traffic.close()

How does it work?
-----------------
An inbox is tapped (Axon.Sinks), so that all that are not pay nothing. Where few messages arrive,
the tap stays, and each message is counted. A fast inbox is only sampled, for a few milliseconds a
second, because a tap costs more than the message itself. Its rate is the average of its samples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from typing import Any, NamedTuple

from Axon.Taps import senderTo

FAST = 60  # messages a second in one inbox, beyond which it is sampled
BURST = 64  # messages in one turn, after which an inbox counts as fast at once
PARTS = 20  # one part of the fast inboxes is tapped at a time
WEIGHT = 0.3  # of the last sample in the average


class Path(NamedTuple):
    """The sender, which may be unknown, the receiver, and the inbox."""

    sender: int | None
    receiver: int
    box: str


class Traffic:
    """Traffic() -> counts messages. passed: single messages since it began. rates: per second."""

    def __init__(self) -> None:
        self.passed: Counter[Path] = Counter()
        self.rates: dict[Path, float] = {}
        self._counters: dict[tuple[int, str], _Counter] = {}
        self._busy: list[_Counter] = []  # those that have counted a message in this turn
        self._stale: list[Path] = []  # of components that have ended; forgotten in the next turn
        self._part = 0
        self._sampled: list[_Counter] = []

    def watch(self, inboxes: Iterable[tuple[Any, Any]], senders: Container[int]) -> None:
        """Watch these inboxes, and no others, from now on. senders: the ids of all components."""
        before, self._counters = self._counters, {}
        for component, sink in inboxes:
            key = component.id, sink.boxname
            known = before.get(key)
            if known is not None and known.sink is sink:
                self._counters[key] = before.pop(key)
            else:
                self._counters[key] = _Counter(component.id, sink, self._busy)
        for gone in before.values():
            gone.close()
        for each in (self.passed, self.rates):
            self._stale += [path for path in each if not self._isKnown(path, senders)]

    def _isKnown(self, path: Path, senders: Container[int]) -> bool:
        isSender = path.sender is None or path.sender in senders
        return isSender and (path.receiver, path.box) in self._counters

    def turn(self, seconds: float) -> None:
        """Evaluate what has been counted in the last `seconds`, since the last turn."""
        self._dropStale()
        busy, self._busy[:] = list(self._busy), []
        for each in busy:
            if each in self._sampled:
                continue
            counts = each.take()
            self.passed.update(counts)
            if each.isFast or sum(counts.values()) > max(3, FAST * seconds):
                each.isFast = True
                each.close()
                each.paths.update(counts)
                self.rates.update({path: count / seconds for path, count in counts.items()})

    def _dropStale(self) -> None:
        if not self._stale:
            return
        for path in self._stale:
            self.passed.pop(path, None)
            self.rates.pop(path, None)
        for each in self._counters.values():
            each.paths.difference_update(self._stale)
        self._stale.clear()

    def beginSample(self) -> None:
        """Tap the next part of the fast inboxes, until endSample() is called."""
        fast = [each for each in self._counters.values() if each.isFast]
        self._part = (self._part + 1) % PARTS
        self._sampled = fast[self._part :: PARTS]
        for each in self._sampled:
            each.open()

    def endSample(self, seconds: float) -> None:
        """Evaluate what has been counted in the `seconds` since beginSample()."""
        sampled, self._sampled = self._sampled, []
        for each in sampled:
            each.close()
            counts = each.take()
            each.paths.update(counts)
            for path in each.paths:
                before, now = self.rates.get(path, 0.0), counts.get(path, 0) / seconds
                self.rates[path] = before + (now - before) * WEIGHT
            if sum(self.rates[path] for path in each.paths) < FAST / 2:
                each.isFast = False
                for path in each.paths:
                    del self.rates[path]
                each.paths.clear()
                each.open()

    def close(self) -> None:
        """Stop watching."""
        self.watch((), ())


class _Counter:
    """The listener at one inbox."""

    __slots__ = ("_busy", "_counts", "_left", "isFast", "isOpen", "paths", "receiver", "sink")

    def __init__(self, receiver: int, sink: Any, busy: list[_Counter]) -> None:
        self.receiver, self.sink = receiver, sink
        self._busy = busy
        self._counts: dict[Any, int] = {}  # by sender
        self.paths: set[Path] = set()  # those that have a rate
        self.isFast = self.isOpen = False
        self._left = BURST
        self.open()

    def open(self) -> None:
        if not self.isOpen:
            self.isOpen = True
            self.sink.addListener(self._arrived)

    def close(self) -> None:
        if self.isOpen:
            self.isOpen = False
            self.sink.removeListener(self._arrived)

    def _arrived(self, sink: Any, message: Any) -> None:
        sender = senderTo(sink)
        number = None if sender is None else sender.id
        if not self._counts:
            self._busy.append(self)
        self._counts[number] = self._counts.get(number, 0) + 1
        self._left -= 1
        if not self._left and not self.isFast:
            self.isFast = True
            self.close()

    def take(self) -> dict[Path, int]:
        """Return how many messages have arrived, and forget them."""
        counts, self._counts = self._counts, {}
        self._left = BURST
        box = self.sink.boxname
        return {Path(sender, self.receiver, box): count for sender, count in counts.items()}
