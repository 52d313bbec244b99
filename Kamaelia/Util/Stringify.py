"""Makes text of anything.

Example usage
-------------
    Pipeline(Numbers(), Stringify(), Writer()).run()

How does it work?
-----------------
Bytes are taken for UTF-8; what is none is replaced. All else is for str().

Termination: as a PureTransformer's.
"""

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["Stringify"]


class Stringify(PureTransformer):
    """Stringify() -> sends the text of each message: str(message), or bytes decoded."""

    def __init__(self) -> None:
        super().__init__()

    def processMessage(self, msg: Any) -> str:
        """`msg` as text."""
        return msg.decode("utf-8", "replace") if isinstance(msg, bytes) else str(msg)


__kamaelia_components__ = (Stringify,)
