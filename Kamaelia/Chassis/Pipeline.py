"""A chain of components, each fed by the one before it, that is a component itself.

Example usage
-------------
    Pipeline(ConsoleReader(), Total(), ConsoleEchoer()).run()
    Pipeline(FastSource(), SlowSink(), capacity=100).run()      # the source waits for the sink

How does it work?
-----------------
From one component to the next, outbox leads to inbox and signal to control. The
pipeline's own inbox and control lead to the first, and the last one's outbox and
signal to the pipeline's own: it touches no message itself.

Termination: when all its components have ended. It sends nothing of its own.
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
    """Pipeline(*components[, capacity][, circular]) -> the components, in a chain.

    capacity: a component is held while this many messages (1 or more) wait for the next one.
    circular: the last one feeds the first, and nothing leaves the pipeline.
    Raises wiringError when there is no component, or a class in its place.
    """

    Inboxes = {"inbox": "goes to the first component", "control": "the same"}
    Outboxes = {"outbox": "comes from the last component", "signal": "the same"}

    circular = False
    capacity: int | None = None

    def __init__(self, *components: Any, **argv: Any) -> None:
        if not components:
            raise wiringError("a Pipeline needs at least one component")
        checkComponents(type(self).__name__, components)
        super().__init__(**argv)
        self.components = list(components)

    def main(self) -> Iterator[int]:
        self._wire()
        self.adopt(*self.components)
        while not self.childrenDone():
            yield from self.waitForChange()
            self.discardUnread("inbox", "control")  # the first component has ended

    def _wire(self) -> None:
        first, last = self.components[0], self.components[-1]
        for one, following in pairwise(self.components):
            self._join(one, following)
        for outbox, inbox in BOXES:
            self.link((self, inbox), (first, inbox), passthrough=1)
            if not self.circular:
                self.link((last, outbox), (self, outbox), passthrough=2)
        if self.circular:
            self._join(last, first)

    def _join(self, one: Any, following: Any) -> None:
        self.link((one, "outbox"), (following, "inbox"), capacity=self.capacity)
        self.link((one, "signal"), (following, "control"))


pipeline = Pipeline

__kamaelia_components__ = (Pipeline,)
