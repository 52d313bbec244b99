"""Session descriptions (SDP, RFC 4566): lines in, dicts out.

Example usage
-------------
    parser = SDPLines()
    for line in lines:
        for session in parser.feed(line): ...   # a dict, or an SDPError
    for session in parser.finish(): ...

How does it work?
-----------------
Each type of line has a row in a table: its key in the dict, and the function that reads its value.
Two further tables say which types a session and a media section may have. A session ends where the
next one begins, since SDP has no mark for its end. After an error, the lines up to the next "v="
are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

__all__ = ["SDPError", "SDPLines", "complete", "parseLine"]

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}  # RFC 4566, 5.10

MANDATORY = "vost"
OF_A_SESSION = "vosiuepcbtrzka"  # RFC 4566, section 5
OF_A_MEDIA_SECTION = "icbka"
LISTS = "abt"  # in a session; the value is a list even if the line occurs once
MEDIA_LISTS = "a"
REPEATABLE = "epb"  # a second line turns the value into a list


class SDPError(ValueError):
    """A line, or a session, that is malformed."""


def matched(form: str, value: str) -> tuple[str | None, ...]:
    """Return the groups of a regular expression. Raise ValueError if the value does not match."""
    found = re.fullmatch(form, value, re.ASCII)
    if found is None:
        raise ValueError(value)
    return found.groups()


def number(text: str | None) -> int:
    """Return the number. Raise ValueError if it has more than 20 digits."""
    if text is None or len(text) > 20:
        raise ValueError(text)
    return int(text)


def version(value: str) -> int:
    """Return 0, the only version."""
    matched("0", value)
    return 0


def origin(value: str) -> tuple[Any, ...]:
    """Read o=<username> <session id> <session version> IN IP4|IP6 <address>."""
    user, *ids, net, kind, address = matched(
        r" *(\S+) +(\d+) +(\d+) +(IN) +(IP[46]) +(\S.*)", value
    )
    return (user, number(ids[0]), number(ids[1]), net, kind, address)


def text(value: str) -> str:
    """Return the value as it is."""
    return value


def connection(value: str) -> tuple[Any, ...]:
    """Read c=IN IP4|IP6 <address>[/<ttl>][/<number of addresses>]. IPv6 has no ttl."""
    net, kind, address, first, second = matched(
        r" *(IN) +(IP4|IP6) +([^/ ]+)(?:/(\d{1,5}))?(?:/(\d{1,5}))? *", value
    )
    if kind == "IP4":
        return (
            net,
            kind,
            address,
            127 if first is None else first,
            1 if second is None else second,
        )
    if second is not None:
        raise ValueError(value)
    return (net, kind, address, None, 1 if first is None else first)


def bandwidth(value: str) -> tuple[str | None, int]:
    """Read b=<type>:<kilobits per second>. Return bits per second."""
    mode, rate = matched(r" *([A-Za-z0-9-]+):(\d+) *", value)
    return (mode, number(rate) * 1000)


def time(value: str) -> tuple[int, int, list[Any]]:
    """Read t=<start> <stop>. The lines r= add to the list."""
    start, stop = matched(r" *(\d+) +(\d+) *", value)
    return (number(start), number(stop), [])


def seconds(term: str) -> int:
    """Return a number with an optional unit in seconds."""
    sign, digits, unit = matched(r"([+-]?)(\d+)([dhms]?)", term)
    return number(digits) * UNITS[unit or ""] * (-1 if sign == "-" else 1)


def repeats(value: str) -> tuple[int, int, list[int]]:
    """Read r=<interval> <duration> <offset> ..."""
    interval, duration, *offsets = map(seconds, value.split())
    return (interval, duration, offsets)


def adjustments(value: str) -> list[tuple[int, int]]:
    """Read z=<time> <offset> <time> <offset> ..."""
    terms = [seconds(term) for term in value.split()]
    return list(zip(terms[::2], terms[1::2], strict=True))


def encryption(value: str) -> tuple[str | None, ...]:
    """Read k=<method>[:<key>]."""
    return matched(r"(clear|base64|uri|prompt)(?::(.*))?", value)


def media(value: str) -> tuple[Any, ...]:
    """Read m=<media> <port>[/<number of ports>] <protocol> <format> ..."""
    kind, port, ports, protocol, formats = matched(
        r"([A-Za-z0-9-]+) +(\d{1,5})(?:/(\d{1,5}))? +(\S+) +(\S.*)", value
    )
    return (kind, number(port), 1 if ports is None else number(ports), protocol, formats)


#: The key and the function for each type of line.
ROWS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "v": ("protocol_version", version),
    "o": ("origin", origin),
    "s": ("sessionname", text),
    "i": ("information", text),
    "u": ("URI", text),
    "e": ("email", text),
    "p": ("phone", text),
    "c": ("connection", connection),
    "b": ("bandwidth", bandwidth),
    "t": ("time", time),
    "r": ("repeats", repeats),
    "z": ("timezone adjustments", adjustments),
    "k": ("encryption", encryption),
    "a": ("attribute", text),
    "m": ("media", media),
}


class Line(NamedTuple):
    """One line: its type, the key in the dict, and the value."""

    kind: str
    key: str
    value: Any


def parseLine(line: str) -> Line:
    """Return the parts of a line. Raise SDPError if it is malformed."""
    kind, equals, value = line[:1], line[1:2], line[2:]
    if equals != "=" or kind not in ROWS:
        raise SDPError(f"this is not a line of a session description: {line!r:.100}")
    key, read = ROWS[kind]
    try:
        return Line(kind, key, read(value))
    except ValueError:
        raise SDPError(f"the value of this line is malformed: {line!r:.100}") from None


def complete(session: dict[str, Any]) -> None:
    """Give each media section a connection. Raise SDPError if a mandatory line is missing."""
    missing = [kind for kind in MANDATORY if ROWS[kind][0] not in session]
    if missing:
        raise SDPError(f"a session description has no line {missing[0]}=")
    for section in session.get("media", []):
        if "connection" in session:
            section.setdefault("connection", session["connection"])
        elif "connection" not in section:
            raise SDPError("neither the session nor a media section has a line c=")


class SDPLines:
    """A parser of session descriptions, one after the other.

    maxSize: the most characters of one description.
    """

    def __init__(self, maxSize: int = 2**20) -> None:
        self.maxSize = maxSize
        self._session: dict[str, Any] | None = None
        self._media: dict[str, Any] | None = None  # the last media section
        self._size = 0

    def feed(self, line: str) -> Iterator[dict[str, Any] | SDPError]:
        """Generate the session that ends before this line, and an SDPError if there is an error."""
        line = line.rstrip("\r\n")
        if line.startswith("v="):
            yield from self.finish()
            self._session, self._media, self._size = {}, None, 0
        if not line or self._session is None:  # the latter in the rest of a malformed session
            return
        self._size += len(line)
        try:
            self._add(parseLine(line))
            if self._size > self.maxSize:
                raise SDPError(f"a session description is longer than {self.maxSize} characters")
        except SDPError as error:
            self._session = self._media = None
            yield error

    def finish(self) -> Iterator[dict[str, Any] | SDPError]:
        """Generate the session that has been read, or an SDPError if it is incomplete."""
        session, self._session, self._media = self._session, None, None
        if session is None:
            return
        try:
            complete(session)
        except SDPError as error:
            yield error
        else:
            yield session

    def _add(self, line: Line) -> None:
        """Add a line to the session or to its last media section."""
        assert self._session is not None
        if line.kind == "m":
            self._media = {line.key: line.value}
            self._session.setdefault("media", []).append(self._media)
        elif self._media is not None:
            self._addTo(self._media, line, OF_A_MEDIA_SECTION, MEDIA_LISTS)
        elif line.kind == "r":
            if "time" not in self._session:
                raise SDPError("a line r= follows no line t=")
            self._session["time"][-1][2].append(line.value)
        else:
            self._addTo(self._session, line, OF_A_SESSION, LISTS)

    @staticmethod
    def _addTo(section: dict[str, Any], line: Line, allowed: str, lists: str) -> None:
        kind, key, value = line
        if kind not in allowed:
            raise SDPError(f"a line {kind}= is not allowed in a media section")
        if kind in lists:
            section.setdefault(key, []).append(value)
        elif key not in section:
            section[key] = value
        elif kind in REPEATABLE:
            former = section[key]
            section[key] = [*former, value] if isinstance(former, list) else [former, value]
        else:
            raise SDPError(f"there is more than one line {kind}=")
