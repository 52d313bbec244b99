"""A filter that passes only the first message.

Example usage
-------------
    Pipeline(Reader(), FirstOnly(), Header()).run()

How does it work?
-----------------
It takes and discards all later messages, so that its inbox does not grow.

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["FirstOnly"]


class FirstOnly(PureTransformer):
    """A transformer that sends only the first message."""

    isOver = False  # whether the first message has been sent

    def processMessage(self, msg: Any) -> None:
        """Send `msg` if it is the first message."""
        if not self.isOver:
            self.isOver = True
            self.send(msg)


__kamaelia_components__ = (FirstOnly,)
