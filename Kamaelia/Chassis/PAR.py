"""Components that run beside each other, behind one pair of boxes.

Example usage
-------------
    Pipeline(PAR(Clock(), Weather(), Stocks()), Display()).run()
    PAR(Worker(), Worker(), policy=lambda message, workers: [choice(workers)])

How does it work?
-----------------
What any of them sends to its outbox leaves through the outbox of the whole. What
comes to inbox is thrown away, unless a policy says who gets it; what comes to
control goes to all. That one of them has finished is not passed on, since the
others have not; its other messages to signal are.

Termination: when all have ended. The shutdownMicroprocess that came to control is
then passed on, or else the producerFinished that came, or else a new one is sent.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from Axon.ComponentCheck import checkComponents
from Axon.Hooks import iterableResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent

__all__ = ["PAR"]

ENDS = (producerFinished, shutdownMicroprocess)


class PAR(parent):
    """PAR(*components[, policy]) -> runs these components side by side.

    policy: called with each message to inbox and the list of components; gives those that
    get it. Raises wiringError for what is no component.
    """

    Inboxes = {
        "inbox": "goes where the policy says",
        "control": "goes to all",
        "_signals": "what came from their signals",
    }
    Outboxes = {"outbox": "comes from all", "signal": "comes from all; and the end of the whole"}

    policy: Callable[[Any, list[Any]], Iterable[Any]] | None = None

    def __init__(self, *components: Any, **argv: Any) -> None:
        checkComponents(type(self).__name__, components)
        super().__init__(**argv)
        self.components = list(components)

    def main(self) -> Iterator[int]:
        for each in self.components:
            self.link((each, "outbox"), (self, "outbox"), passthrough=2)
            self.link((each, "signal"), (self, "_signals"))
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
