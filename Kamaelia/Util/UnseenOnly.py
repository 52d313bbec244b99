"""Lets through what has not been let through before.

Example usage
-------------
    Pipeline(Names(), UnseenOnly(), ConsoleEchoer()).run()

How does it work?
-----------------
A set holds what has been seen.

Termination: as a PureTransformer's.
"""

from collections.abc import Hashable

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["UnseenOnly"]


class UnseenOnly(PureTransformer):
    """UnseenOnly() -> sends on each message, which must be hashable, the first time it comes.

    It remembers every message.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[Hashable] = set()

    def processMessage(self, msg: Hashable) -> Hashable:
        """`msg`, if it is new."""
        if msg in self.seen:
            return None
        self.seen.add(msg)
        return msg


__kamaelia_components__ = (UnseenOnly,)
