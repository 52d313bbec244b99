"""The writer's side of a link: numbers, frames, what is not confirmed yet, and the limits.

Example usage
-------------
    outgoing = Outgoing(codec, window=4096)
    outgoing.begin(0)                       # the link has no message yet
    isFull = outgoing.put("hello")
    frames = outgoing.take()                # for the transport
    outgoing.confirm(1)                     # the message is done at the far end

How does it work?
-----------------
Messages have consecutive numbers; the end has a number, too. A frame is kept until it is confirmed.
After a broken connection `resume(have)` puts everything behind `have` in line again, so that
nothing is lost even if the engine between the two ends has lost its data.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from Kamaelia.Support.Links.Codecs import Codec
from Kamaelia.Support.Links.Errors import linkError, notEncodable
from Kamaelia.Support.Links.Frames import DATA, END, MAXIMUM, Frame

FRAME = 256  # messages of a frame
LARGEST = MAXIMUM // 2  # bytes of a message
FRAME_BYTES = 1 << 18  # of a frame with more than one message


class Outgoing:
    """Outgoing(codec, window, windowBytes, frame, position): what a writer has to carry.

    window, windowBytes: how much may be unconfirmed. frame: the most messages of one frame.
    position: how many messages the source has already sent over this link. The first one then has
    the number position + 1, and the far end drops those that it has. None: the first message
    follows what the link has.
    """

    def __init__(
        self,
        codec: Codec,
        window: int = 4096,
        windowBytes: int = 64 << 20,
        frame: int = FRAME,
        position: int | None = None,
    ) -> None:
        self.codec = codec
        self._encode = codec.pack
        self.window, self.windowBytes = window, windowBytes
        self.position = position
        self.hasBegun = False
        self.last = self.confirmed = self._base = 0
        self._frame = frame
        self._pending: deque[bytes] = deque()  # messages without a number
        self._unconfirmed: deque[Frame] = deque()
        self._unsent: deque[Frame] = deque()
        self._bytes = 0  # of both
        self._accepted = 0  # messages that put() was given
        self._limit = window  # as many may be accepted before more are confirmed
        self._end: str | None = None  # its kind
        self._isEndNumbered = False

    # What the source adds

    def put(self, message: Any) -> bool:
        """Add a message; return whether the window is full. Raise notEncodable."""
        try:
            part = self._encode(message)
        except Exception:  # noqa: BLE001 - encode() raises what it means
            part = self.codec.encode(message)
        size = len(part)
        if size > LARGEST:
            raise notEncodable(f"a message of {size} bytes exceeds {LARGEST}")
        self._pending.append(part)
        self._bytes += size
        self._accepted += 1
        return self._accepted >= self._limit or self._bytes >= self.windowBytes

    def finish(self, kind: str) -> None:
        """Add the end, after everything that was put before."""
        self._end = kind

    # How much is done

    def done(self) -> int:
        """Return how many of the messages that were put are done at the far end."""
        done = self.confirmed - self._base
        return min(done, self._accepted)

    def accepted(self) -> int:
        """Return how many messages were put."""
        return self._accepted

    def hasRoom(self) -> bool:
        """Return whether the window is at most half full."""
        return (
            self._accepted - self.done() <= self.window // 2 and self._bytes * 2 <= self.windowBytes
        )

    def isDone(self) -> bool:
        """Return whether the end, and so every message, is done."""
        return self._isEndNumbered and not self._unconfirmed

    def endKind(self) -> str | None:
        """Return the kind of the end if it is done."""
        return self._end if self.isDone() else None

    # What the transport does

    def begin(self, have: int) -> None:
        """Number the messages: the link has `have` messages already."""
        self.hasBegun = True
        self._base = have if self.position is None else self.position
        self.last = self.confirmed = self._base

    def resume(self, have: int) -> None:
        """Take everything after `have` again: the connection is new, and the link has `have`."""
        if not self.hasBegun:
            self.begin(have)
        if have > self.last and self.position is None:
            raise linkError(
                f"the link has message {have}, but this writer has sent only {self.last}:"
                " another writer uses the link"
            )
        self._unsent = deque(frame for frame in self._unconfirmed if frame.last > have)

    def hasFrames(self) -> bool:
        """Return whether take() would return something."""
        mayEnd = self._end is not None and not self._isEndNumbered
        return bool(self._unsent or (self.hasBegun and (self._pending or mayEnd)))

    def take(self, most: int = 32) -> list[Frame]:
        """Return up to `most` frames to send now."""
        unsent = self._unsent
        if self.hasBegun:
            while self._pending and len(unsent) < most:
                self._pack()
        if self._end is not None and not self._pending and not self._isEndNumbered:
            self._isEndNumbered = True
            self.last += 1
            self._store(Frame(END, self.last, 1, self._end.encode("ascii")))
        if len(unsent) > most:
            return [unsent.popleft() for _ in range(most)]
        frames = list(unsent)
        unsent.clear()
        return frames

    def _pack(self) -> None:
        pending = self._pending
        if len(pending) > self._frame:
            parts = [pending.popleft() for _ in range(self._frame)]
        else:
            parts = list(pending)
            pending.clear()
        size = sum(map(len, parts))
        while size > FRAME_BYTES and len(parts) > 1:
            pending.appendleft(parts.pop())
            size -= len(pending[0])
        self.last += len(parts)
        payload = self.codec.join(parts)
        self._bytes += len(payload) - size
        self._store(Frame(DATA, self.last, len(parts), payload))

    def _store(self, frame: Frame) -> None:
        if frame.last <= self.confirmed:  # an earlier writer had sent it
            self._bytes -= len(frame.payload) if frame.kind == DATA else 0
            return
        self._unconfirmed.append(frame)
        self._unsent.append(frame)

    def confirm(self, number: int) -> None:
        """Note that all messages up to `number` are done. Raise linkError if it was never sent."""
        if number > self.last and self.position is None:
            raise linkError(f"the peer confirms message {number}, but only {self.last} were sent")
        self.confirmed = max(self.confirmed, number)
        self._limit = self.done() + self.window
        unconfirmed = self._unconfirmed
        while unconfirmed and unconfirmed[0].last <= self.confirmed:
            frame = unconfirmed.popleft()
            if frame.kind == DATA:
                self._bytes -= len(frame.payload)
            if self._unsent and self._unsent[0] is frame:
                self._unsent.popleft()

    def useCodec(self, codec: Codec) -> None:
        """Encode everything again, because the far end lacks the codec that was used."""
        before, self.codec, self._encode = self.codec, codec, codec.pack

        def again(payload: bytes, count: int) -> list[bytes]:
            return [codec.encode(message) for message in before.split(payload, count)]

        self._pending = deque(again(before.join([part]), 1)[0] for part in self._pending)
        self._unconfirmed = deque(
            frame._replace(payload=codec.join(again(frame.payload, frame.messages)))
            if frame.kind == DATA
            else frame
            for frame in self._unconfirmed
        )
        self._unsent = deque()  # resume() follows
        self._bytes = sum(map(len, self._pending)) + sum(
            len(frame.payload) for frame in self._unconfirmed if frame.kind == DATA
        )
