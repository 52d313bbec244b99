"""Gives each message a file name.

Example usage
-------------
    Pipeline(Pictures(), ChunkNamer("out/", ".png"), WholeFileWriter()).run()

How does it work?
-----------------
The names count up from "chunk1", between what comes before it and what comes after it.

Termination: as a PureTransformer's.
"""

from itertools import count
from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["ChunkNamer"]


class ChunkNamer(PureTransformer):
    """ChunkNamer([basepath][, suffix]) -> sends [name, message] for each message."""

    Inboxes = {"inbox": "contents, of any kind", "control": "when to stop"}
    Outboxes = {"outbox": "lists: [file name, contents]", "signal": "whatever ended it"}

    def __init__(self, basepath: str = "", suffix: str = "") -> None:
        super().__init__()
        self.basepath = basepath
        self.suffix = suffix
        self.numbers = count(1)

    def processMessage(self, msg: Any) -> list[Any]:
        """`msg` with the next name."""
        return [f"{self.basepath}chunk{next(self.numbers)}{self.suffix}", msg]


__kamaelia_components__ = (ChunkNamer,)
