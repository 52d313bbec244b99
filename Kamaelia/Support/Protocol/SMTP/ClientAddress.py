"""XCLIENT and XFORWARD: commands that tell the server behind a proxy the client's address.

Example usage::

    >>> client = ClientIdentity(Origin("192.0.2.1", 4711, "", 0), helo="mail.example.org")
    >>> linesFor("XCLIENT", client, ["NAME", "ADDR", "PORT"])
    ['XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.1 PORT=4711']

Postfix defines the commands in its XCLIENT_README and XFORWARD_README. After XCLIENT, the
server treats the proxy as the client and applies its access rules. XFORWARD is only for the
server's log. VALUES has the attributes of each command. The attributes that the server lists
in its reply to EHLO are sent.
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
    """The client of a proxy: `name` is its host name in DNS, if that is known."""

    origin: Origin
    name: str = ""
    helo: str = ""
    isExtended: bool = True  # it said EHLO


def addressFor(text: str) -> str:
    """Return 192.0.2.1 or IPV6:2001:db8::1, or "" if the text is not an IP address."""
    address = addressIn(text)
    if address is None:
        return ""
    bare = plain(address)
    return f"IPV6:{bare}" if isinstance(addressIn(bare), IPv6Address) else bare


def portFor(text: str, port: int) -> str:
    """Return the port as text, or "" if `text` is not an IP address."""
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
    """Return the lines, usually one, with all attributes that are offered; without CRLF.

    Unknown values are sent as UNAVAILABLE; otherwise the server would use those of the proxy.
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
    """Return a value in xtext, or UNAVAILABLE if it is unknown or servers would not accept it."""
    if not value or len(value) > LONGEST_VALUE or not (value.isascii() and value.isprintable()):
        return UNAVAILABLE
    written = NO_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", value)
    return written if len(written) <= LONGEST_XTEXT else UNAVAILABLE
