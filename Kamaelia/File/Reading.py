"""Components that read a file: on request, at a rate, or line by line.

Example usage
-------------
    Pipeline(SimpleReader("/etc/fstab"), ConsoleEchoer()).run()
    Pipeline(RateControlledFileReader("song", rate=16000, chunkrate=4), Player()).run()
    Pipeline(DataSource([10, 20]), PromptedFileReader("data"), ConsoleEchoer()).run()

How does it work?
-----------------
The file is read in a thread; a pipe is read when it has data. A reader waits while the inbox of its
consumer is full. The reusable readers are Carousels: a message to "next" names the next file.

Termination: at the end of the file, with a producerFinished, whose `message` is an OSError if the
file could not be read; or at a shutdownMicroprocess. A producerFinished does not interrupt a
reader, because a Carousel passes one on to the reader of its last file.
"""

from __future__ import annotations

import codecs
import errno
import io
from collections import deque
from collections.abc import Generator
from itertools import takewhile
from os import PathLike
from typing import Any

from Kamaelia.Chassis.Carousel import Carousel
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.File.FileComponent import filecomponent
from Kamaelia.File.InputFile import InputFile
from Kamaelia.Support.LineBuffer import LineBuffer, LongLine
from Kamaelia.Util.RateFilter import ByteRate_RequestControl
from Kamaelia.Util.SendWithRoom import isToStop

__all__ = [
    "EOF",
    "FixedRateControlledReusableFileReader",
    "PromptedFileReader",
    "RateControlledFileReader",
    "RateControlledReusableFileReader",
    "ReusableFileReader",
    "SimpleReader",
]

PIECE = 65536  # bytes per read, where lines are wanted
REQUESTS = 100  # that may wait for a reader before the source of the requests is held

Path = str | bytes | PathLike[str]


class EOF(Exception):
    """The end of a file. A historical name, which is never raised."""


class FileDecoder:
    """FileDecoder(filename[, encoding][, errors]): turns the bytes of a file into text, in pieces.

    Each line of the text ends with a line feed. Raises OSError for bytes that are not text.
    """

    def __init__(self, filename: Path, encoding: str = "utf-8", errors: str = "strict") -> None:
        self.filename = filename
        self.encoding = encoding
        bare = codecs.getincrementaldecoder(encoding)(errors)
        self._decode = io.IncrementalNewlineDecoder(bare, translate=True).decode

    def decoded(self, piece: bytes, isLast: bool = False) -> str:
        """Return the text that is complete with this piece."""
        try:
            return self._decode(piece, isLast)
        except UnicodeDecodeError as error:
            raise unusableFile(
                self.filename, f"it is not text in {self.encoding}: {error.reason}"
            ) from error


def unusableFile(filename: Path, reason: str) -> OSError:
    """Return an error about the content of a file."""
    return OSError(errno.EILSEQ, reason, filename)


class PromptedFileReader(filecomponent):
    """PromptedFileReader(filename[, readmode]): sends as much of a file as it is asked for.

    readmode: "bytes" to send bytes, or "lines" to send lines of text in UTF-8, n lines as one
    message. A file of lines that is not text ends the reader with an OSError. Raises ValueError
    for another mode.
    """

    Inboxes = {
        "inbox": "int: how many bytes or lines to read",
        "control": "shutdownMicroprocess: end now",
    }
    Outboxes = {
        "outbox": "bytes or text for a request; less than requested at the end, and from a pipe",
        "signal": "producerFinished, or the shutdownMicroprocess from control",
        "error": "errorInformation: a request that is not a number of 0 or more",
    }

    def __init__(self, filename: Path, readmode: str = "bytes") -> None:
        if readmode not in ("bytes", "lines"):
            raise ValueError(f"readmode must be 'bytes' or 'lines', not {readmode!r}")
        super().__init__()
        self.filename = filename
        self.readmode = readmode
        self._file = InputFile(self, filename)
        self._decoder = FileDecoder(filename)
        self._buffer: LineBuffer[Any] = LineBuffer("\n")
        self._lines: deque[Any] = deque()  # read, and not yet requested

    def work(self) -> Generator[int, None, None]:
        yield from self._file.open()
        read: Any = self._file.read if self.readmode == "bytes" else self._readLines
        while not isToStop(self):
            if not self.dataReady():
                yield from self.waitForMessage()
            elif number := self._requested(self.recv()):
                data = yield from read(number)
                if not data:
                    return
                yield from self.deliverWithRoom(data)

    def _requested(self, message: Any) -> int:
        """Return the number in a request, or 0 for one that is reported to "error"."""
        try:
            number = int(message)
            if number < 0:
                raise ValueError(f"a request must be 0 or more, not {number}")
        except (TypeError, ValueError, OverflowError) as error:
            self.reportError(error, message)
            return 0
        return number

    def _readLines(self, number: int) -> Generator[int, None, str]:
        lines = self._lines
        while len(lines) < number:
            piece = yield from self._file.readAhead(PIECE)
            lines.extend(self._buffer.feed(self._decoder.decoded(piece, not piece)))
            if not piece:
                lines.append(self._buffer.takeRest())
                break
        return "".join(lines.popleft() for _ in range(min(number, len(lines))))

    def release(self) -> None:
        self._file.close()


class SimpleReader(filecomponent):
    """SimpleReader(filename[, mode][, encoding][, errors][, limit]): sends a file line by line.

    mode: "r" to send text, in which each line ends with a line feed; "rb" to send bytes. encoding
    and errors: how bytes become text, UTF-8 and "strict". limit: the most characters (bytes in
    mode "rb") of a line without its end; None for no limit. A file that has a longer line, or is
    not text, ends the reader with an OSError. Raises ValueError for a mode that does not read.
    """

    Inboxes = {"inbox": "not used", "control": "shutdownMicroprocess: end now"}
    Outboxes = {
        "outbox": "a line, with its end: text, or bytes in mode rb",
        "signal": "producerFinished, or the shutdownMicroprocess from control",
    }

    mode = "r"
    buffering = 1  # a historical setting without effect
    encoding = "utf-8"  # of the text, unless the mode is binary
    errors = "strict"
    limit: int | None = None

    def __init__(self, filename: Path, **argd: Any) -> None:
        super().__init__(**argd)
        if self.mode not in ("r", "rb", "rt", "br", "rU"):
            raise ValueError(f"{self.mode!r} is no mode to read a file: use 'r' or 'rb'")
        self.filename = filename
        self._file = InputFile(self, filename)

    def work(self) -> Generator[int, None, None]:
        yield from self._file.open()
        isText = "b" not in self.mode
        lines: LineBuffer[Any] = LineBuffer("\n" if isText else b"\n", self.limit)
        decoder = FileDecoder(self.filename, self.encoding, self.errors)
        while piece := (yield from self._file.readAhead(PIECE)):
            yield from self._sendLines(lines.feed(decoder.decoded(piece) if isText else piece))
        if isText:
            yield from self._sendLines(lines.feed(decoder.decoded(b"", isLast=True)))
        if rest := lines.takeRest():
            yield from self._sendLines([rest])

    def _sendLines(self, lines: list[Any]) -> Generator[int, None, None]:
        if self.limit is None or not any(isinstance(line, LongLine) for line in lines):
            yield from self.deliverAll(lines)
            return
        yield from self.deliverAll(takewhile(lambda line: not isinstance(line, LongLine), lines))
        reason = f"it has a line of more than limit={self.limit} characters"
        raise unusableFile(self.filename, reason)

    def release(self) -> None:
        self._file.close()


def RateControlledFileReader(filename: Path, readmode: str = "bytes", **rateargs: Any) -> Graphline:
    """Return a component that reads `filename` at a rate.

    readmode: as for a PromptedFileReader; rateargs: as for a ByteRate_RequestControl.
    """
    return Graphline(
        RC=ByteRate_RequestControl(**rateargs),
        RFA=PromptedFileReader(filename, readmode),
        linkages={
            ("RC", "outbox"): ("RFA", "inbox"),
            ("RFA", "outbox"): ("self", "outbox"),
            ("RFA", "signal"): ("RC", "control"),
            ("RC", "signal"): ("self", "signal"),
            ("self", "control"): ("RFA", "control"),
        },
        capacity=REQUESTS,
    )


def ReusableFileReader(readmode: str) -> Carousel:
    """Return a Carousel of PromptedFileReaders: send a filename to "next", requests to "inbox"."""
    return Carousel(lambda filename: PromptedFileReader(filename, readmode))


def RateControlledReusableFileReader(readmode: str) -> Carousel:
    """Return a Carousel of RateControlledFileReaders: send (filename, rateargs) to "next"."""

    def reader(request: tuple[Path, dict[str, Any]]) -> Graphline:
        filename, rateargs = request
        return RateControlledFileReader(filename, readmode, **rateargs)

    return Carousel(reader)


def FixedRateControlledReusableFileReader(readmode: str = "bytes", **rateargs: Any) -> Graphline:
    """Return a component that reads one file after another at a rate.

    Send a filename to "next" or "inbox" for the next file; "requestNext" asks for one.
    """
    return Graphline(
        RC=ByteRate_RequestControl(**rateargs),
        CAR=ReusableFileReader(readmode),
        linkages={
            ("self", "inbox"): ("CAR", "next"),
            ("self", "next"): ("CAR", "next"),
            ("self", "control"): ("CAR", "control"),
            ("RC", "outbox"): ("CAR", "inbox"),
            ("CAR", "outbox"): ("self", "outbox"),
            ("CAR", "requestNext"): ("self", "requestNext"),
            ("CAR", "signal"): ("RC", "control"),
            ("RC", "signal"): ("self", "signal"),
        },
    )


__kamaelia_components__ = (PromptedFileReader, SimpleReader)
__kamaelia_prefabs__ = (
    RateControlledFileReader,
    ReusableFileReader,
    RateControlledReusableFileReader,
    FixedRateControlledReusableFileReader,
)
