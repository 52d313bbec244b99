"""A network that loses, doubles and mixes up packets, each with a component of its own.

Example usage
-------------
    Pipeline(source, Duplicate(), Throwaway(), Reorder(), sink).run()

How does it work?
-----------------
Each lets most messages pass, and chance decides about the others. Give `random`
(a random.Random) for a chance that can be repeated.

Termination: producerFinished or shutdownMicroprocess on "control", which is
passed on when what came before has been sent.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from random import Random
from typing import Any

from Axon.Component import component


class _Chance(component):
    """What chance does to each message."""

    Inboxes = {"inbox": "packets of any kind", "control": "when to stop"}
    Outboxes = {"outbox": "those that chance lets pass", "signal": "what came to control"}

    random: Any = Random()

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                for each in self.fate(message):
                    self.send(each)
            if self.dataReady("control"):
                for each in self.rest():
                    self.send(each)
                if self.isShuttingDown():
                    return

    def fate(self, message: Any) -> Iterable[Any]:
        """What is sent for this message."""
        return [message]

    def rest(self) -> Iterable[Any]:
        """What is sent at the end."""
        return []


class Duplicate(_Chance):
    """Duplicate([random][, probability]) -> sends some messages twice, now and then more often."""

    probability = 0.1

    def fate(self, message: Any) -> Iterable[Any]:
        copies = [message]
        while self.random.random() < self.probability:
            copies.append(message)
        return copies


class Throwaway(_Chance):
    """Throwaway([random][, probability]) -> loses some messages."""

    probability = 0.1

    def fate(self, message: Any) -> Iterable[Any]:
        return [] if self.random.random() < self.probability else [message]


class Reorder(_Chance):
    """Reorder([random][, most]) -> sends messages in another order; keeps up to `most` back."""

    most = 10

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self._kept: list[Any] = []

    def fate(self, message: Any) -> Iterable[Any]:
        self._kept.append(message)
        if len(self._kept) <= self.most:
            return []
        return [self._kept.pop(self.random.randrange(len(self._kept)))]

    def rest(self) -> Iterable[Any]:
        rest, self._kept = self._kept, []
        self.random.shuffle(rest)
        return rest


__kamaelia_components__ = (Duplicate, Throwaway, Reorder)
