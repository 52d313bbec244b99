"""Compares two streams, message by message.

Example usage
-------------
    Graphline(
        ONE=RateControlledFileReader("one"),
        TWO=RateControlledFileReader("two"),
        SAME=Comparator(),
        CHECK=TestResult(),
        linkages={
            ("ONE", "outbox"): ("SAME", "inA"),
            ("TWO", "outbox"): ("SAME", "inB"),
            ("SAME", "outbox"): ("CHECK", "inbox"),
        },
    ).run()

How does it work?
-----------------
What comes to one side waits until its counterpart has come to the other.

Termination: at a producerFinished or shutdownMicroprocess, after all pairs that came
before it; what has no counterpart then is dropped.
"""

from collections.abc import Iterator
from typing import Any

from Axon.Component import component

__all__ = ["Comparator", "comparator"]


class Comparator(component):
    """Comparator() -> sends combine(a, b) for each pair: True if they are equal, else False."""

    Inboxes = {
        "inbox": "nothing",
        "control": "when to stop",
        "inA": "anything",
        "inB": "anything, the counterparts in the same order",
    }
    Outboxes = {"outbox": "what combine gave, for each pair", "signal": "whatever ended it"}

    def combine(self, valA: Any, valB: Any) -> Any:
        """What to send for a pair. Yours to override."""
        return valA == valB

    def main(self) -> Iterator[int]:
        while True:
            while self.dataReady("inA") and self.dataReady("inB"):
                self.send(self.combine(self.recv("inA"), self.recv("inB")))
            if self.isShuttingDown():
                return
            yield from self.waitForChange()  # not for a message: one side may hold some


comparator = Comparator

__kamaelia_components__ = (Comparator,)
