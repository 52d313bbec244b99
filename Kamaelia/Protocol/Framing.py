"""Frames and chunks: messages with a tag and a length, and marks between them in a stream.

Example usage
-------------
    Pipeline(Source(), Framer(), DataChunker(), TCPClient("localhost", 1500)).run()
    Pipeline(SingleServer(port=1500), DataDeChunker(), DeFramer(), Show()).run()

How does it work?
-----------------
A Framer takes pairs (tag, data), and a DeFramer returns them. A DataChunker puts a sync message
before each message, and a DataDeChunker finds the messages in a stream that is cut at any places
and has lost some. Kamaelia.Support.Protocol.Framing has the formats and does the work. Invalid data
is discarded, and an errorInformation is sent to "error".

Termination: at a producerFinished, after the messages that arrived before it, or at a
shutdownMicroprocess. The last chunk of a stream counts as complete at a producerFinished, unless
that reports an error.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import Any

from Axon.AxonExceptions import noSpaceInBox
from Axon.Ipc import errorInformation
from Kamaelia.Support.Protocol.Framing import (
    SYNC_MESSAGE,
    ChunkCutter,
    CorruptFrame,
    IncompleteChunk,
    ShortFrame,
    SimpleFrame,
    checkedSyncMessage,
    decodeChunk,
    encodeChunk,
)
from Kamaelia.Util.StreamTransformer import StreamTransformer

__all__ = [
    "CorruptFrame",
    "DataChunker",
    "DataDeChunker",
    "DeFramer",
    "Framer",
    "IncompleteChunk",
    "ShortFrame",
    "SimpleFrame",
]


class Framer(StreamTransformer):
    """A component that sends a frame for each pair (tag, data).

    A tag that is not one word is an error of the sender, and ends the component.
    """

    Inboxes = {"inbox": "(tag, data): one word or a number; bytes or str", "control": "shutdown"}
    Outboxes = {
        "outbox": "a frame, bytes or str like the data",
        "error": "errorInformation: the tag is not one word",
        "signal": "the shutdown message from control, or producerFinished with an error",
    }

    def transform(self, message: Any) -> Iterable[bytes | str]:
        """Return the frame."""
        tag, data = message
        frame = SimpleFrame(tag, data)
        return (str(frame) if isinstance(data, str) else bytes(frame),)


class _Receiver(StreamTransformer):
    """A component that reports the invalid parts of what it receives."""

    def report(self, error: ValueError, message: Any = None) -> None:
        """Send an errorInformation to "error", unless that is full."""
        with suppress(noSpaceInBox):
            self.send(errorInformation(self, error, message), "error")


class DeFramer(_Receiver):
    """A component that sends the pair (tag, data) of each frame."""

    Inboxes = {"inbox": "a frame, bytes or str", "control": "shutdown"}
    Outboxes = {
        "outbox": "(tag, data): a number or str; bytes or str like the frame",
        "error": "errorInformation for each frame that was discarded: CorruptFrame or ShortFrame",
        "signal": "the shutdown message from control",
    }

    def transform(self, message: bytes | str) -> Iterable[tuple[Any, Any]]:
        """Return the content of the frame."""
        try:
            return (SimpleFrame.fromString(message, isExact=True),)
        except (CorruptFrame, ShortFrame) as error:
            self.report(error, message)
            return ()


class DataChunker(StreamTransformer):
    """A component that sends each message as a chunk.

    syncmessage: str or bytes. Raises ValueError for one that could occur in escaped data.
    """

    Inboxes = {"inbox": "messages, bytes or str", "control": "shutdown"}
    Outboxes = {
        "outbox": "chunks, bytes or str like the messages",
        "signal": "the shutdown message from control",
    }

    def __init__(self, syncmessage: str | bytes = SYNC_MESSAGE) -> None:
        super().__init__()
        checkedSyncMessage(syncmessage)
        self.syncmessage = syncmessage

    def transform(self, message: bytes | str) -> Iterable[Any]:
        """Return the chunk."""
        return (self.encodeChunk(message),)

    def encodeChunk(self, message: bytes | str) -> Any:
        """Return the message as a chunk."""
        return encodeChunk(message, self.syncmessage)


class DataDeChunker(_Receiver):
    """A component that sends the message of each chunk in a stream.

    syncmessage: as in the DataChunker. limit: the length of a chunk in bytes, at most; longer ones
    are discarded.
    """

    Inboxes = {
        "inbox": "the stream in pieces of any size, bytes or str",
        "flush": "anything: the last chunk is complete",
        "control": "shutdown",
    }
    Outboxes = {
        "outbox": "messages, bytes or str like the stream",
        "error": "errorInformation for each part that was discarded: IncompleteChunk",
        "signal": "the shutdown message from control",
    }

    limit = 1 << 24  # bytes

    def __init__(self, syncmessage: str | bytes = SYNC_MESSAGE, **argd: Any) -> None:
        super().__init__(**argd)
        self.syncmessage = syncmessage
        self.cutter = ChunkCutter(syncmessage, self.limit)

    def transform(self, message: bytes | str) -> Iterable[Any]:
        """Return the messages that end in this piece of the stream."""
        return self._messagesIn(self.cutter.feed(message))

    def finish(self) -> Iterable[Any]:
        """Return the last message, unless it may be cut short."""
        return () if self.isBroken else self._messagesIn(self.cutter.flush())

    def decodeChunk(self, chunk: bytes | str) -> Any:
        """Return the message of a chunk. Raises IncompleteChunk."""
        return decodeChunk(chunk, self.syncmessage)

    def attend(self) -> Generator[int, None, None]:
        """Obey "flush"."""
        for _ in self.Inbox("flush"):
            yield from self.sendEach(self.finish())

    def _messagesIn(self, results: Iterable[Any]) -> list[Any]:
        messages = []
        for each in results:
            if isinstance(each, IncompleteChunk):
                self.report(each)
            else:
                messages.append(each)
        return messages


__kamaelia_components__ = (Framer, DeFramer, DataChunker, DataDeChunker)
