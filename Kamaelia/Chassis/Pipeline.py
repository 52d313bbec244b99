"""A chassis of components in a chain, each fed by the one before it.

Example usage
-------------
    Pipeline(ConsoleReader(), Total(), ConsoleEchoer()).run()
    Pipeline(FastSource(), SlowSink(), capacity=100).run()      # the source waits for the sink

How does it work?
-----------------
Between neighbours, outbox leads to inbox and signal to control. The inbox and control of the
pipeline lead to the first component, and the outbox and signal of the last component lead to
those of the pipeline. The pipeline itself touches no message.

Termination: when all components have ended. It sends no message of its own.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from Axon.AxonExceptions import wiringError
from Axon.Component import component
from Axon.ComponentCheck import checkComponents
from Kamaelia.Util.Parent import PlannedLinkage, parent

__all__ = ["Pipeline", "component", "pipeline"]

BOXES = (("outbox", "inbox"), ("signal", "control"))


class Pipeline(parent):
    """Pipeline(*components[, capacity][, circular]): components in a chain.

    capacity: the number of messages (1 or more) in an inbox at which its sender is held. circular:
    True to link the last component to the first one; then no message leaves the pipeline.
    Raises wiringError if there is no component, or if a class is given instead of a component.
    """

    Inboxes = {
        "inbox": "any message, for the first component",
        "control": "any message, for the first component",
    }
    Outboxes = {
        "outbox": "the messages from the last component",
        "signal": "the messages from the signal of the last component",
    }

    circular = False
    capacity: int | None = None

    def __init__(self, *components: Any, **argv: Any) -> None:
        if not components:
            raise wiringError("a Pipeline needs at least one component")
        checkComponents(type(self).__name__, components)
        super().__init__(**argv)
        self.components = list(components)

    def main(self) -> Iterator[int]:
        self.makePlannedLinkages()
        self.adopt(*self.components)
        while not self.childrenDone():
            yield from self.waitForChange()
            self.discardUnread("inbox", "control")  # messages for a first component that has ended

    def plannedParts(self) -> dict[str, Any]:
        return {str(place): each for place, each in enumerate(self.components, 1)}

    def plannedLinkages(self) -> Iterator[PlannedLinkage]:
        first, last = self.components[0], self.components[-1]
        neighbours = list(pairwise(self.components))
        if self.circular:
            neighbours.append((last, first))
        for source, sink in neighbours:
            yield (source, "outbox"), (sink, "inbox"), {"capacity": self.capacity}
            yield (source, "signal"), (sink, "control"), {}
        for outbox, inbox in BOXES:
            yield (self, inbox), (first, inbox), {"passthrough": 1}
            if not self.circular:
                yield (last, outbox), (self, outbox), {"passthrough": 2}


pipeline = Pipeline

__kamaelia_components__ = (Pipeline,)
