"""The kinds of values that a configuration has: how each is read, written and described.

Example usage::

    >>> DURATION.read("5m"), DURATION.write(300.0), SIZE.read("32MiB")
    (300.0, '"5m"', 33554432)
    >>> ADDRESS.read("[::1]:25")
    SocketAddress(host='::1', port=25, path='')

How does it work?

A Kind is a row: read() makes a value of what TOML has and raises ValueError
with a remedy, write() gives TOML back that reads as the same, and `meaning`
says in the reference what may be written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from Kamaelia.Support.Greylist.Lists import parseClient, parseHeloTriple, parseTriple
from Kamaelia.Support.Greylist.Names import parseMailbox, parseName
from Kamaelia.Support.Networks import addressOf, parseNetwork

SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
OCTETS = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10}
PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)\s*")
AMOUNT = re.compile(r"([0-9]+)\s*([KMG]iB|)")
PORT = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[^\[\]:\s]*):(?P<port>[0-9]{1,5})", re.ASCII
)
LONGEST_TIME = 10 * 366 * 86400.0


class Kind(NamedTuple):
    """How a value is read and written; `meaning`: what may be written, for the reference."""

    read: Callable[[Any], Any]
    write: Callable[[Any], str]
    meaning: str
    item: Kind | None = None  # of each item, if it is a list


class SocketAddress(NamedTuple):
    """Where to listen or to connect: host and port, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def quoted(value: object) -> str:
    """A string as TOML writes it. What readText lets pass needs no escapes but JSON's."""
    return json.dumps(str(value), ensure_ascii=False)


def readText(value: Any) -> str:
    """A string without control characters."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text: write it in quotes")
    if not value.isprintable():
        raise ValueError(f"{value!r} has a character that cannot be seen: leave it out")
    return value


def readFlag(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false: write one of them, without quotes")
    return value


def whole(least: int, most: int) -> Kind:
    """A whole number between the two."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"{value!r} is no whole number from {least} to {most:,}")
        return value

    return Kind(read, str, f"a whole number, {least} to {most:,}")


def word(*words: str) -> Kind:
    """One of some words."""
    *others, last = map(quoted, words)
    choice = f"{', '.join(others)} or {last}"

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"{value!r} is not what it may be: write {choice}")
        return str(value)

    return Kind(read, quoted, choice)


def listOf(kind: Kind) -> Kind:
    """A list of values of one kind."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{value!r} is no list: write it in square brackets")
        return tuple(map(kind.read, value))

    def write(values: tuple[Any, ...]) -> str:
        return f"[{', '.join(map(kind.write, values))}]"

    return Kind(read, write, f"a list: {kind.meaning}", kind)


def checked(parse: Callable[[str], Any], meaning: str) -> Kind:
    """Text that is kept as it was written, once `parse` has nothing against it."""

    def read(value: Any) -> str:
        parse(readText(value))
        return str(value)

    return Kind(read, quoted, meaning)


def parseLocalPart(text: str) -> None:
    """Raise ValueError with a remedy if `text` is no local part of an address."""
    if "@" in text or not text.strip("* "):
        raise ValueError(f"{text!r} is no local part: write what is before the @, as postmaster")
    parseMailbox(f"{text}@*")


def triple(parse: Callable[[tuple[str, ...]], Any], meaning: str) -> Kind:
    """Three texts in a list, kept as they were written."""

    def read(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or len(value) != 3:
            raise ValueError(f"{value!r} is no triple: write {meaning}")
        texts = tuple(map(readText, value))
        parse(texts)
        return texts

    return Kind(read, listOf(TEXT).write, meaning)


def durations(names: tuple[str, ...]) -> Kind:
    """A table of durations by name, kept as pairs in the order of `names`."""

    def read(value: Any) -> tuple[tuple[str, float], ...]:
        if not isinstance(value, dict) or set(value) - set(names):
            raise ValueError(f"{value!r} is no table of seconds by stage: {', '.join(names)}")
        return tuple((name, readDuration(value[name])) for name in names if name in value)

    def write(pairs: tuple[tuple[str, float], ...]) -> str:
        inside = ", ".join(f"{name} = {writeDuration(seconds)}" for name, seconds in pairs)
        return f"{{ {inside} }}" if inside else "{}"

    return Kind(read, write, f"a table of durations: {', '.join(names)}")


def readDuration(value: Any) -> float:
    """Seconds of a number, or of a text such as "5m" or "1h 30m"."""
    seconds = -1.0
    if isinstance(value, str) and re.fullmatch(rf"(?:{PART.pattern})+", value):
        parts = PART.findall(value)
        if all(unit in SECONDS for _, unit in parts):
            seconds = sum(float(amount) * SECONDS[unit] for amount, unit in parts)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value) if value <= LONGEST_TIME else -1.0
    if not 0 <= seconds <= LONGEST_TIME:
        raise ValueError(
            f"{value!r} is no duration: write seconds, or as in '30s', '5m', '1h', '2d' with quotes"
        )
    return seconds


def writeDuration(seconds: float) -> str:
    """In the largest unit of which it is a whole number."""
    for unit, length in SECONDS.items():
        if unit != "w" and seconds >= length and seconds % length == 0:
            return quoted(f"{seconds / length:.0f}{unit}")
    return repr(seconds) if seconds % 1 else f"{seconds:.0f}"


def readSize(value: Any) -> int:
    """Octets of a number, or of a text such as "32MiB"."""
    match = AMOUNT.fullmatch(value) if isinstance(value, str) and len(value) < 20 else None
    octets = int(match[1]) * OCTETS.get(match[2], 1) if match is not None else value
    if isinstance(octets, bool) or not isinstance(octets, int) or not 0 <= octets < 1 << 63:
        raise ValueError(
            f"{value!r} is no size: write octets, or as in '64KiB', '32MiB' with quotes"
        )
    return octets


def writeSize(octets: int) -> str:
    """In the largest unit of which it is a whole number."""
    for unit, size in OCTETS.items():
        if octets and octets % size == 0:
            return quoted(f"{octets // size}{unit}")
    return str(octets)


def readAddress(value: Any) -> SocketAddress:
    """host:port, [IPv6]:port or unix:/path; an Address stays what it is."""
    if isinstance(value, SocketAddress):
        return value
    text = readText(value)
    if text.startswith("unix:/"):
        return SocketAddress(path=text.removeprefix("unix:"))
    match = PORT.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise ValueError(f"{text!r} is no address: write host:port, [::1]:port or unix:/path")
    return SocketAddress(match["host"].strip("[]"), int(match["port"]))


def readServer(value: Any) -> SocketAddress:
    """An address to connect to: it has a host and a port, or a path."""
    address = readAddress(value)
    if not address.path and not (address.host and address.port):
        raise ValueError(f"{value!r} is nowhere to connect to: write host:port with both of them")
    return address


def readPath(value: Any) -> str:
    """The name of a file."""
    if not readText(value):
        raise ValueError("'' is no name of a file: leave it out")
    return str(value)


def parseHost(text: str) -> None:
    """Raises ValueError for what is neither empty nor the name of one host."""
    if text and parseName(text).startswith("."):
        raise ValueError(f"{text!r} is more than one host: write the name of one")


def readStore(value: Any) -> str:
    """The URL of a store. An error does not repeat it: there may be a password in it."""
    pattern = r"memory:|sqlite:[^:].*|(?:redis|rediss|unix)://\S+"
    if isinstance(value, str) and value.isprintable() and re.fullmatch(pattern, value):
        return value
    raise ValueError(
        "this is no store: write sqlite:/path, redis://host:port/0 (for Valkey, too),"
        " rediss://host, unix:///path or memory:"
    )


def parseBalancer(text: str) -> Any:
    """A network, or "unix". Raises ValueError with a remedy."""
    return text if text == "unix" else parseNetwork(text)


FLAG = Kind(readFlag, lambda value: "true" if value else "false", "true or false")
TEXT = Kind(readText, quoted, "text")
FILE = Kind(readText, quoted, "the name of a file; empty: none")
AUTHORITY = Kind(
    readText, quoted, 'the name of a file in PEM, or "system" for the authorities of the system'
)
PATH = Kind(readPath, quoted, "the name of a file")
DURATION = Kind(readDuration, writeDuration, 'seconds, or as in "30s", "5m", "1h", "2d"')
SIZE = Kind(readSize, writeSize, 'octets, or as in "64KiB", "32MiB"')
ADDRESS = Kind(readAddress, quoted, '"host:port", "[::1]:port" or "unix:/path"')
SERVER = Kind(readServer, quoted, ADDRESS.meaning)
MAYBE_ADDRESS = Kind(
    lambda value: None if value in ("", None) else readAddress(value),
    lambda value: quoted(value or ""),
    f"{ADDRESS.meaning}; empty: none",
)
STORE = Kind(
    readStore, quoted, '"sqlite:/path", "redis://host:port/0", "unix:///path" or "memory:"'
)
MAYBE_HOST = checked(parseHost, "the name of a host")
PEER = checked(addressOf, "an address")
NETWORK = checked(parseNetwork, "an address, a network, or the first octets of one")
BALANCER = checked(parseBalancer, NETWORK.meaning + ', or "unix" for who comes by a Unix socket')
NAME = checked(parseName, "a domain, or *.domain for all below it")
CLIENT = checked(
    parseClient, "an address, a network, a verified name, *.domain, or /regular expression/"
)
LOCAL_PART = checked(parseLocalPart, "what is before the @, such as postmaster")
MAILBOX = checked(parseMailbox, "user@domain, @domain, @*.domain, user@*, or /regular expression/")
TRIPLE = triple(parseTriple, "[address, sender, recipient]")
HELO_TRIPLE = triple(parseHeloTriple, "[name in HELO, network, recipient]")
