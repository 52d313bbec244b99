"""The greatest of what it gets.

Example usage
-------------
    Pipeline(Samples(), Max(), Meter()).run()

How does it work?
-----------------
An empty collection is an error of this component (ValueError).

Termination: as a PureTransformer's.
"""

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["Max"]


class Max(PureTransformer):
    """Max() -> sends max(message) for each message, a list or other collection of its parts."""

    sendsNone = True

    def processMessage(self, msg: Any) -> Any:
        """Return the greatest part of `msg`."""
        return max(msg)


__kamaelia_components__ = (Max,)
