"""Flow control for received data: when to pause reading, and when to resume.

Example usage
-------------
    flow = ReadFlowControl(highWater=256 * 1024)
    if flow.exceedsLimits(len(data), waiting):      # `data` has just been added to `waiting`
        flow.isPaused = True
    ...
    if flow.isPaused and flow.mayResume(waiting):   # the receiver has taken something
        flow.isPaused = False

How does it work?
-----------------
The received data waits as messages in the inbox of the receiver. Reading pauses above the
high-water mark and resumes at half of it. The bytes are added up only when an upper bound
exceeds the high-water mark, so a receiver that keeps up costs nothing. Data that the inbox
does not accept, or that arrives after reading was paused, is stored here and comes first later.
"""

from __future__ import annotations

from collections.abc import Collection

MOST_MESSAGES = 256  # that may wait, however short they are


class ReadFlowControl:
    """ReadFlowControl(highWater[, mostMessages]): limits on the messages that wait unread.

    highWater: bytes. mostMessages: the limit on their number.
    """

    __slots__ = ("_upperBound", "highWater", "isPaused", "mostMessages", "stored")

    def __init__(self, highWater: int, mostMessages: int = MOST_MESSAGES) -> None:
        self.highWater = highWater
        self.mostMessages = mostMessages
        self.isPaused = False
        self.stored: bytes | None = None  # received, but not delivered yet
        self._upperBound = 0  # bytes: no fewer than were delivered and are unread

    def exceedsLimits(self, size: int, waiting: Collection[object]) -> bool:
        """Return whether reading must pause now that `size` more bytes are in `waiting`.

        Call it after each delivery that did not find `waiting` empty.
        """
        self._upperBound += size
        # At two messages the first one has not been counted: it was delivered into an empty inbox.
        if self._upperBound > self.highWater or len(waiting) <= 2:
            self._upperBound = bytesIn(waiting)
        return self._upperBound > self.highWater or len(waiting) > self.mostMessages

    def mayResume(self, waiting: Collection[object]) -> bool:
        """Return whether at most half of what may wait is in `waiting`."""
        return len(waiting) * 2 <= self.mostMessages and bytesIn(waiting) * 2 <= self.highWater

    def store(self, data: bytes) -> None:
        """Store `data`, which cannot be delivered now, behind what is stored already; pause."""
        self.stored = data if self.stored is None else self.stored + data
        self.isPaused = True

    def reset(self) -> None:
        """Drop the stored data, and start again as at the beginning."""
        self.stored, self.isPaused, self._upperBound = None, False, 0


def bytesIn(messages: Collection[object]) -> int:
    """Return the total length of the messages that are bytes."""
    return sum(len(message) for message in messages if isinstance(message, bytes))
