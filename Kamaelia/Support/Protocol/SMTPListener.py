"""What an SMTP client sends, cut into events: commands, the text of a mail, its end, and faults.

Example usage: see Kamaelia.Support.Protocol.SMTP, whose Session is a Listener.

How does it work?

Bytes go in by feed(), events come out of next(), one at a time: whoever asks
for the next says that the last one is answered, and so does answer(). Bytes that
arrive between an event and that came before the answer, and a client that was
not offered PIPELINING is turned away for them: what it sends without waiting
was perhaps never meant as commands (RFC 2920, RFC 5321 section 4.1.1.4).

Termination: once `breakConnection` is true nothing more is heard.
"""

from __future__ import annotations

from typing import NamedTuple

from Kamaelia.Support.Protocol.SMTPLine import firstOf, lineAt, verbOf, wordsOf
from Kamaelia.Support.Protocol.SMTPReply import Reply
from Kamaelia.Support.Protocol.SMTPText import Text as TextScanner

TOO_EARLY = Reply(503, "5.5.0 Wait for the answer before the next command", closes=True)
UNKNOWN = Reply(500, "5.5.1 Command not understood", closes=True)

# With so many octets unread the component should stop reading: see Listener.isFull.
FULL = 65536


class Said(NamedTuple):
    """A command that is known: its verb in capitals, and the words of its line."""

    verb: str
    words: list[str]


class Refused(NamedTuple):
    """No command: answer this and close."""

    reply: Reply


class Text(NamedTuple):
    """Octets of a mail's text, to pass on or to keep."""

    chunk: bytes


class Ended(NamedTuple):
    """The final dot has come. `refusal` is the reason not to take the mail, or None."""

    refusal: Reply | None
    size: int
    isEightBit: bool


Event = Said | Refused | Text | Ended


class Listener:
    """Listener() -> takes bytes by feed(), gives events by next(); a subclass has the verbs."""

    def __init__(self) -> None:
        self.buffer = b""
        self.position = 0
        self.isOpen = False  # until the greeting, and again between STARTTLS and TLS
        self.mustWait = False
        self.spokeEarly = False
        self.breakConnection = False
        self.gettingdata = False
        self.text = TextScanner()
        self.stage = "CONNECT"  # what was heard last: a verb, TEXT or UNKNOWN
        self.heard = b""  # the line of that command, or the start of a faulty one

    mayPipeline = False  # the client may send the next command before it has the answer

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

    def next(self) -> Event | None:
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

    def _refuse(self, reply: Reply) -> Refused:
        self.breakConnection = True
        return Refused(reply)

    def _takeLine(self) -> Said | Refused | None:
        start = self.position
        line, self.position = lineAt(self.buffer, start)
        if line is None:
            return None
        self.heard = line if isinstance(line, bytes) else firstOf(self.buffer, start)
        if isinstance(line, Reply):
            self.stage = self._stageOf(verbOf(wordsOf(self.heard)))
            return self._refuse(line)
        words = wordsOf(line)
        verb = verbOf(words)
        mayFollow = self.mayFollow(verb)
        self.stage = verb if mayFollow is not None else "UNKNOWN"
        if mayFollow is None:
            return self._refuse(UNKNOWN)
        if self.position == len(self.buffer):
            self.forget()
        elif not mayFollow:
            return self._refuse(TOO_EARLY)
        self.mustWait = not mayFollow
        return Said(verb, words)

    def _stageOf(self, verb: str) -> str:
        return verb if self.mayFollow(verb) is not None else "UNKNOWN"

    def _takeText(self) -> Text | Ended | None:
        text = self.text
        self.stage = "TEXT"
        if self.unread and not text.hasEnded:
            chunk = text.take(self.buffer[self.position :])
            self.buffer, self.position = text.rest, 0
            if chunk:
                return Text(chunk)
        return self._end() if text.hasEnded else None

    def _end(self) -> Ended:
        """The answer to the final dot is due; commands follow."""
        self.gettingdata = False
        self.mustWait = not self.mayPipeline
        refusal = self.text.refusal()
        if refusal is None and self.unread and self.mustWait:
            refusal = TOO_EARLY
        return Ended(refusal, self.text.size, self.text.isEightBit)
