"""A component that splits a stream, such as that of a socket or a file, into lines.

Example usage
-------------
    Pipeline(TCPClient("example.org", 25), LineReader(encoding="utf-8"), ConsoleEchoer()).run()
    Pipeline(MaxSpeedFileReader("log"), LineReader(), Grep(b"error"), capacity=100).run()

How does it work?
-----------------
A line may be distributed over several messages, and a message may contain several lines; each line
is one message to "outbox". A line that is longer than the limit is not sent: it is reported to
"error" with its beginning, and the reader continues after its end. So it keeps at most one line.

Termination: at a producerFinished, such as the end of a connection, after a last line that may
lack its end; or at a shutdownMicroprocess, at once.
"""

from __future__ import annotations

import codecs
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import errorInformation, producerFinished
from Kamaelia.Support.LineBuffer import LineBuffer, LongLine
from Kamaelia.Util.SendWithRoom import isToStop, sendAllWithRoom

__all__ = ["LineReader"]


class LineReader(component):
    """LineReader([limit][, encoding][, errors][, keepsEnds]): sends one line per message.

    limit: the most bytes of a line without its end; None for no limit. encoding: None to send
    bytes, or the encoding of the text to send; errors: what to do with bytes that are not text in
    it, as in bytes.decode(). keepsEnds: True to send each line with its end.
    A line ends with a line feed; a carriage return before it belongs to the end.
    Raises ValueError for a limit of less than 1 and for an encoding such as UTF-16, in which a line
    feed is not one byte, and LookupError for an unknown encoding.
    """

    Inboxes = {
        "inbox": "bytes, or text, of which lines are made",
        "control": "producerFinished: send the last line and end; shutdownMicroprocess: end now",
    }
    Outboxes = {
        "outbox": "a line as bytes, or as text if there is an encoding",
        "signal": "the shutdown message from control",
        "error": "errorInformation: a line that is too long or not text, with its beginning",
    }

    def __init__(
        self,
        limit: int | None = 65536,
        encoding: str | None = None,
        errors: str = "strict",
        keepsEnds: bool = False,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        if encoding is not None and "\n".encode(encoding) != b"\n":
            raise ValueError(f"in {encoding} a line feed is not one byte: decode the stream first")
        codecs.lookup_error(errors)
        self.limit = limit
        self.encoding = encoding
        self.errors = errors
        self.keepsEnds = keepsEnds
        # one more, because a carriage return belongs to the end
        self._lines = LineBuffer(b"\n", None if limit is None else checkedLimit(limit) + 1)

    def main(self) -> Generator[int, None, None]:
        while not isToStop(self):
            yield from self.waitForMessage()
            for message in self.Inbox():
                yield from sendAllWithRoom(self, self._messagesOf(self._linesOf(message)))
            if self._isInputOver():
                yield from sendAllWithRoom(self, self._messagesOf([self._lines.takeRest()]))
                break
        self.isShuttingDown()

    def _linesOf(self, message: Any) -> list[bytes | LongLine[bytes]]:
        try:
            if isinstance(message, str):
                message = message.encode(self.encoding or "utf-8")
            elif not isinstance(message, bytes | bytearray | memoryview):
                raise TypeError(f"lines are made of bytes or text, not {type(message).__name__}")
        except (TypeError, UnicodeEncodeError) as error:
            self._report(error, message)
            return []
        return self._lines.feed(bytes(message))

    def _messagesOf(self, lines: Iterable[bytes | LongLine[bytes]]) -> Iterator[Any]:
        """Generate the messages for lines; report those that cannot be sent, and omit b""."""
        for line in lines:
            text = line.beginning if isinstance(line, LongLine) else withoutEnd(line)
            if self.limit is not None and len(text) > self.limit:
                error = ValueError(f"a line is longer than {self.limit} bytes: set a higher limit=")
                self._report(error, text[: self.limit])
            elif line and self.encoding is None:
                yield line if self.keepsEnds else text
            elif line:
                yield from self._decoded(line if self.keepsEnds else text, self.encoding)

    def _decoded(self, text: Any, encoding: Any) -> tuple[str, ...]:
        """Return `text` in the form in which it is sent, or nothing after an error."""
        try:
            return (text.decode(encoding, self.errors),)
        except UnicodeDecodeError as error:
            self._report(error, text)
            return ()

    def _report(self, error: Exception, message: Any) -> None:
        self.send(errorInformation(self, error, message), "error")

    def _isInputOver(self) -> bool:
        """Return whether "control" holds a producerFinished, which stays there."""
        return any(isinstance(each, producerFinished) for each in self.inboxes["control"])


def checkedLimit(limit: int) -> int:
    """Return `limit`. Raises ValueError if it is less than 1."""
    if limit < 1:
        raise ValueError(f"the limit of a line must be at least 1, not {limit!r}")
    return limit


def withoutEnd(line: bytes) -> bytes:
    """Return a line without its end."""
    return line[:-2] if line.endswith(b"\r\n") else line.removesuffix(b"\n")


__kamaelia_components__ = (LineReader,)
