"""A converter of any message to text.

Example usage
-------------
    Pipeline(Numbers(), Stringify(), Writer()).run()

How does it work?
-----------------
Bytes are decoded as UTF-8, and invalid bytes are replaced. Other objects are passed to str().

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["Stringify"]


class Stringify(PureTransformer):
    """A transformer of each message into a str: decoded bytes, or str(message)."""

    def __init__(self) -> None:
        super().__init__()

    def processMessage(self, msg: Any) -> str:
        """Return `msg` as a str."""
        return msg.decode("utf-8", "replace") if isinstance(msg, bytes) else str(msg)


__kamaelia_components__ = (Stringify,)
