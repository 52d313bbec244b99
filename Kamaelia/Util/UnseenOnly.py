"""A filter that removes duplicates.

Example usage
-------------
    Pipeline(Names(), UnseenOnly(), ConsoleEchoer()).run()

How does it work?
-----------------
A set contains all messages so far. It grows with each new message.

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

from collections.abc import Hashable

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["UnseenOnly"]


class UnseenOnly(PureTransformer):
    """A transformer that passes each message, which must be hashable, only the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[Hashable] = set()

    def processMessage(self, msg: Hashable) -> Hashable:
        """Return `msg` if it is new, else None."""
        if msg in self.seen:
            return None
        self.seen.add(msg)
        return msg


__kamaelia_components__ = (UnseenOnly,)
