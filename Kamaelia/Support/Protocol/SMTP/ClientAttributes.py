"""What a trusted host says about its client: the arguments of XCLIENT and XFORWARD.

Example usage::

    >>> readAttributes(["XCLIENT", "ADDR=IPV6:2001:db8::1", "NAME=[UNAVAILABLE]"])
    {'ADDR': '2001:db8::1', 'NAME': ''}

Postfix defines the commands in its XCLIENT_README and XFORWARD_README. ClientAddress writes
them; this module reads them. Values are xtext (RFC 3461 section 4). An unknown value is "".
"""

from __future__ import annotations

import re

from Kamaelia.Support.Protocol.ProxyHeader import addressIn, plain
from Kamaelia.Support.Protocol.SMTP.ClientAddress import LONGEST_VALUE, VALUES

# The attributes that are read, as EHLO lists them.
ATTRIBUTES = {command: " ".join(rows) for command, rows in VALUES.items()}
# Some senders add these without being asked: nginx the name of a login. They are not used.
IGNORED = frozenset({"LOGIN", "IDENT"})
KNOWN = IGNORED.union(*VALUES.values())
UNKNOWN_VALUES = frozenset({"[UNAVAILABLE]", "[TEMPUNAVAIL]"})

XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+", re.ASCII)
ESCAPED = re.compile(r"\+([0-9A-F]{2})", re.ASCII)
PORT = re.compile(r"[0-9]{1,5}", re.ASCII)


def readAttributes(words: list[str]) -> dict[str, str] | None:
    """Return the attributes on a line by their names in capitals, or None if it is malformed."""
    given: dict[str, str] = {}
    # A quotation mark is an ordinary character of xtext, but wordsOf() takes it for the start of a
    # quoted string.
    for word in filter(None, " ".join(words[1:]).split(" ")):
        name, _, written = word.partition("=")
        name = name.upper()
        value = valueOf(name, written) if name in KNOWN and name not in given else None
        if value is None:
            return None
        given[name] = value
    return given or None


def valueOf(name: str, written: str) -> str | None:
    """Return a value without its encoding, "" if it is unknown, or None if it is malformed."""
    if written.upper() in UNKNOWN_VALUES:
        return ""
    if not XTEXT.fullmatch(written) or len(written) > 3 * LONGEST_VALUE:
        return None
    value = ESCAPED.sub(lambda found: chr(int(found[1], 16)), written)
    if len(value) > LONGEST_VALUE or not (value.isascii() and value.isprintable()):
        return None
    if name in ("ADDR", "DESTADDR"):
        return addressOf(value)
    if name in ("PORT", "DESTPORT"):
        return value if PORT.fullmatch(value) and int(value) < 65536 else None
    return value


def addressOf(value: str) -> str | None:
    """Return the address in 192.0.2.1 or IPV6:2001:db8::1, or None if it is none."""
    isLong = value[:5].upper() == "IPV6:"
    text = value[5:] if isLong else value
    address = None if isLong != (":" in text) or "%" in text else addressIn(text)
    return None if address is None else plain(address)
