"""A component that sends a request to a connection, piece by piece.

Example usage
-------------
    sender = PieceSender([head, body])
    self.link((sender, "outbox"), (connection, "inbox"))

How does it work?
-----------------
The connection holds a component that sends to it while the server does not read. This component
is held instead of the client, which can meanwhile read an early response and notice a timeout.

Termination: after the last piece, or at shutdownMicroprocess.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable

from Axon.Component import component
from Kamaelia.Util.SendWithRoom import sendWithRoom

PIECE = 64 * 1024  # bytes


class PieceSender(component):
    """PieceSender(pieces): sends bytes (or text, as UTF-8) in order, at most 64 KiB at a time."""

    Inboxes = {"inbox": "not used", "control": "shutdownMicroprocess: stop"}
    Outboxes = {"outbox": "the pieces", "signal": "not used"}

    def __init__(self, pieces: str | bytes | Iterable[str | bytes]) -> None:
        super().__init__()
        self.pieces = [pieces] if isinstance(pieces, str | bytes) else pieces
        self.count = 0  # pieces that have been sent

    def main(self) -> Generator[int, None, None]:
        for piece in self.pieces:
            data = piece.encode() if isinstance(piece, str) else piece
            for start in range(0, len(data), PIECE):
                if not (yield from sendWithRoom(self, data[start : start + PIECE])):
                    return
                self.count += 1


__kamaelia_components__ = (PieceSender,)
