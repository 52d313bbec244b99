"""The greatest element of each message.

Example usage
-------------
    Pipeline(Samples(), Max(), Meter()).run()

How does it work?
-----------------
An empty collection raises an error in this component (ValueError).

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["Max"]


class Max(PureTransformer):
    """A transformer of each message, a collection, into max(message)."""

    sendsNone = True

    def processMessage(self, msg: Any) -> Any:
        """Return the greatest element of `msg`."""
        return max(msg)


__kamaelia_components__ = (Max,)
