"""A comparison of two streams, message by message.

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
A message on one side waits until its counterpart has arrived on the other side.

Termination: at a producerFinished or shutdownMicroprocess, after all complete pairs. A message
without a counterpart is discarded.
"""

from collections.abc import Iterator
from typing import Any

from Axon.Component import component

__all__ = ["Comparator", "comparator"]


class Comparator(component):
    """A component that sends combine(a, b) for each pair: whether a and b are equal."""

    Inboxes = {
        "inbox": "nothing",
        "control": "a shutdown message",
        "inA": "anything",
        "inB": "anything: the counterparts, in the same order",
    }
    Outboxes = {
        "outbox": "the result of combine for each pair",
        "signal": "the shutdown message from control",
    }

    def combine(self, valA: Any, valB: Any) -> Any:
        """Return the message to send for a pair. Subclasses may override this."""
        return valA == valB

    def main(self) -> Iterator[int]:
        while True:
            while self.dataReady("inA") and self.dataReady("inB"):
                self.send(self.combine(self.recv("inA"), self.recv("inB")))
            if self.isShuttingDown():
                return
            yield from self.waitForChange()  # one side may already hold messages


comparator = Comparator

__kamaelia_components__ = (Comparator,)
