"""One message of IRC: tags, source, command and parameters (RFC 2812, IRCv3 message tags).

Example usage
-------------
    message = Message.parse(b"@time=12:00 :ann!a@host PRIVMSG #tea :hello there")
    message.nick, message.command, message.params   # "ann", "PRIVMSG", ("#tea", "hello there")
    bytes(Message("JOIN", ["#tea"]))                # b"JOIN #tea\\r\\n"

How does it work?
-----------------
A line is decoded as UTF-8, or as Latin-1 if it is not UTF-8: IRC has no encoding of its own. A
message is checked before it is written, so that text cannot become another message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

__all__ = ["IRCError", "Message"]

#: Bytes of a line without its tags and without CR LF (RFC 2812, 2.3).
LONGEST = 510
#: Bytes of the tags that a client may send, with "@" and the space (IRCv3 message tags).
LONGEST_TAGS = 4096
#: Bytes of a line that a server may send: 8191 for tags, 512 for the rest.
LONGEST_LINE = 8191 + 512

NO_TAGS: Mapping[str, str] = MappingProxyType({})

COMMAND = re.compile(r"[A-Za-z]+|[0-9]{3}")
KEY = re.compile(r"\+?(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")
MIDDLE = re.compile(r"[^\0\r\n :][^\0\r\n ]*")
TRAILING = re.compile(r"[^\0\r\n]*")

ESCAPES = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
UNESCAPES = {":": ";", "s": " ", "r": "\r", "n": "\n"}


class IRCError(ValueError):
    """A line that is not a message, or a message that cannot be written as a line."""


def decoded(line: bytes) -> str:
    """Return the text of a line: UTF-8, or Latin-1 if it is not UTF-8."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


class Message:
    """Message(command, params[, source][, tags]): one message.

    source: the prefix without its colon, "nick!user@host" or the name of a server, or "". tags: a
    dict; a tag without a value has "". hasTrailing: whether the last parameter had a colon.
    """

    __slots__ = ("command", "hasTrailing", "params", "source", "tags")

    def __init__(
        self,
        command: str,
        params: Iterable[str] = (),
        source: str = "",
        tags: Mapping[str, str] = NO_TAGS,
        hasTrailing: bool = False,
    ) -> None:
        self.command = command.upper()
        self.params = tuple(params)
        self.source = source
        self.tags = tags
        self.hasTrailing = hasTrailing

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((self.command, self.params, self.source))

    def _parts(self) -> tuple[object, ...]:
        return self.command, self.params, self.source, dict(self.tags)

    def __repr__(self) -> str:
        return f"Message({self.command!r}, {self.params!r}, {self.source!r}, {dict(self.tags)!r})"

    @property
    def nick(self) -> str:
        """The nickname (or the name of a server) from the source."""
        return re.split("[!@]", self.source, maxsplit=1)[0]

    @staticmethod
    def parse(line: bytes | str) -> Message:
        """Return the message in a line. Raise IRCError if there is none."""
        text = (decoded(line) if isinstance(line, bytes) else line).rstrip("\r\n")
        rest, tags, source = text, NO_TAGS, ""
        if rest.startswith("@"):
            first, _, rest = rest[1:].partition(" ")
            tags = tagsOf(first)
        rest = rest.lstrip(" ")
        if rest.startswith(":"):
            source, _, rest = rest[1:].partition(" ")
        middle, colon, trailing = f" {rest}".partition(" :")
        command, *params = middle.split(" ")[1:] or [""]
        params = [param for param in params if param]
        if not COMMAND.fullmatch(command := command or (params.pop(0) if params else "")):
            raise IRCError(f"there is no command in {text!r:.100}")
        if colon:
            params.append(trailing)
        return Message(command, params, source, tags, bool(colon))

    def __bytes__(self) -> bytes:
        """Return the line, with CR LF. Raise IRCError if this message cannot be written."""
        line = self._text().encode()
        if len(line) > LONGEST:
            raise IRCError(f"{self.command} is longer than {LONGEST} bytes")
        tags = tagText(self.tags).encode()
        if len(tags) > LONGEST_TAGS:
            raise IRCError(f"the tags of {self.command} are longer than {LONGEST_TAGS} bytes")
        return tags + line + b"\r\n"

    def _text(self) -> str:
        """Return the line without tags and CR LF."""
        check(self.command, COMMAND, "a command")
        words = [self.command]
        if self.source:
            words.insert(0, ":" + check(self.source, MIDDLE, "a source"))
        middle = "a parameter before the last one"
        words += [check(param, MIDDLE, middle) for param in self.params[:-1]]
        for param in self.params[-1:]:
            check(param, TRAILING, "a parameter")
            isWord = MIDDLE.fullmatch(param) and not self.hasTrailing
            words.append(param if isWord else f":{param}")
        return " ".join(words)


def check(text: str, form: re.Pattern[str], what: str) -> str:
    """Return `text`. Raise IRCError if it has not the form."""
    if not form.fullmatch(text):
        raise IRCError(f"{text!r:.100} cannot be {what} of an IRC message")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise IRCError(f"{text!r:.100} cannot be written as UTF-8") from None
    return text


def tagsOf(text: str) -> dict[str, str]:
    """Return the tags in `text`, which has no "@" before it. The last of equal keys counts."""
    tags = {}
    for each in text.split(";"):
        key, _, value = each.partition("=")
        if key:
            tags[key] = unescaped(value)
    return tags


def unescaped(value: str) -> str:
    """Return the value of a tag without escapes. A backslash at the end is dropped."""
    return re.sub(
        r"\\(.?)", lambda found: UNESCAPES.get(found[1], found[1]), value, flags=re.DOTALL
    )


def tagText(tags: Mapping[str, str]) -> str:
    """Return the tags as they stand before a message, with a space. Raise IRCError."""
    if not tags:
        return ""
    words = []
    for key, value in tags.items():
        check(key, KEY, "the key of a tag")
        if "\0" in value:
            raise IRCError(f"the tag {key} contains NUL")
        escaped = "".join(ESCAPES.get(character, character) for character in value)
        words.append(f"{key}={check(escaped, TRAILING, 'a tag')}" if value else key)
    return f"@{';'.join(words)} "


__all__ += ["LONGEST", "LONGEST_LINE", "LONGEST_TAGS", "decoded", "tagText", "tagsOf"]
