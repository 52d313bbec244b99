"""Makes text of anything.

Example usage
-------------
    Pipeline(Numbers(), Stringify(), Writer()).run()

How does it work?
-----------------
Bytes become their repr, as str() makes of them: decode them where they are text.

Termination: as a PureTransformer's.
"""

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["Stringify"]


class Stringify(PureTransformer):
    """Stringify() -> sends str(message) for each message."""

    def __init__(self) -> None:
        super().__init__()

    def processMessage(self, msg: Any) -> str:
        """`msg` as text."""
        return str(msg)
