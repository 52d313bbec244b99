"""Lets the first message through, and no other.

Example usage
-------------
    Pipeline(Reader(), FirstOnly(), Header()).run()

How does it work?
-----------------
It goes on reading, and throws away, so that nothing piles up.

Termination: as a PureTransformer's.
"""

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["FirstOnly"]


class FirstOnly(PureTransformer):
    """FirstOnly() -> sends on the first message."""

    isOver = False

    def processMessage(self, msg: Any) -> None:
        """Send `msg` if it is the first message."""
        if not self.isOver:
            self.isOver = True
            self.send(msg)


__kamaelia_components__ = (FirstOnly,)
