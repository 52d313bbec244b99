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
from Kamaelia.Util.Parent import parent

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
        self._makeLinkages()
        self.adopt(*self.components)
        while not self.childrenDone():
            yield from self.waitForChange()
            self.discardUnread("inbox", "control")  # messages for a first component that has ended

    def _makeLinkages(self) -> None:
        first, last = self.components[0], self.components[-1]
        for source, sink in pairwise(self.components):
            self._linkNeighbours(source, sink)
        for outbox, inbox in BOXES:
            self.link((self, inbox), (first, inbox), passthrough=1)
            if not self.circular:
                self.link((last, outbox), (self, outbox), passthrough=2)
        if self.circular:
            self._linkNeighbours(last, first)

    def _linkNeighbours(self, source: Any, sink: Any) -> None:
        self.link((source, "outbox"), (sink, "inbox"), capacity=self.capacity)
        self.link((source, "signal"), (sink, "control"))


pipeline = Pipeline

__kamaelia_components__ = (Pipeline,)
