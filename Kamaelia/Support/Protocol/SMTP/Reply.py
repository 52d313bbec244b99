"""SMTP replies: those of this server, and a parser for those of another (RFC 5321 section 4.2).

Example usage::

    >>> bytes(Reply(250, "2.1.0 Sender ok"))
    b'250 2.1.0 Sender ok\\r\\n'
    >>> reader = ReplyReader()
    >>> [reply.code for reply in reader.take(b"250-one\\r\\n250 two\\r\\n354 go")]
    [250]

The text of a reply may have several lines, separated by "\\n". ReplyReader expects hostile
input: anything that is not a reply raises GarbageReply, and the size of an incomplete reply
is limited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

# The enhanced status code, the first word of a text (RFC 2034 section 4, RFC 3463 section 2).
STATUS: Final = re.compile(r"([245])\.[0-9]{1,3}\.[0-9]{1,3}(?= |$)", re.MULTILINE)

# Surrogates that do not represent a byte in the error handler "surrogateescape".
LONE_SURROGATE: Final = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")

# RFC 5321 section 4.2: a code, then a space or a hyphen and text, or a code alone. Control
# characters other than a tab are not allowed, because the text is passed on to a client.
REPLY_LINE: Final = re.compile(rb"([2-5][0-5][0-9])(?:([ -])([\t\x20-\x7e\x80-\xff]*))?\r\n")

# RFC 5321 section 4.5.3.1.5 says 512; real servers send longer explanations.
LONGEST_REPLY_LINE: Final = 4096
MOST_REPLY_LINES: Final = 100


class Reply:
    """Reply(code, text, closes=False, ...): one reply to a command.

    `wire` and bytes() return it as it is sent. closes: the connection is closed after the
    reply, and everything that follows is ignored. isMistake: the command was malformed,
    unknown or out of order, and the connection is closed only if the settings are strict.
    isRelayed: the words are those of the real server. Raises ValueError for a text that
    contains a CR or a NUL.
    """

    __slots__ = ("closes", "code", "isMistake", "isPositive", "isRelayed", "text", "wire")

    def __init__(
        self,
        code: int,
        text: str,
        closes: bool = False,
        isRelayed: bool = False,
        isMistake: bool = False,
    ) -> None:
        if "\r" in text or "\0" in text:
            raise ValueError(
                f"reply {code} has a CR or a NUL in {text!r}: separate its lines by \\n"
            )
        self.code = code
        self.text = text
        self.closes = closes or isMistake
        self.isMistake = isMistake
        self.isRelayed = isRelayed
        self.isPositive = code < 400  # 2xx: the command is done; 3xx: the text may follow
        lines = f"{code} {text}\r\n"
        if "\n" in text:
            *first, last = text.split("\n")
            lines = "".join([f"{code}-{line}\r\n" for line in first]) + f"{code} {last}\r\n"
        self.wire = encoded(lines)

    def __bytes__(self) -> bytes:
        return self.wire

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reply) and self.wire == other.wire and self.closes == other.closes

    def __hash__(self) -> int:
        return hash((self.wire, self.closes))

    def __repr__(self) -> str:
        return f"Reply({self.code}, {self.text!r}{', closes=True' if self.closes else ''})"

    @property
    def isForNow(self) -> bool:
        """Whether it is 4xx: a temporary refusal."""
        return 400 <= self.code < 500

    @property
    def isForGood(self) -> bool:
        """Whether it is 5xx: a permanent refusal."""
        return self.code >= 500

    @property
    def status(self) -> str:
        """The enhanced status code of the text, or the class of the code with .0.0."""
        found = STATUS.match(self.text)
        kind = str(self.code)[0]
        return found[0] if found and found[1] == kind else f"{kind}.0.0"


def encoded(text: str) -> bytes:
    """Return the text as it is sent: bytes that are not UTF-8 unchanged, no lone surrogates."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return LONE_SURROGATE.sub("\ufffd", text).encode("utf-8", "surrogateescape")


@lru_cache(maxsize=64)
def withoutClose(reply: Reply) -> Reply:
    """Return the same reply, after which the connection stays open (RFC 5321 section 3.8)."""
    return Reply(reply.code, reply.text)


class GarbageReply(ValueError):
    """The input from a server is not a reply; the message says why."""


class ReplyReader:
    """ReplyReader(): takes the bytes of a server, however split, and returns its replies."""

    def __init__(self) -> None:
        self.kept = b""
        self.code = b""
        self.lines: list[str] = []

    @property
    def isAmidReply(self) -> bool:
        """Whether a part of another reply has arrived."""
        return bool(self.kept or self.lines)

    def take(self, data: bytes) -> Iterable[Reply]:
        """Return the replies that this data completes. Raise GarbageReply at the first bad one."""
        if not self.kept and not self.lines and len(data) <= LONGEST_REPLY_LINE:
            whole = wholeReplies(data)
            if whole:
                return whole
        return self._takeAll(data)

    def _takeAll(self, data: bytes) -> Iterator[Reply]:
        data, self.kept = self.kept + data, b""
        position = 0
        while position < len(data):
            found = REPLY_LINE.match(data, position)
            if found is None:
                self.kept = unfinished(data[position:])
                return
            if found.end() - position > LONGEST_REPLY_LINE:
                raise GarbageReply(f"a line has more than {LONGEST_REPLY_LINE} octets")
            position = found.end()
            reply = self._takeLine(*found.groups())
            if reply is not None:
                self.kept = data[position:]  # nothing is lost if the caller stops here
                yield reply
        self.kept = b""

    def _takeLine(self, code: bytes, separator: bytes | None, text: bytes | None) -> Reply | None:
        if self.lines and code != self.code:
            raise GarbageReply(
                f"a reply with code {self.code.decode()} continues with code {code.decode()}"
            )
        if len(self.lines) == MOST_REPLY_LINES:
            raise GarbageReply(f"a reply has more than {MOST_REPLY_LINES} lines")
        self.code = code
        self.lines.append((text or b"").decode("utf-8", "surrogateescape"))
        if separator == b"-":
            return None
        lines, self.lines = self.lines, []
        return Reply(int(code), "\n".join(lines), isRelayed=True)


@lru_cache(maxsize=64)
def wholeReplies(data: bytes) -> tuple[Reply, ...]:
    """Return the replies in this data if it consists of whole replies; otherwise none.

    The result is cached, because a server sends nearly the same replies in each session.
    """
    reader = ReplyReader()
    try:
        replies = tuple(reader._takeAll(data))
    except GarbageReply:
        return ()
    return () if reader.isAmidReply else replies


def unfinished(data: bytes) -> bytes:
    """Return the data if it may become a line of a reply. Raise GarbageReply if not."""
    if len(data) > LONGEST_REPLY_LINE:
        raise GarbageReply(f"a line has more than {LONGEST_REPLY_LINE} octets")
    if data.find(b"\n") >= 0:
        raise GarbageReply(f"not a reply: {data[:80]!r}")
    return data


# Replies of the component around a session: to decisions of the policy, and unsolicited ones
TAKEN: Final = Reply(250, "2.0.0 Ok")
DEFERRED: Final = Reply(451, "4.7.1 Please try again later", closes=True)
POLICY_FAILED: Final = Reply(451, "4.3.0 Local error, please try again later")
RECIPIENT_REFUSED: Final = Reply(550, "5.7.1 This recipient is not accepted here")
TOO_SLOW: Final = Reply(421, "4.4.2 The mail arrives too slowly, closing", closes=True)
INACTIVE: Final = Reply(421, "4.4.2 Idle for too long, closing", closes=True)
SESSION_TOO_LONG: Final = Reply(421, "4.4.2 The session took too long, closing", closes=True)
SHUTTING_DOWN: Final = Reply(421, "4.3.2 The service is shutting down", closes=True)
TOO_MANY_CONNECTIONS: Final = Reply(421, "4.7.0 Too many connections", closes=True)
TOO_MANY_ERRORS: Final = Reply(421, "4.7.0 Too many errors, closing", closes=True)

# Replies to a client if the connection to the real server fails (RFC 3463 section 3.5)
NOT_REACHED: Final = Reply(451, "4.4.1 The mail server cannot be reached, please try again later")
HUNG_UP_AFTER_DOT: Final = Reply(
    451, "4.4.2 The mail server gave no answer, please try again later"
)
