"""A file name for each message.

Example usage
-------------
    Pipeline(Pictures(), ChunkNamer("out/", ".png"), WholeFileWriter()).run()

How does it work?
-----------------
The names are "chunk1", "chunk2" and so on, between `basepath` and `suffix`.

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

from itertools import count
from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["ChunkNamer"]


class ChunkNamer(PureTransformer):
    """A transformer of each message into the list [file name, message]."""

    Inboxes = {"inbox": "anything: the contents of a file", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "lists: [file name, contents]",
        "signal": "the shutdown message from control",
    }

    def __init__(self, basepath: str = "", suffix: str = "") -> None:
        super().__init__()
        self.basepath = basepath
        self.suffix = suffix
        self.numbers = count(1)

    def processMessage(self, msg: Any) -> list[Any]:
        """Return the list of the next name and `msg`."""
        return [f"{self.basepath}chunk{next(self.numbers)}{self.suffix}", msg]


__kamaelia_components__ = (ChunkNamer,)
