"""A function, as a component.

Example usage
-------------
    Pipeline(Reader(), PureTransformer(str.upper), ConsoleEchoer()).run()

How does it work?
-----------------
A function has no say in when: for that, write a component.

Termination: at a producerFinished or shutdownMicroprocess, after what came before it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from Axon.Component import component

__all__ = ["PureTransformer"]


class PureTransformer(component):
    """PureTransformer([function]) -> sends function(message) for each message, but for None.

    Subclasses may override processMessage instead. What either raises is an error of this
    component.
    """

    Inboxes = {"inbox": "anything", "control": "when to stop"}
    Outboxes = {"outbox": "what was made of each message", "signal": "whatever ended it"}

    def __init__(self, function: Callable[[Any], Any] | None = None) -> None:
        super().__init__()
        if function is not None:
            self.processMessage = function  # type: ignore[method-assign,assignment]

    sendsNone = False  # True in a subclass that sends None as any other result

    def processMessage(self, msg: Any) -> Any:
        """Return what to send in place of `msg`; None for nothing. Subclasses may override it."""
        return msg

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                made = self.processMessage(message)
                if made is not None or self.sendsNone:
                    self.send(made)
            if self.isShuttingDown():
                return


__kamaelia_components__ = (PureTransformer,)
