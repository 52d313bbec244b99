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
second. The tap of a sample is one of Axon.Taps: it counts all messages and keeps the last ones,
by whose senders the count is divided. A rate is the average of the samples.

`passed` and `rates` are never changed: another object takes their place, so a reader can keep them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping
from typing import Any, NamedTuple

from Axon.Taps import TapListener, TapLog, senderTo

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
        self.passed: Mapping[Path, int] = {}
        self.rates: Mapping[Path, float] = {}
        self._counters: dict[tuple[int, str], _Counter] = {}
        self._fast: list[_Counter] = []
        self._busy: list[_Counter] = []  # those that have counted a message in this turn
        self._stale: list[Path] = []  # of components that have ended; forgotten in the next turn
        self._touched: dict[Path, None] = {}
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
            gone.end()
        self._fast = [each for each in self._counters.values() if each.isFast]
        self._sampled = [each for each in self._sampled if not each.hasEnded]
        for each in (self.passed, self.rates):
            self._stale += [path for path in each if not self._isKnown(path, senders)]

    def _isKnown(self, path: Path, senders: Container[int]) -> bool:
        isSender = path.sender is None or path.sender in senders
        return isSender and (path.receiver, path.box) in self._counters

    def turn(self, seconds: float) -> None:
        """Evaluate what has been counted in the last `seconds`, since the last turn."""
        self._dropStale()
        if not self._busy:
            return
        busy, self._busy[:] = list(self._busy), []
        passed = dict(self.passed)
        rates: dict[Path, float] = {}
        most = max(3, FAST * seconds)
        for each in busy:
            counts = each.take()
            for path, count in counts.items():
                passed[path] = passed.get(path, 0) + count
                self._touched[path] = None
            if each.hasEnded:
                self._stale += counts
            elif each.hasStopped() or sum(counts.values()) > most:
                each.sampleFromNowOn(counts)
                self._fast.append(each)
                rates.update({path: count / seconds for path, count in counts.items()})
        self.passed = passed
        if rates:
            self.rates = {**self.rates, **rates}

    def takeTouched(self) -> Collection[Path]:
        """Return the paths whose count or rate may have changed since the last call."""
        touched, self._touched = self._touched, {}
        return touched

    def _dropStale(self) -> None:
        if not self._stale:
            return
        stale, self._stale = set(self._stale), []
        self._touched.update(dict.fromkeys(stale))
        self.passed = {path: count for path, count in self.passed.items() if path not in stale}
        self.rates = {path: rate for path, rate in self.rates.items() if path not in stale}
        for each in self._counters.values():
            each.paths -= stale

    def beginSample(self) -> bool:
        """Tap the next part of the fast inboxes, until endSample() is called, if it has any."""
        self._part = (self._part + 1) % PARTS
        self._sampled = self._fast[self._part :: PARTS]
        for each in self._sampled:
            each.beginSample()
        return bool(self._sampled)

    def endSample(self, seconds: float) -> None:
        """Evaluate what has been counted in the `seconds` since beginSample()."""
        rates = dict(self.rates)
        for each in self._sampled:
            counts = each.endSample()
            for path in each.paths:
                before, now = rates.get(path, 0.0), counts.get(path, 0.0) / seconds
                rates[path] = before + (now - before) * WEIGHT
                self._touched[path] = None
            if sum(rates[path] for path in each.paths) < FAST / 2:
                for path in each.paths:
                    del rates[path]
                each.open()
        self._fast = [each for each in self._fast if each.isFast]
        self._sampled = []
        self.rates = rates

    def close(self) -> None:
        """Stop watching."""
        self.watch((), ())


class _Counter:
    """The listener at one inbox: it counts each message, or is fast and takes samples."""

    __slots__ = (
        "_busy",
        "_counts",
        "_left",
        "_listener",
        "_log",
        "hasEnded",
        "isFast",
        "paths",
        "receiver",
        "sink",
    )

    def __init__(self, receiver: int, sink: Any, busy: list[_Counter]) -> None:
        self.receiver, self.sink = receiver, sink
        self._busy = busy
        self._counts: dict[Any, int] = {}  # by sender
        self._log: TapLog | None = None  # during a sample
        self._listener: Any = None  # while it listens
        self.paths: set[Path] = set()  # those that have a rate
        self.hasEnded = False
        self.open()

    def open(self) -> None:
        """Count each message from now on."""
        self.isFast = False
        self.paths.clear()
        self._left = BURST
        self._listen(self._arrived)

    def close(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            self.sink.removeListener(self._listener)
            self._listener = None

    def _listen(self, listener: Any) -> None:
        self._listener = listener
        self.sink.addListener(listener)

    def _arrived(self, sink: Any, message: Any) -> None:
        sender = senderTo(sink)
        number = None if sender is None else sender.id
        if not self._counts:
            self._busy.append(self)
        self._counts[number] = self._counts.get(number, 0) + 1
        self._left -= 1
        if not self._left:
            self.close()

    def hasStopped(self) -> bool:
        """Return whether it counts no more, because many messages have arrived in one turn."""
        return self._listener is None

    def end(self) -> None:
        """Listen no more, because nobody watches this inbox any more."""
        self.close()
        self.hasEnded = True

    def take(self) -> dict[Path, int]:
        """Return how many messages have arrived, and forget them."""
        counts, self._counts = self._counts, {}
        self._left = BURST
        return {self._pathFrom(sender): count for sender, count in counts.items()}

    def _pathFrom(self, sender: int | None) -> Path:
        return Path(sender, self.receiver, self.sink.boxname)

    # Samples

    def sampleFromNowOn(self, paths: Iterable[Path]) -> None:
        """Listen in samples only. paths: those on which messages have arrived."""
        self.isFast = True
        self.close()
        self.paths.update(paths)

    def beginSample(self) -> None:
        """Count messages until endSample() is called."""
        self._log = TapLog()
        self._listen(TapListener(self._log, senderTo))

    def endSample(self) -> dict[Path, float]:
        """Return how many messages have arrived since beginSample(), divided among the paths."""
        log, self._log = self._log, None
        if log is None:
            return {}
        self.close()
        if not log.count:
            return {}
        last = Counter(None if sender is None else sender.id for sender, _ in log.last())
        share = log.count / max(1, last.total())
        counts = {self._pathFrom(sender): number * share for sender, number in last.items()}
        self.paths.update(counts)
        return counts
