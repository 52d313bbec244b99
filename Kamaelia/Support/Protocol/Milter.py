"""The milter protocol (version 6): what an MTA tells a mail filter, and the filter's replies.

Example usage::

    >>> session = MilterSession()
    >>> session.feed(packet(b"O", (6).to_bytes(4) + (0x1FF).to_bytes(4) + (0x1FFFFF).to_bytes(4)))
    >>> [step[4:5] for step in session.steps()]
    [b'O']
    >>> session.feed(packet(b"C", b"mx.example.net\\0" + b"4" + (25).to_bytes(2) + b"192.0.2.1\\0"))
    >>> session.feed(packet(b"M", b"<ann@example.net>\\0"))
    >>> list(session.steps())
    []
    >>> session.feed(packet(b"R", b"<bob@example.org>\\0"))
    >>> question = next(session.steps())
    >>> question.stage, question.peer, question.sender, question.recipient
    ('RCPT', '192.0.2.1', '<ann@example.net>', '<bob@example.org>')
    >>> session.replyTo(question, Action(451, "4.7.1 Try again later"))
    b'\\x00\\x00\\x00\\x1by451 4.7.1 Try again later\\x00'

How does it work?

libmilter's header files (mfapi.h, mfdef.h) define the protocol; it has no other specification. A
packet is a length (4 octets), a command (1 octet) and its data. At the negotiation the session
declines what it does not use (unknown commands, and headers and body unless the text is wanted),
and asks the MTA not to wait for replies to CONNECT, HELO, MAIL and the parts of the text. Of the
rest, each RCPT, DATA and end of a message is a question, unless the client is this machine (a
loopback address, or none).

Input that is not a packet, or comes out of order, raises BadPacket, after which the stream has no
meaning. At most LONGEST_PACKET octets of an incomplete packet are kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from Kamaelia.Support.PrintableText import printable
from Kamaelia.Support.Protocol.PolicyDelegation import (
    DATA,
    END,
    RCPT,
    UNKNOWN,
    Action,
    PolicyRequest,
)

LONGEST_PACKET = 131072  # Postfix sends at most header_size_limit (102,400) octets in one
LONGEST_REPLY = 900  # octets of text: a reply line of SMTP has 512
MANY_PACKETS = 256  # which are read in about a millisecond
VERSION, OLDEST = 6, 2  # of the protocol

# What the MTA need not send (SMFIP_NO...), and what it need not wait for (SMFIP_NR_...)
NO_BODY, NO_HEADERS, NO_END_OF_HEADERS, NO_UNKNOWN = 0x10, 0x20, 0x40, 0x100
NO_REPLY_TO_CLIENT = {b"C": 0x1000, b"H": 0x2000, b"M": 0x4000}
NO_REPLY_TO_TEXT = {b"L": 0x80, b"N": 0x40000, b"B": 0x80000}
NO_REPLY = NO_REPLY_TO_CLIENT | NO_REPLY_TO_TEXT
NO_TEXT = NO_BODY | NO_HEADERS | NO_END_OF_HEADERS
UNCHANGED = 0x100000  # SMFIP_HDR_LEADSPC: a header's value keeps the space before it
ALWAYS_DECLINED = NO_UNKNOWN | sum(NO_REPLY_TO_CLIENT.values())
WITHOUT_TEXT = ALWAYS_DECLINED | NO_TEXT
WITH_TEXT = ALWAYS_DECLINED | UNCHANGED | sum(NO_REPLY_TO_TEXT.values())
ADDS_HEADERS = 0x01  # SMFIF_ADDHDRS: the action that this filter may take

IPV4, IPV6, LOCAL, NO_FAMILY = b"4", b"6", b"L", b"U"  # of the client's address
CONTINUE = b"\0\0\0\1c"


class BadPacket(ValueError):
    """The input is not what an MTA sends; the message says why."""


def packet(command: bytes, data: bytes = b"") -> bytes:
    """Return a packet."""
    return (len(data) + 1).to_bytes(4) + command + data


class PacketReader:
    """PacketReader() -> takes bytes, however split, and returns one packet after the other.

    complete: how many it has returned.
    """

    def __init__(self) -> None:
        self.complete = 0
        self._data = bytearray()

    @property
    def isIncomplete(self) -> bool:
        """Whether a packet has begun that is not complete."""
        return bool(self._data)

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        self._data += data

    def nextPacket(self) -> tuple[bytes, bytes] | None:
        """Return (command, data) of the next packet, or None if more is needed.

        Raise BadPacket.
        """
        data = self._data
        if len(data) < 4:
            return None
        length = int.from_bytes(data[:4])
        if not 1 <= length <= LONGEST_PACKET:
            raise BadPacket(f"a packet has {length} octets, not 1 to {LONGEST_PACKET}")
        if len(data) < 4 + length:
            return None
        command, rest = bytes(data[4:5]), bytes(data[5 : 4 + length])
        del data[: 4 + length]
        self.complete += 1
        return command, rest


class MilterSession:
    """MilterSession(longestText) -> one connection of an MTA, without the connection.

    longestText: octets of a mail's text that are kept; 0: the MTA is to send none.
    Take bytes with feed(), then iterate over steps(): bytes are to be sent, and a PolicyRequest is
    to be answered with the bytes that replyTo() returns; None is only an opportunity for other
    work. isOver: the MTA has ended the session.
    """

    def __init__(self, longestText: int = 0) -> None:
        self.isOver = False
        self._longestText = longestText
        self._reader = PacketReader()
        self._numbers = itertools.count(1)  # of mails
        self._flags = self._actions = self._version = 0
        self._sender: str | None = None
        self._number = 0
        self._header: tuple[str, str] | None = None
        self._forgetClient()

    @property
    def isIncomplete(self) -> bool:
        """Whether a packet has begun that is not complete."""
        return self._reader.isIncomplete

    @property
    def complete(self) -> int:
        """How many packets have arrived."""
        return self._reader.complete

    def feed(self, data: bytes) -> None:
        """Take bytes. Exhaust steps() before the next call."""
        self._reader.feed(data)

    def steps(self) -> Iterator[bytes | PolicyRequest | None]:
        """Generate what is to be sent or answered. Raise BadPacket.

        None is generated after each MANY_PACKETS packets without a reply, so that a peer that sends
        many empty ones cannot keep the caller from other work.
        """
        withoutReply = 0
        while not self.isOver and (found := self._reader.nextPacket()) is not None:
            command, data = found
            step = STEPS.get(command)
            if step is None:
                raise BadPacket(f"unknown command {command!r}")
            if command not in ALWAYS and not self._version:
                raise BadPacket(f"the command {command!r} comes before the negotiation")
            result = step(self, data)
            if isinstance(result, PolicyRequest) or (result and not self._isUnanswered(command)):
                yield result
            else:
                withoutReply += 1
                if withoutReply % MANY_PACKETS == 0:
                    yield None

    def replyTo(self, question: PolicyRequest, action: Action) -> bytes:
        """Return the packets that answer a question."""
        if action.header is not None and self._header is None:
            self._header = action.header
        if action.code:
            return packet(b"y", replyText(action) + b"\0")
        if question.stage != END or self._header is None or not self._actions & ADDS_HEADERS:
            return CONTINUE
        name, value = self._header
        inserted = (0).to_bytes(4) + _oneLine(name) + b"\0" + _oneLine(value) + b"\0"
        return packet(b"i", inserted) + CONTINUE

    def _isUnanswered(self, command: bytes) -> bool:
        """Return whether the MTA does not wait for a reply to this command."""
        return bool(NO_REPLY.get(command, 0) & self._flags)

    # What is known about the client and its mail

    def _forgetClient(self) -> None:
        self._peer, self._port, self._name, self._helo = "", 0, "", ""
        self._isConnected = False
        self._login = ""
        self._hasTLS = self._hasCertificate = False
        self._forgetMail()

    def _forgetMail(self) -> None:
        self._sender = self._header = None
        self._text: bytearray | None = bytearray() if self._longestText else None

    def _question(self, stage: str, recipient: str = "") -> PolicyRequest | bytes:
        """Return a question about the mail, or CONTINUE if the client is this machine."""
        if self._sender is None:
            raise BadPacket(f"{stage} comes before MAIL")
        if not self._peer:
            return CONTINUE
        return PolicyRequest(
            stage=stage,
            peer=self._peer,
            peerport=self._port,
            names=(self._name,) if self._name else (),
            remotename=self._helo,
            sender=self._sender,
            recipient=recipient,
            instance=str(self._number),
            login=self._login,
            hasTLS=self._hasTLS or None,  # without it, nothing tells whether it was offered
            hasCertificate=self._hasCertificate,
            text=bytes(self._text) if stage == END and self._text is not None else None,
        )

    def _keep(self, data: bytes) -> None:
        """Keep a piece of the text, unless it is too large."""
        if self._text is None:
            return
        if len(self._text) + len(data) > self._longestText:
            self._text = None
        else:
            self._text += data

    # Steps: each takes the data of a packet and returns a reply, a question or None.

    def _negotiated(self, data: bytes) -> bytes:
        if len(data) < 12:
            raise BadPacket(f"the negotiation has {len(data)} octets, not 12 or more")
        version, actions, flags = (int.from_bytes(data[at : at + 4]) for at in (0, 4, 8))
        if version < OLDEST:
            raise BadPacket(f"version {version} of the protocol is older than {OLDEST}")
        self._version = min(version, VERSION)
        wanted = WITH_TEXT if self._longestText else WITHOUT_TEXT
        self._actions, self._flags = actions & ADDS_HEADERS, flags & wanted
        numbers = (self._version, self._actions, self._flags)
        return packet(b"O", b"".join(each.to_bytes(4) for each in numbers))

    def _defined(self, data: bytes) -> None:
        if not data:
            raise BadPacket("macros without a command")
        words = _words(data[1:])
        if len(words) % 2:
            raise BadPacket("a macro has no value")
        macros = dict(zip(words[::2], words[1::2], strict=True))
        if data[:1] == b"M":  # they come just before MAIL
            self._login = macros.get("{auth_authen}", "")
        elif data[:1] == b"H":  # just before HELO, which a client repeats after STARTTLS
            self._hasTLS = bool(macros.get("{tls_version}"))
            # Postfix names only a certificate that it has verified
            self._hasCertificate = self._hasTLS and bool(macros.get("{cert_subject}"))

    def _connected(self, data: bytes) -> bytes:
        name, _, rest = data.partition(b"\0")
        self._forgetClient()
        self._isConnected = True
        family, port, address = rest[:1], int.from_bytes(rest[1:3]), rest[3:].partition(b"\0")[0]
        if family in (IPV4, IPV6):
            peer = _address(address)
            self._peer, self._port = "" if peer.is_loopback else str(peer), port
            self._name = _verifiedName(_text(name))
        elif family not in (LOCAL, NO_FAMILY):
            raise BadPacket(f"unknown family of addresses: {family!r}")
        return CONTINUE

    def _greeted(self, data: bytes) -> bytes:
        self._helo = _text(data.partition(b"\0")[0])
        return CONTINUE

    def _begun(self, data: bytes) -> bytes:
        if not self._isConnected:
            raise BadPacket("MAIL comes before CONNECT")
        self._forgetMail()
        self._sender, self._number = _path(data), next(self._numbers)
        return CONTINUE

    def _named(self, data: bytes) -> PolicyRequest | bytes:
        return self._question(RCPT, _path(data))

    def _dataBegun(self, data: bytes) -> PolicyRequest | bytes:
        return self._question(DATA)

    def _ended(self, data: bytes) -> PolicyRequest | bytes:
        return self._question(END)

    def _headerField(self, data: bytes) -> bytes:
        name, _, rest = data.partition(b"\0")
        value = rest.removesuffix(b"\0").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        space = b"" if self._flags & UNCHANGED else b" "
        self._keep(name + b":" + space + value + b"\r\n")
        return CONTINUE

    def _headersEnded(self, data: bytes) -> bytes:
        self._keep(b"\r\n")
        return CONTINUE

    def _bodyPart(self, data: bytes) -> bytes:
        self._keep(data)
        return CONTINUE

    def _continued(self, data: bytes) -> bytes:
        return CONTINUE

    def _aborted(self, data: bytes) -> None:
        self._forgetMail()

    def _clientLeft(self, data: bytes) -> None:
        self._forgetClient()

    def _quit(self, data: bytes) -> None:
        self.isOver = True


ALWAYS = (b"O", b"Q", b"K")  # commands that need no negotiation
STEPS: dict[bytes, Callable[[MilterSession, bytes], bytes | PolicyRequest | None]] = {
    b"O": MilterSession._negotiated,
    b"D": MilterSession._defined,
    b"C": MilterSession._connected,
    b"H": MilterSession._greeted,
    b"M": MilterSession._begun,
    b"R": MilterSession._named,
    b"T": MilterSession._dataBegun,
    b"L": MilterSession._headerField,
    b"N": MilterSession._headersEnded,
    b"B": MilterSession._bodyPart,
    b"U": MilterSession._continued,
    b"E": MilterSession._ended,
    b"A": MilterSession._aborted,
    b"K": MilterSession._clientLeft,
    b"Q": MilterSession._quit,
}


def replyText(action: Action) -> bytes:
    """Return the reply as the MTA expects it: one line, with %% for each percent sign."""
    text = printable(f"{action.code} {action.text}").replace("%", "%%")
    return text.encode("ascii", "backslashreplace")[:LONGEST_REPLY]


def _oneLine(text: str) -> bytes:
    return printable(text).encode("ascii", "backslashreplace")[:LONGEST_REPLY]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _words(data: bytes) -> list[str]:
    """Return the words of a list in which a zero octet ends each one."""
    if data and not data.endswith(b"\0"):
        raise BadPacket("a word has no end")
    return [_text(each) for each in data.split(b"\0")[:-1]]


def _path(data: bytes) -> str:
    """Return the path in the arguments of MAIL or RCPT, with brackets."""
    words = _words(data)
    if not words:
        raise BadPacket("MAIL or RCPT without an address")
    path = printable(words[0])
    return path if path.startswith("<") and path.endswith(">") else f"<{path}>"


def _address(data: bytes) -> IPv4Address | IPv6Address:
    text = data.decode("ascii", "replace")
    if text[:5].lower() == "ipv6:":
        text = text[5:]
    try:
        return ip_address(text)
    except ValueError:
        raise BadPacket(f"not an address: {text[:80]!r}") from None


def _verifiedName(name: str) -> str:
    """Return the client's name, or "" if the MTA could not verify one."""
    isVerified = name.lower() != UNKNOWN and not name.startswith("[")
    return printable(name) if isVerified else ""
