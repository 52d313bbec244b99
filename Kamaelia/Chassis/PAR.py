"""A chassis of components that run side by side, behind one pair of boxes.

Example usage
-------------
    Pipeline(PAR(Clock(), Weather(), Stocks()), Display()).run()
    PAR(Worker(), Worker(), policy=lambda message, workers: [choice(workers)])

How does it work?
-----------------
The messages from all outboxes leave through the outbox of the PAR. A message to its inbox is
discarded unless a policy chooses receivers; a message to its control goes to all components. The
end of one component is not passed on, as the others have not ended; other messages from their
signals are.

Termination: when all components have ended. The PAR then sends the shutdownMicroprocess or
producerFinished from its control, or else a new producerFinished.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from Axon.ComponentCheck import checkComponents
from Axon.Hooks import iterableResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import PlannedLinkage, parent

__all__ = ["PAR"]

ENDS = (producerFinished, shutdownMicroprocess)


class PAR(parent):
    """PAR(*components[, policy]): runs components side by side.

    policy: called with each message from inbox and the list of components; returns the components
    that receive it. Raises wiringError if an argument is not a component.
    """

    Inboxes = {
        "inbox": "any message, for the components that the policy chooses",
        "control": "any message, for all components",
        "_signals": "the messages from the signals of the components",
    }
    Outboxes = {
        "outbox": "the messages from all components",
        "signal": "messages from all signals except ends; at the end, the end of the PAR",
    }

    policy: Callable[[Any, list[Any]], Iterable[Any]] | None = None

    def __init__(self, *components: Any, **argv: Any) -> None:
        checkComponents(type(self).__name__, components)
        super().__init__(**argv)
        self.components = list(components)

    def main(self) -> Iterator[int]:
        self.makePlannedLinkages()
        self.adopt(*self.components)
        last: Any = None
        while True:
            self._passOnData()
            for message in self.Inbox("control"):
                for each in self._running():
                    each.deliver(message, "control")
                if isinstance(message, ENDS) and not isinstance(last, shutdownMicroprocess):
                    last = message
            for message in self.Inbox("_signals"):
                if not isinstance(message, ENDS):
                    self.send(message, "signal")
            if self.childrenDone():
                break
            yield from self.waitForChange()
        self.send(last or producerFinished(self), "signal")

    def plannedParts(self) -> dict[str, Any]:
        return {str(place): each for place, each in enumerate(self.components, 1)}

    def plannedLinkages(self) -> Iterator[PlannedLinkage]:
        for each in self.components:
            yield (each, "outbox"), (self, "outbox"), {"passthrough": 2}
            yield (each, "signal"), (self, "_signals"), {}

    def _passOnData(self) -> None:
        for message in self.Inbox():
            for each in self._chosen(message):
                if not each.isStopped():
                    each.deliver(message)

    def _chosen(self, message: Any) -> Iterable[Any]:
        if self.policy is None:
            return ()
        return iterableResult(self.policy(message, self.components), "policy", self)

    def _running(self) -> list[Any]:
        return [each for each in self.components if not each.isStopped()]


__kamaelia_components__ = (PAR,)
