"""What an SMTP client sends, cut into events: commands, the text of a mail, its end, and faults.

Example usage: see Kamaelia.Support.Protocol.SMTP.Session, whose Session is a Listener.

How does it work?

feed() takes bytes, next() returns one event at a time. Asking for the next event says
that the last one has been answered, and so does answer(). Bytes that arrive in between
were sent before the answer. A client that was not offered PIPELINING is refused for
them: they may never have been meant as commands (RFC 2920, RFC 5321 section 4.1.1.4).
A mail is judged by its own octets, and only then what follows its final dot.

Termination: once `breakConnection` is true nothing more is heard.
"""

from __future__ import annotations

from typing import NamedTuple

from Kamaelia.Support.Protocol.SMTP.Line import firstOf, lineAt, verbOf, wordsOf
from Kamaelia.Support.Protocol.SMTP.Reply import Reply
from Kamaelia.Support.Protocol.SMTP.TextScanner import TextScanner

TOO_EARLY = Reply(503, "5.5.0 Wait for the answer before the next command", closes=True)
UNKNOWN = Reply(500, "5.5.1 Command not understood", isMistake=True)

# With so many octets unread the component should stop reading: see Listener.isFull.
FULL = 65536


class CommandReceived(NamedTuple):
    """A command that is known: its verb in capitals, and the words of its line."""

    verb: str
    words: list[str]


class InputRefused(NamedTuple):
    """Something other than a command: send this reply, which may close the connection."""

    reply: Reply


class TextReceived(NamedTuple):
    """Octets of a mail's text, to pass on or to keep."""

    chunk: bytes


class TextEnded(NamedTuple):
    """The final dot has come. `refusal` is the reason not to take the mail, or None."""

    refusal: Reply | None
    size: int
    isEightBit: bool


ClientEvent = CommandReceived | InputRefused | TextReceived | TextEnded


class InputParser:
    """InputParser() -> takes bytes by feed(), gives events by next(); a subclass has the verbs."""

    def __init__(self) -> None:
        self.buffer = b""
        self.position = 0
        self.isOpen = False  # until the greeting, and again between STARTTLS and TLS
        self.mustWait = False
        self.spokeEarly = False
        self.breakConnection = False
        self.gettingdata = False
        self.isInBadLine = False  # what arrives up to the next CRLF belongs to a refused line
        self.text = TextScanner()
        self.stage = "CONNECT"  # what was heard last: a verb, TEXT or UNKNOWN
        self.heard = b""  # the line of that command, or the start of a faulty one

    mayPipeline = False  # the client may send the next command before it has the answer
    isStrict = True  # a mistake closes the connection
    mayEndWithLF = False  # a bare LF ends a command, too

    def mayFollow(self, verb: str) -> bool | None:
        """Whether more bytes may stand behind this verb's line; None when there is no such verb."""
        raise NotImplementedError

    def feed(self, data: bytes) -> None:
        """Bytes have arrived. What comes before its time is dropped, and remembered as a fault."""
        if self.breakConnection or not data:
            return
        if self.mustWait or not self.isOpen:
            self.spokeEarly = True
            return
        self.buffer = self.buffer[self.position :] + data
        self.position = 0

    @property
    def unread(self) -> int:
        """How many octets wait to be taken by next()."""
        return len(self.buffer) - self.position

    @property
    def isFull(self) -> bool:
        """So much waits that reading should stop until next() has given None."""
        return len(self.buffer) - self.position > FULL

    def next(self) -> ClientEvent | None:
        """What has happened; None when it takes more bytes to say."""
        self.mustWait = False
        if self.breakConnection:
            self.forget()
            return None
        if not self.isOpen:
            return None
        if self.spokeEarly:
            return self._refuse(TOO_EARLY)
        if self.gettingdata:
            return self._takeText()
        return self._takeLine() if self.position < len(self.buffer) else None

    def forget(self) -> None:
        """Drop what is unread."""
        self.buffer = b""
        self.position = 0

    def _refuse(self, reply: Reply) -> InputRefused:
        self.breakConnection = self.isStrict or not reply.isMistake
        return InputRefused(reply)

    def _takeLine(self) -> CommandReceived | InputRefused | None:
        if self.isInBadLine and not self._skipBadLine():
            return None
        start = self.position
        line, self.position = lineAt(self.buffer, start, self.mayEndWithLF)
        if line is None:
            return None
        self.heard = line if isinstance(line, bytes) else firstOf(self.buffer, start)
        if isinstance(line, Reply):
            self.stage = self._stageOf(verbOf(wordsOf(self.heard)))
            self.isInBadLine = True
            return self._refuse(line)
        words = wordsOf(line)
        verb = verbOf(words)
        mayFollow = self.mayFollow(verb)
        self.stage = verb if mayFollow is not None else "UNKNOWN"
        if mayFollow is None:
            if self.isStrict:
                return self._refuse(UNKNOWN)
            mayFollow = self.mayPipeline
            event: CommandReceived | InputRefused = InputRefused(UNKNOWN)
        else:
            event = CommandReceived(verb, words)
        if self.position == len(self.buffer):
            self.forget()
        elif not mayFollow:
            return self._refuse(TOO_EARLY)
        self.mustWait = not mayFollow
        return event

    def _skipBadLine(self) -> bool:
        """Drop the rest of a refused line; return whether more follows it.

        The line ends at CRLF and nowhere else: what follows a bare LF is no command.
        """
        end = self.buffer.find(b"\r\n", self.position)
        if end < 0:
            self.buffer, self.position = (b"\r" if self.buffer.endswith(b"\r") else b""), 0
            return False
        self.isInBadLine = False
        self.position = end + 2
        return self.position < len(self.buffer)

    def _stageOf(self, verb: str) -> str:
        return verb if self.mayFollow(verb) is not None else "UNKNOWN"

    def _takeText(self) -> TextReceived | TextEnded | None:
        text = self.text
        self.stage = "TEXT"
        if self.unread and not text.hasEnded:
            chunk = text.take(self.buffer[self.position :])
            self.buffer, self.position = text.rest, 0
            if chunk:
                return TextReceived(chunk)
        return self._end() if text.hasEnded else None

    def _end(self) -> TextEnded:
        """Report the final dot, whose answer is due. What follows it without a right to is refused
        after that answer.
        """
        self.gettingdata = False
        self.mustWait = not self.mayPipeline
        if self.unread and self.mustWait:
            self.forget()
            self.spokeEarly = True
        return TextEnded(self.text.refusal(), self.text.size, self.text.isEightBit)
