"""A cutter of text into lines.

Example usage
-------------
    Pipeline(TCPClient("localhost", 1500), chunks_to_lines(), lines_to_tokenlists(), Show()).run()

How does it work?
-----------------
Bytes are decoded as UTF-8, even if a character is split between messages. Carriage returns are
removed. A line that has begun is kept until its end arrives.

Termination: at a producerFinished, after the last line, which may lack a line end, or at a
shutdownMicroprocess at once. A line of more than `limit` characters ends it with a producerFinished
whose message is the error.
"""

import codecs
from collections.abc import Iterable

from Kamaelia.Support.LineBuffer import LineBuffer, LongLine
from Kamaelia.Util.StreamTransformer import StreamTransformer

__all__ = ["chunks_to_lines"]


class chunks_to_lines(StreamTransformer):
    """A component that sends each line of text without its line end."""

    Inboxes = {"inbox": "str or bytes, cut at any places", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "str: one line each",
        "error": "errorInformation: a line is too long",
        "signal": "the shutdown message from control, or producerFinished with an error",
    }

    limit = 1 << 20  # characters

    def __init__(self, **argd: int) -> None:
        super().__init__(**argd)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines: LineBuffer[str] = LineBuffer("\n", self.limit)

    def transform(self, message: str | bytes) -> Iterable[str]:
        """Generate the lines that end in this message."""
        text = message if isinstance(message, str) else self._decoder.decode(bytes(message))
        for line in self._lines.feed(text.replace("\r", "")):
            yield self._checked(line).removesuffix("\n")

    def finish(self) -> Iterable[str]:
        """Generate the last line, if it lacks a line end and is not cut short by an error."""
        yield from self.transform(self._decoder.decode(b"", final=True))
        rest = self._checked(self._lines.takeRest())
        if rest and not self.isBroken:
            yield rest

    def _checked(self, line: str | LongLine[str]) -> str:
        if isinstance(line, LongLine):
            raise ValueError(f"a line is longer than {self.limit} characters")
        return line


__kamaelia_components__ = (chunks_to_lines,)
