"""Simulated faults of a network: components that lose, duplicate or reorder packets.

Example usage
-------------
    Pipeline(source, Duplicate(), Throwaway(), Reorder(), sink).run()

How does it work?
-----------------
Each component passes most messages on unchanged and selects the others at random. Give `random`
(a random.Random with a seed) for results that can be repeated.

Termination: producerFinished or shutdownMicroprocess on "control", which is passed on when the
messages before it have been sent.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from random import Random
from typing import Any

from Axon.Component import component


class _Fault(component):
    """A fault that affects messages at random; the base of the others."""

    Inboxes = {
        "inbox": "packets of any type",
        "control": "producerFinished or shutdownMicroprocess: end",
    }
    Outboxes = {"outbox": "the packets after the fault", "signal": "the message from control"}

    random: Random = Random()  # where the decisions come from

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                for each in self.packetsFor(message):
                    self.send(each)
            if self.dataReady("control"):
                for each in self.rest():
                    self.send(each)
                if self.isShuttingDown():
                    return

    def packetsFor(self, message: Any) -> Iterable[Any]:
        """Return the packets to send when `message` arrives."""
        return [message]

    def rest(self) -> Iterable[Any]:
        """Return the packets to send at the end."""
        return []


class Duplicate(_Fault):
    """Duplicate([random][, probability]): sends some packets twice or more often."""

    probability = 0.1  # from 0 to 1, of each message

    def packetsFor(self, message: Any) -> Iterable[Any]:
        copies = [message]
        while self.random.random() < self.probability:
            copies.append(message)
        return copies


class Throwaway(_Fault):
    """Throwaway([random][, probability]): loses some packets."""

    probability = 0.1  # from 0 to 1, of each message

    def packetsFor(self, message: Any) -> Iterable[Any]:
        return [] if self.random.random() < self.probability else [message]


class Reorder(_Fault):
    """Reorder([random][, most]): sends packets in another order, and holds up to `most` of them."""

    most = 10  # messages that it holds back

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self._kept: list[Any] = []

    def packetsFor(self, message: Any) -> Iterable[Any]:
        self._kept.append(message)
        if len(self._kept) <= self.most:
            return []
        return [self._kept.pop(self.random.randrange(len(self._kept)))]

    def rest(self) -> Iterable[Any]:
        rest, self._kept = self._kept, []
        self.random.shuffle(rest)
        return rest


__kamaelia_components__ = (Duplicate, Throwaway, Reorder)
