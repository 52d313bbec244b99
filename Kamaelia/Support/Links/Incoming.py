"""The reader's side of a link: repeats, gaps, and which message is done.

Example usage
-------------
    incoming = Incoming()
    incoming.begin(0)
    incoming.accept(frame, codec)           # from the transport
    for message in incoming.hand(10):
        handle(message)
        incoming.markDone(1)

How does it work?
-----------------
Messages have consecutive numbers. `last` is the number of the last one that has arrived, `handed`
of the last one that was handed out, and `done` of the last one that is done, in order.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from Kamaelia.Support.Counts import counted
from Kamaelia.Support.Links.Codecs import Codec
from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Support.Links.Frames import END, Frame


class Incoming:
    """Incoming(): the messages that arrive over a link."""

    def __init__(self) -> None:
        self.hasBegun = False
        self.last = self.handed = self.done = 0
        self.endKind: str | None = None  # of the end, once it has arrived
        self._end = 0  # its number
        self._arrived: deque[Any] = deque()

    def begin(self, position: int, endKind: str | None = None) -> None:
        """Continue after the message `position`, which is done; endKind: it was the end."""
        self.hasBegun = True
        self.last = self.handed = self.done = position
        if endKind is not None:
            self.endKind, self._end = endKind, position

    def accept(self, frame: Frame, codec: Codec, begin: int = 0) -> None:
        """Take a frame of kind DATA or END; `begin`: where its payload begins.

        Raise linkError for a gap or a damaged payload.
        """
        if frame.last <= self.last:
            return  # a repeat
        first = frame.last - frame.messages + 1
        if first > self.last + 1:
            raise linkError(f"message {first} follows message {self.last}: some are missing")
        if self.endKind is not None:
            raise linkError(f"message {frame.last} follows the end, which is number {self._end}")
        if frame.kind == END:
            self.endKind, self._end = frame.payload.decode("ascii", "replace"), frame.last
        else:
            messages = codec.split(frame.payload[begin:], frame.messages)
            self._arrived.extend(messages[self.last + 1 - first :])
        self.last = frame.last

    def waiting(self) -> int:
        """Return how many messages have arrived and were not handed out."""
        return len(self._arrived)

    def outstanding(self) -> int:
        """Return how many messages were handed out and are not done."""
        return self.handed - self.done

    def hand(self, most: int) -> list[Any]:
        """Return the next messages, `most` at the most."""
        arrived = self._arrived
        messages = [arrived.popleft() for _ in range(min(most, len(arrived)))]
        self.handed += len(messages)
        return messages

    def markDone(self, count: int) -> None:
        """Note that the next `count` messages that were handed out are done.

        Raise linkError if there are not so many.
        """
        if count > self.outstanding():
            raise linkError(
                f"{counted(count, 'message is', 'messages are')} said to be done, but only"
                f" {counted(self.outstanding(), 'was', 'were')}"
                " handed out and not done"
            )
        self.done += count

    def isAtEnd(self) -> bool:
        """Return whether the end has arrived and every message before it is done."""
        return self.endKind is not None and self.done >= self._end - 1

    def finish(self) -> None:
        """Note that the end is done."""
        self.handed = self.done = self._end

    def isFinished(self) -> bool:
        """Return whether the end is done."""
        return self.endKind is not None and self.done >= self._end
