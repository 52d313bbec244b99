"""XCLIENT and XFORWARD: telling the server behind a proxy who the client is.

Example usage::

    >>> client = ClientIdentity(Origin("192.0.2.1", 4711, "", 0), helo="mail.example.org")
    >>> linesFor("XCLIENT", client, ["NAME", "ADDR", "PORT"])
    ['XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.1 PORT=4711']

The commands are Postfix's own: see its XCLIENT_README and XFORWARD_README. With
XCLIENT the server forgets who we are and treats us as the client, access rules
and all; XFORWARD is for its log alone. Each has a row for what it may say, and
of these is said what the server's EHLO lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address
from typing import NamedTuple

from Kamaelia.Support.Protocol.ProxyHeader import Origin, addressIn, plain

UNAVAILABLE = "[UNAVAILABLE]"
LONGEST_VALUE = 255  # XCLIENT_README note 1, XFORWARD_README note 1
LONGEST_LINE = 510  # RFC 5321 section 4.5.3.1.4, without CRLF
LONGEST_XTEXT = LONGEST_LINE - len("XFORWARD DESTADDR=")
NO_XTEXT = re.compile(r"[^!-*,-<>-~]")  # RFC 3461 section 4


class ClientIdentity(NamedTuple):
    """Who is in front of a proxy: `name` is its name in the DNS, if that is known."""

    origin: Origin
    name: str = ""
    helo: str = ""
    isExtended: bool = True  # it said EHLO


def addressFor(text: str) -> str:
    """192.0.2.1 or IPV6:2001:db8::1; empty for what is no IP address."""
    address = addressIn(text)
    if address is None:
        return ""
    bare = plain(address)
    return f"IPV6:{bare}" if isinstance(addressIn(bare), IPv6Address) else bare


def portFor(text: str, port: int) -> str:
    """A port, where there is an address that it belongs to."""
    return str(port) if addressIn(text) is not None else ""


AttributeOf = Callable[[ClientIdentity], str]
BOTH: dict[str, AttributeOf] = {
    "NAME": lambda client: client.name,
    "ADDR": lambda client: addressFor(client.origin.peer),
    "PORT": lambda client: portFor(client.origin.peer, client.origin.peerport),
    "PROTO": lambda client: "ESMTP" if client.isExtended else "SMTP",
    "HELO": lambda client: client.helo,
}
VALUES: dict[str, dict[str, AttributeOf]] = {
    "XCLIENT": BOTH
    | {
        "DESTADDR": lambda client: addressFor(client.origin.local),
        "DESTPORT": lambda client: portFor(client.origin.local, client.origin.localport),
    },
    "XFORWARD": BOTH | {"SOURCE": lambda client: "REMOTE"},
}


def linesFor(command: str, client: ClientIdentity, offered: Iterable[str]) -> list[str]:
    """The lines, mostly one, that say all that the server wants to know; without CRLF.

    What is not known is said to be so: else the server would believe it of us.
    """
    rows = VALUES[command]
    wanted = [name.upper() for name in offered if name.upper() in rows]
    lines: list[str] = []
    for name in dict.fromkeys(wanted):
        word = f" {name}={xtext(rows[name](client))}"
        if lines and len(lines[-1]) + len(word) <= LONGEST_LINE:
            lines[-1] += word
        else:
            lines.append(command + word)
    return lines


def xtext(value: str) -> str:
    """A value in xtext; one that is unknown, or that no server would take, as UNAVAILABLE."""
    if not value or len(value) > LONGEST_VALUE or not (value.isascii() and value.isprintable()):
        return UNAVAILABLE
    written = NO_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", value)
    return written if len(written) <= LONGEST_XTEXT else UNAVAILABLE
