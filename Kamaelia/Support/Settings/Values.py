"""The kinds of values in a configuration: how to read, write and describe each.

Example usage::

    >>> DURATION.read("5m"), DURATION.write(300.0), SIZE.read("32MiB")
    (300.0, '"5m"', 33554432)
    >>> ADDRESS.read("[::1]:25")
    SocketAddress(host='::1', port=25, path='')

How does it work?

A Kind is a row. read() converts a value of TOML, and raises ValueError with a remedy
if the value is invalid. write() returns TOML that read() converts to the same value.
`meaning` describes the valid values in the reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from Kamaelia.Support.Greylist.Conditions import parseDelay, parsePeriod
from Kamaelia.Support.Greylist.Lists import parseClient, parseHeloTriple, parseTriple
from Kamaelia.Support.Greylist.Names import parseMailbox, parseName
from Kamaelia.Support.Networks import addressOf, parseNetwork
from Kamaelia.Support.Protocol.DNSNames import HOST_NAME, isName

SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
OCTETS = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10}
PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)\s*")
AMOUNT = re.compile(r"([0-9]+)\s*([KMG]iB|)")
PORT = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[^\[\]:\s]*):(?P<port>[0-9]{1,5})", re.ASCII
)
MANY = 1_000_000  # the maximum of a number of connections, recipients and the like
LONGEST_TIME = 10 * 366 * 86400.0


class Kind(NamedTuple):
    """A kind of value: functions that read and write it, and a description for the reference."""

    read: Callable[[Any], Any]
    write: Callable[[Any], str]
    meaning: str
    item: Kind | None = None  # the kind of each item, if it is a list


class SocketAddress(NamedTuple):
    """An address to listen on or to connect to: host and port, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def quoted(value: object) -> str:
    """Return a string of TOML. Text from readText needs no other escapes than JSON's."""
    return json.dumps(str(value), ensure_ascii=False)


def readText(value: Any) -> str:
    """Return a string without control characters. Raise ValueError for other values."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text: write it in quotes")
    if not value.isprintable():
        raise ValueError(f"{value!r} contains a character that is not printable: remove it")
    return value


def readFlag(value: Any) -> bool:
    """Return a boolean. Raise ValueError for other values."""
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false: write one of them, without quotes")
    return value


def whole(least: int, most: int) -> Kind:
    """Return the kind of a whole number from `least` to `most`."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"{value!r} is not a whole number from {least} to {most:,}")
        return value

    return Kind(read, str, f"a whole number, {least} to {most:,}")


def word(*words: str) -> Kind:
    """Return the kind of a word that is one of `words`."""
    *others, last = map(quoted, words)
    choice = f"{', '.join(others)} or {last}"

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"{value!r} is not a valid value: write {choice}")
        return str(value)

    return Kind(read, quoted, choice)


def listOf(kind: Kind) -> Kind:
    """Return the kind of a list of values of one kind."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{value!r} is not a list: write it in square brackets")
        return tuple(map(kind.read, value))

    def write(values: tuple[Any, ...]) -> str:
        return f"[{', '.join(map(kind.write, values))}]"

    return Kind(read, write, f"a list: {kind.meaning}", kind)


def parseZone(text: str) -> str:
    """Return the name of a zone. Raise ValueError."""
    if not HOST_NAME.fullmatch(text.lower()) or not isName(text):
        raise ValueError(f"{text!r} is not the name of a zone, such as zen.spamhaus.org")
    return text


def checked(parse: Callable[[str], Any], meaning: str) -> Kind:
    """Return the kind of a text that `parse` accepts; the value is the text itself."""

    def read(value: Any) -> str:
        parse(readText(value))
        return str(value)

    return Kind(read, quoted, meaning)


def parseLocalPart(text: str) -> None:
    """Raise ValueError with a remedy if `text` is not the local part of an address."""
    if "@" in text or not text.strip("* "):
        raise ValueError(
            f"{text!r} is not a local part: write the part before the @, such as postmaster"
        )
    parseMailbox(f"{text}@*")


def texts(number: int, parse: Callable[[tuple[str, ...]], Any], meaning: str) -> Kind:
    """Return the kind of a list of two or three texts that `parse` accepts."""
    name = {2: "pair", 3: "triple"}[number]

    def read(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or len(value) != number:
            raise ValueError(f"{value!r} is not a {name}: write {meaning}")
        found = tuple(map(readText, value))
        parse(found)
        return found

    return Kind(read, listOf(TEXT).write, meaning)


def parsePaths(paths: tuple[str, ...]) -> None:
    """Raise ValueError if the name of a file is empty."""
    for each in paths:
        readPath(each)


def durations(names: tuple[str, ...]) -> Kind:
    """Return the kind of a table of durations by name; its value has pairs in that order."""

    def read(value: Any) -> tuple[tuple[str, float], ...]:
        if not isinstance(value, dict) or set(value) - set(names):
            raise ValueError(f"{value!r} is not a table of durations by stage: {', '.join(names)}")
        return tuple((name, readDuration(value[name])) for name in names if name in value)

    def write(pairs: tuple[tuple[str, float], ...]) -> str:
        inside = ", ".join(f"{name} = {writeDuration(seconds)}" for name, seconds in pairs)
        return f"{{ {inside} }}" if inside else "{}"

    return Kind(read, write, f"a table of durations: {', '.join(names)}")


def readDuration(value: Any) -> float:
    """Return seconds from a number or from a text such as "5m" or "1h 30m"."""
    seconds = -1.0
    if isinstance(value, str) and re.fullmatch(rf"(?:{PART.pattern})+", value):
        parts = PART.findall(value)
        if all(unit in SECONDS for _, unit in parts):
            seconds = sum(float(amount) * SECONDS[unit] for amount, unit in parts)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value) if value <= LONGEST_TIME else -1.0
    if not 0 <= seconds <= LONGEST_TIME:
        raise ValueError(
            f"{value!r} is not a duration: write seconds, or '30s', '5m', '1h' or '2d' in quotes"
        )
    return seconds


def writeDuration(seconds: float) -> str:
    """Write a value in the largest unit of which it is a whole multiple."""
    for unit, length in SECONDS.items():
        if unit != "w" and seconds >= length and seconds % length == 0:
            return quoted(f"{seconds / length:.0f}{unit}")
    return repr(seconds) if seconds % 1 else f"{seconds:.0f}"


def readSize(value: Any) -> int:
    """Return octets from a number or from a text such as "32MiB"."""
    match = AMOUNT.fullmatch(value) if isinstance(value, str) and len(value) < 20 else None
    octets = int(match[1]) * OCTETS.get(match[2], 1) if match is not None else value
    if isinstance(octets, bool) or not isinstance(octets, int) or not 0 <= octets < 1 << 63:
        raise ValueError(f"{value!r} is not a size: write octets, or '64KiB' or '32MiB' in quotes")
    return octets


def writeSize(octets: int) -> str:
    """Write a value in the largest unit of which it is a whole multiple."""
    for unit, size in OCTETS.items():
        if octets and octets % size == 0:
            return quoted(f"{octets // size}{unit}")
    return str(octets)


def readAddress(value: Any) -> SocketAddress:
    """Return the address in host:port, [IPv6]:port or unix:/path; a SocketAddress as it is."""
    if isinstance(value, SocketAddress):
        return value
    text = readText(value)
    if text.startswith("unix:/"):
        return SocketAddress(path=text.removeprefix("unix:"))
    match = PORT.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise ValueError(f"{text!r} is not an address: write host:port, [::1]:port or unix:/path")
    return SocketAddress(match["host"].strip("[]"), int(match["port"]))


def readServer(value: Any) -> SocketAddress:
    """Return an address to connect to, which has a host and a port, or a path."""
    address = readAddress(value)
    if not address.path and not (address.host and address.port):
        raise ValueError(
            f"{value!r} is not an address to connect to: write both host and port, as host:port"
        )
    return address


def readPath(value: Any) -> str:
    """Return the name of a file. Raise ValueError if it is empty."""
    if not readText(value):
        raise ValueError("the name of a file is empty: remove it")
    return str(value)


def parseHost(text: str) -> None:
    """Raise ValueError if `text` is neither empty nor the name of one host."""
    if text and parseName(text).startswith("."):
        raise ValueError(f"{text!r} matches several hosts: write the name of one host")


def readStore(value: Any) -> str:
    """Return the URL of a store. An error does not quote it: it may contain a password."""
    pattern = r"memory:|sqlite:[^:].*|(?:redis|rediss|unix)://\S+"
    if isinstance(value, str) and value.isprintable() and re.fullmatch(pattern, value):
        return value
    raise ValueError(
        "this is not a store: write sqlite:/path, redis://host:port/0 (for Valkey, too),"
        " rediss://host, unix:///path or memory:"
    )


def readCopy(value: Any) -> str:
    """Return the URL of a store on this host. An error does not quote it."""
    if (store := readStore(value)) and store.partition(":")[0] in ("memory", "sqlite"):
        return store
    raise ValueError("this is not a store on this host: write sqlite:/path or memory:")


def parseBalancer(text: str) -> Any:
    """Return a network, or "unix". Raise ValueError with a remedy for other text."""
    return text if text == "unix" else parseNetwork(text)


FLAG = Kind(readFlag, lambda value: "true" if value else "false", "true or false")
TEXT = Kind(readText, quoted, "text")
FILE = Kind(readText, quoted, "the name of a file; empty: none")
AUTHORITY = Kind(
    readText, quoted, 'the name of a file in PEM, or "system" for the authorities of the system'
)
PATH = Kind(readPath, quoted, "the name of a file")
DURATION = Kind(readDuration, writeDuration, 'seconds, or text such as "30s", "5m", "1h" or "2d"')
SIZE = Kind(readSize, writeSize, 'octets, or text such as "64KiB" or "32MiB"')
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
COPY = Kind(readCopy, quoted, '"sqlite:/path" or "memory:"')
MAYBE_HOST = checked(parseHost, "the name of a host")
PEER = checked(addressOf, "an address")
NETWORK = checked(parseNetwork, "an address, a network, or the first octets of one")
BALANCER = checked(parseBalancer, NETWORK.meaning + ', or "unix" for clients of a Unix socket')
NAME = checked(parseName, "a domain, or *.domain for all its subdomains")
CLIENT = checked(
    parseClient, "an address, a network, a verified name, *.domain, or /regular expression/"
)
PERIOD = checked(parsePeriod, "a part of a day, such as 22:00-06:00")
ZONE = checked(parseZone, "the name of a zone in DNS")
DELAY = checked(parseDelay, "a recipient and a time, such as @example.org 1m")
LOCAL_PART = checked(parseLocalPart, "the part before the @, such as postmaster")
MAILBOX = checked(parseMailbox, "user@domain, @domain, @*.domain, user@*, or /regular expression/")
TRIPLE = texts(3, parseTriple, "[address, sender, recipient]")
HELO_TRIPLE = texts(3, parseHeloTriple, "[name in HELO, network, recipient]")
CERTIFICATE = texts(2, parsePaths, "[certificate, key]")
