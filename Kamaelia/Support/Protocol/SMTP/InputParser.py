"""The parser of an SMTP client's input: commands, texts, their ends and faults.

Example usage: see Kamaelia.Support.Protocol.SMTP.Session, whose Session is a Listener.

How does it work?

feed() takes bytes, next() returns one event at a time: a known command as the list of its words,
a piece of a text as bytes, and an object for anything else. A call of next() means that the last
event has been answered, and so does answer(). Bytes that arrive in between were sent before
the answer. A client that was not offered PIPELINING is refused for them, because they may not
be meant as commands (RFC 2920, RFC 5321 section 4.1.1.4). A mail is judged by its own octets,
and what follows its final dot is judged afterwards.

The octets of a chunk (BDAT) are never commands. They are text if the mail is accepted, and
are dropped otherwise; then the mail is dropped, too, so that its other chunks are refused.

Termination: once `breakConnection` is true, all further input is ignored.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from Kamaelia.Support.Protocol.SMTP.Chunks import (
    BAD_CHUNK,
    CHUNKS_FIRST,
    NOT_BETWEEN_CHUNKS,
    Chunk,
    ChunkScanner,
    readChunk,
)
from Kamaelia.Support.Protocol.SMTP.CommandLog import CommandLog
from Kamaelia.Support.Protocol.SMTP.Line import commandOf, firstOf, lineAt
from Kamaelia.Support.Protocol.SMTP.Reply import Reply
from Kamaelia.Support.Protocol.SMTP.TextScanner import TextScanner

TOO_EARLY: Final = Reply(503, "5.5.0 Wait for the answer before the next command", closes=True)
UNKNOWN: Final = Reply(500, "5.5.1 Command not understood", isMistake=True)

# The text of a session before its first mail; it takes nothing.
NO_TEXT: Final = TextScanner()

# With so many unread octets, the component should stop reading; see isFull.
FULL: Final = 65536


class InputRefused(NamedTuple):
    """Input that is refused: send this reply, which may close the connection."""

    reply: Reply


class ChunkEnded(NamedTuple):
    """A chunk has arrived and is not the last; the answer to its BDAT is due.

    `refusal` is the reply if the mail must be refused, or None.
    """

    refusal: Reply | None


class TextEnded:
    """The final dot, or the last chunk, has arrived.

    `refusal` is the reply if the mail must be refused, or None. Each mail has one of these, so it
    is no NamedTuple, which takes five times as long to make.
    """

    __slots__ = ("isEightBit", "refusal", "size")

    def __init__(self, refusal: Reply | None, size: int, isEightBit: bool) -> None:
        self.refusal = refusal
        self.size = size
        self.isEightBit = isEightBit

    def __repr__(self) -> str:
        return f"TextEnded({self.refusal!r}, {self.size}, {self.isEightBit})"


# The words of a known command, or octets of a text, or what they say: most events need no object.
TextEvent = bytes | InputRefused | ChunkEnded | TextEnded
ClientEvent = list[str] | TextEvent


class InputParser:
    """InputParser(): takes bytes in feed(), returns events from next(). Subclasses have verbs."""

    # Python reads other attributes slowly if there are more than 30; Session adds many.
    __slots__ = (
        "breakConnection",
        "buffer",
        "chunk",
        "gettingdata",
        "hasInput",
        "heard",
        "isOpen",
        "isSkipping",
        "isStrict",
        "log",
        "mayEndWithLF",
        "mayPipeline",
        "mustWait",
        "position",
        "spokeEarly",
        "stage",
        "text",
    )

    def __init__(self) -> None:
        self.buffer = b""
        self.position = 0
        self.hasInput = False  # whether next() may return an event before more bytes arrive
        self.isOpen = False  # until the greeting, and again between STARTTLS and TLS
        self.mustWait = False
        self.spokeEarly = False
        self.breakConnection = False
        self.gettingdata = False
        self.isSkipping = False  # what arrives next belongs to a refused line or chunk
        self.chunk: Chunk | None = None  # whose octets arrive next
        self.text: TextScanner | ChunkScanner = NO_TEXT
        self.stage = "CONNECT"  # what arrived last: a verb, TEXT or UNKNOWN
        self.heard = b""  # the line of that command, or the start of a malformed one
        self.log = CommandLog()  # of the known commands
        self.mayPipeline = False  # whether the client may send the next command before the answer
        self.isStrict = True  # whether a mistake closes the connection
        self.mayEndWithLF = False  # whether a bare LF ends a command, too

    def mayFollow(self, verb: str) -> bool | None:
        """Return whether bytes may follow this verb's line at once; None for an unknown verb."""
        raise NotImplementedError

    def reset(self) -> None:
        """Drop the mail in progress."""
        raise NotImplementedError

    def feed(self, data: bytes) -> None:
        """Take bytes that have arrived. Bytes that arrive too early are dropped and noted."""
        if self.breakConnection or not data:
            return
        self.hasInput = True
        if self.mustWait or not self.isOpen:
            self.spokeEarly = True
            return
        self.buffer = self.buffer[self.position :] + data if self.buffer else data
        self.position = 0

    @property
    def unread(self) -> int:
        """The number of octets that next() has not taken."""
        return len(self.buffer) - self.position

    @property
    def isFull(self) -> bool:
        """Whether reading should stop until next() has returned None."""
        return len(self.buffer) - self.position > FULL

    def next(self) -> ClientEvent | None:
        """Return the next event, or None if more bytes are needed."""
        self.mustWait = False
        event: ClientEvent | None = None
        if self.breakConnection:
            self.forget()
        elif self.isOpen:
            if self.spokeEarly:
                event = self._refuse(TOO_EARLY)
            elif self.gettingdata:
                text = self.text
                if isinstance(text, TextScanner):
                    event = self._takeText(text)
                else:
                    event = self._takeChunk(text)
            elif self.position < len(self.buffer):
                event = self._takeLine()
        if event is None:
            self.hasInput = False
        elif isinstance(event, list):
            self.log.add(self.heard)
        return event

    def forget(self) -> None:
        """Drop all unread octets."""
        self.buffer = b""
        self.position = 0

    def _refuse(self, reply: Reply) -> InputRefused:
        self.breakConnection = self.isStrict or not reply.isMistake
        return InputRefused(reply)

    def _takeLine(self) -> list[str] | InputRefused | None:
        if self.isSkipping and not self._skip():
            return None
        start = self.position
        line, self.position = lineAt(self.buffer, start, self.mayEndWithLF)
        if line is None:
            return None
        if isinstance(line, Reply):
            self.heard = firstOf(self.buffer, start)
            self.stage = self._stageOf(commandOf(self.heard)[0])
            self.isSkipping = True
            return self._refuse(line)
        self.heard = line
        verb, words = commandOf(line)
        mayFollow = self.mayFollow(verb)
        if verb == "BDAT" and not self._beginChunk(words):
            return self._refuse(BAD_CHUNK)
        if mayFollow is not None:
            self.stage = verb
            event: list[str] | InputRefused = words
        else:
            self.stage = "UNKNOWN"
            if self.isStrict:
                return self._refuse(UNKNOWN)
            mayFollow = self.mayPipeline
            event = InputRefused(UNKNOWN)
        if self.position == len(self.buffer):
            self.buffer, self.position = b"", 0
            self.hasInput = verb == "BDAT"  # a chunk of no octets has arrived with its line
        elif not mayFollow:
            return self._refuse(TOO_EARLY)
        self.mustWait = not mayFollow
        return event

    def _beginChunk(self, words: list[str]) -> bool:
        """Expect the octets of a chunk; they are dropped unless its text is accepted."""
        self.chunk = readChunk(words)
        self.isSkipping = self.chunk is not None
        return self.isSkipping

    def _skip(self) -> bool:
        """Drop what belongs to a refused line or chunk; return whether more follows it."""
        return self._skipBadLine() if self.chunk is None else self._skipChunk(self.chunk)

    def _skipChunk(self, chunk: Chunk) -> bool:
        """Drop the rest of a refused chunk, and then its mail; return whether more follows it."""
        self._takeOctets(chunk)
        if not chunk.isTaken:
            return False
        self._endChunk()
        self.reset()
        return self.position < len(self.buffer)

    def _takeOctets(self, chunk: Chunk) -> bytes:
        """Return the octets of the chunk that have arrived."""
        octets = self.buffer[self.position : self.position + chunk.left]
        self.position += len(octets)
        if self.position == len(self.buffer):
            self.forget()
        chunk.left -= len(octets)
        chunk.isTaken = not chunk.left
        return octets

    def _endChunk(self) -> None:
        self.chunk = None
        self.isSkipping = False

    def _skipBadLine(self) -> bool:
        """Drop the rest of a refused line; return whether more follows it.

        The line ends only at CRLF: what follows a bare LF is not a command.
        """
        end = self.buffer.find(b"\r\n", self.position)
        if end < 0:
            self.buffer, self.position = (b"\r" if self.buffer.endswith(b"\r") else b""), 0
            return False
        self.isSkipping = False
        self.position = end + 2
        return self.position < len(self.buffer)

    def _stageOf(self, verb: str) -> str:
        return verb if self.mayFollow(verb) is not None else "UNKNOWN"

    def _takeText(self, text: TextScanner) -> bytes | TextEnded | None:
        self.stage = "TEXT"
        if self.position < len(self.buffer) and not text.hasEnded:
            chunk = text.take(self.buffer[self.position :])
            self.buffer, self.position = text.rest, 0
            if chunk:
                return chunk
        return self._end() if text.hasEnded else None

    def _takeChunk(self, text: ChunkScanner) -> ClientEvent | None:
        """Return the event of a chunk, or of a command between two of them."""
        chunk = self.chunk
        if chunk is None:
            return self._takeLineBetweenChunks() if self.unread else None
        self.stage = "TEXT"
        if not chunk.isTaken:
            octets = self._takeOctets(chunk)
            isLast = chunk.isLast and chunk.isTaken
            passed = text.take(octets, isLast) if octets or isLast else b""
            if passed:
                return passed
            if not chunk.isTaken:
                return None
        self._endChunk()
        if text.hasEnded:
            return self._end()
        self._expectAnswer()
        return ChunkEnded(text.refusal())

    def _takeLineBetweenChunks(self) -> list[str] | InputRefused | None:
        event = self._takeLine()
        if isinstance(event, list) and self.stage in NOT_BETWEEN_CHUNKS:
            return self._refuse(CHUNKS_FIRST)
        return event

    def _end(self) -> TextEnded:
        """Report the end of the text."""
        self.gettingdata = False
        self._expectAnswer()
        return TextEnded(self.text.refusal(), self.text.size, self.text.isEightBit)

    def _expectAnswer(self) -> None:
        """Expect nothing before the answer. Octets that may not precede it are refused after it."""
        self.mustWait = not self.mayPipeline
        hasMore = self.position < len(self.buffer)
        if hasMore and self.mustWait:
            self.forget()
            self.spokeEarly = True
        self.hasInput = self.spokeEarly or hasMore
