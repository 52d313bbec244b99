"""The limits of a server on the sizes of requests, and on the time that a client may take."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Limits(name=value, ...): sizes in bytes, times in seconds; None: no limit.

    The time for a body grows with its length: a client that sends at least `bodyRate` bytes a
    second is never too slow.
    """

    targetSize: int = 8 * 1024  # the URL
    headerSize: int = 32 * 1024  # the request line and the header fields
    headerCount: int = 100
    bodySize: int | None = 64 * 1024 * 1024
    chunkLineSize: int = 8 * 1024  # the size of a chunk with its extensions; the trailer fields
    requests: int | None = 10_000  # on one connection
    headerTime: float = 20.0  # from the first byte of a request to the end of its header
    bodyTime: float = 20.0  # in addition to the time at `bodyRate`
    bodyRate: float = 500.0  # bytes a second
    idleTime: float = 75.0  # between two requests
    writeTime: float = 60.0  # for the peer to take data that waits
    unreadBody: int = 256 * 1024  # what is read and discarded so that the connection stays open
