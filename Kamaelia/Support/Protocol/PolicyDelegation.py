"""Postfix's policy delegation protocol: requests, and the one action that answers each.

Example usage::

    >>> reader = RequestReader()
    >>> reader.feed(b"request=smtpd_access_policy\\nprotocol_state=RCPT\\n")
    >>> reader.nextPolicyRequest() is None
    True
    >>> reader.feed(b"client_address=192.0.2.1\\nsender=ann@example.net\\n")
    >>> reader.feed(b"recipient=bob@example.org\\n\\n")
    >>> request = reader.nextPolicyRequest()
    >>> request.stage, request.peer, request.sender, request.recipient
    ('RCPT', '192.0.2.1', '<ann@example.net>', '<bob@example.org>')
    >>> answer("DUNNO")
    b'action=DUNNO\\n\\n'

How does it work?

Postfix's SMTPD_POLICY_README defines the protocol. A request consists of lines "name=value" and
ends with an empty line. Postfix sends addresses without quotes; they get the quotes of SMTP here,
so that a mailbox has one key whether SMTP or a policy request names it. Other input raises
BadRequest, after which the stream has no meaning. At most LONGEST_REQUEST octets of an incomplete
request are kept.

Postfix gives all its requests the same attributes in the same order. A request with the names of
the last one is therefore read at once, and only the values that are used (RequestForm).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from Kamaelia.Support.PrintableText import printable

# Postfix limits a value to line_length_limit (2,048 octets) and sends about 40 attributes.
LONGEST_REQUEST = 65536
MOST_ATTRIBUTES = 500
NEWLINE = ord("\n")
# Each version of Postfix has one form, with about 40 attributes. A form takes 2 ms to make.
MOST_FORMS = 16
LONGEST_NAMES = 1000  # characters
LONGEST_ACTION = 900  # octets: a reply line of SMTP has 512, and Postfix adds words of its own

ACCESS_POLICY = "smtpd_access_policy"  # the only request that there is
RCPT, DATA, END = "RCPT", "DATA", "END-OF-MESSAGE"
STAGES = (RCPT, DATA, END)  # at which a mail is decided, in their order
UNKNOWN = "unknown"  # Postfix's word for a name that is not verified
#: The attributes that requestOf() reads.
USED = (
    "request",
    "protocol_state",
    "client_address",
    "client_port",
    "client_name",
    "helo_name",
    "sender",
    "recipient",
    "instance",
    "sasl_username",
    "encryption_protocol",
    "ccert_subject",
)

# An address of SMTP that needs no quotes, as nearly all do
PLAIN = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+", re.ASCII)
PORT = re.compile(r"[0-9]{1,5}")
ATOMS = re.compile(r"[^\s\"\\(),:;<>@\[\]\0-\x20\x7f]*")
NEVER = re.compile(r"[\0-\x1f\x7f-\x9f\ud800-\udfff]")  # in an address of SMTP
SPECIAL = re.compile(r'["\\]')


class BadRequest(ValueError):
    """The input is not a policy request; the message says why."""


class PolicyRequest(NamedTuple):
    """The attributes of a request that a policy about mail uses.

    sender, recipient: with brackets, and "<>" is the null sender. recipient: "" if there is none or
    if a request is about several. names: the client's name, if Postfix has verified it.
    instance: the same in all requests about one delivery. login: that of SMTP AUTH. hasTLS: None if
    the request does not say it. hasCertificate: whether the client's certificate was verified.
    text: that of the mail at its end, if it is known.
    """

    stage: str
    peer: str
    peerport: int = 0
    names: tuple[str, ...] = ()
    remotename: str = ""
    sender: str = "<>"
    recipient: str = ""
    instance: str = ""
    login: str = ""
    hasTLS: bool | None = None
    hasCertificate: bool = False
    text: bytes | None = None


class Action(NamedTuple):
    """What a mail server is to do at a stage of a mail; a code of 0 lets the mail continue.

    code, text: a reply of SMTP. header: the name and the value of a header for the mail.
    """

    code: int = 0
    text: str = ""
    header: tuple[str, str] | None = None

    @property
    def isDeferral(self) -> bool:
        """Whether the client may try again later."""
        return 400 <= self.code < 500

    def inWords(self, deferral: str) -> str:
        """Return the words of an access table of Postfix (access(5)). deferral: that for 4xx."""
        if self.code:
            return f"{deferral if self.isDeferral else self.code} {self.text}"
        return "DUNNO" if self.header is None else f"PREPEND {': '.join(self.header)}"


NO_OPINION = Action()  # the mail server continues with its next check


class RequestForm:
    """RequestForm(names) -> reads requests whose attributes have these names, in this order.

    The names are those of a request that attributesOf() has read.
    """

    __slots__ = ("_groups", "_pattern")

    def __init__(self, names: Sequence[str]) -> None:
        used = [name for name in names if name in USED]
        lines = [f"{re.escape(name)}={'(.*+)' if name in USED else '.*+'}" for name in names]
        # The last group, which takes no part in a match, is for the attributes that are missing
        self._pattern = re.compile("\n".join(lines) + "(?:|())")
        places = {name: place for place, name in enumerate(used, 1)}
        self._groups = [places.get(name, len(used) + 1) for name in USED]

    def requestIn(self, text: str) -> PolicyRequest | None:
        """Return the request with these lines; None if it has other names. Raise BadRequest."""
        found = self._pattern.fullmatch(text)
        if found is None or "\0" in text:
            return None
        return _request(*found.group(*self._groups))


NO_FORM = RequestForm(())  # that of no request
_forms: dict[tuple[str, ...], RequestForm] = {}  # by the names


def formOf(names: tuple[str, ...]) -> RequestForm:
    """Return the form with these names. Only the first MOST_FORMS are made, as that takes long."""
    form = _forms.get(names, NO_FORM)
    if form is NO_FORM and len(_forms) < MOST_FORMS and sum(map(len, names)) <= LONGEST_NAMES:
        form = _forms[names] = RequestForm(names)
    return form


class RequestReader:
    """RequestReader() -> takes bytes, however split, and returns one request after the other.

    complete: how many it has returned.
    """

    def __init__(self) -> None:
        self.complete = 0
        self._data = bytearray()
        self._searched = 0  # octets that do not contain the end of a request
        self._form = NO_FORM  # that of the last request

    @property
    def isIncomplete(self) -> bool:
        """Whether a request has begun that is not complete."""
        return bool(self._data)

    def feed(self, data: bytes) -> None:
        """Take bytes. Call nextRequest() until it returns None before the next call."""
        self._data += data

    def nextPolicyRequest(self) -> PolicyRequest | None:
        """Return the next request, or None if more is needed. Raise BadRequest."""
        text = self._nextText()
        if text is None:
            return None
        request = self._form.requestIn(text)
        if request is None:
            attributes = attributesOf(text)
            self._form = formOf(tuple(attributes))
            request = requestOf(attributes)
        return request

    def nextRequest(self) -> dict[str, str] | None:
        """Return all attributes of the next request, or None if more is needed.

        Raise BadRequest.
        """
        text = self._nextText()
        return None if text is None else attributesOf(text)

    def _nextText(self) -> str | None:
        """Return the lines of the next request, or None if more is needed. Raise BadRequest."""
        data = self._data
        end = data.find(b"\n\n", self._searched)
        if not 0 < end <= LONGEST_REQUEST or data[0] == NEWLINE:
            self._noteIncomplete(end)
            return None
        text = data[:end].decode("utf-8", "surrogateescape")
        del data[: end + 2]
        self._searched = 0
        self.complete += 1
        return text

    def _noteIncomplete(self, end: int) -> None:
        """Note that no whole request has arrived, or raise BadRequest. end: see bytearray.find."""
        size = len(self._data)
        if self._data[:1] == b"\n":
            raise BadRequest("a request is empty")
        if end > LONGEST_REQUEST or size > LONGEST_REQUEST:
            raise BadRequest(f"a request has more than {LONGEST_REQUEST} octets")
        self._searched = max(0, size - 1)


def attributesOf(text: str) -> dict[str, str]:
    """Return the attributes in the lines of a request. Raise BadRequest."""
    pairs = [line.split("=", 1) for line in text.split("\n")]
    if len(pairs) <= MOST_ATTRIBUTES and "\0" not in text:
        with suppress(ValueError):  # a line without an equals sign
            attributes: dict[str, str] = dict(pairs)
            if len(attributes) == len(pairs) and "" not in attributes:
                return attributes
    raise BadRequest(_mistakeIn(text))


def _mistakeIn(text: str) -> str:
    """Return what is wrong with the lines of a request."""
    lines = [line.partition("=") for line in text.split("\n")]
    if len(lines) > MOST_ATTRIBUTES:
        return f"a request has more than {MOST_ATTRIBUTES} attributes"
    for each in lines:
        if not all(each[:2]) or "\0" in "".join(each):
            return f"not an attribute: {printable(''.join(each)[:80])!r}"
    names = [name for name, _, _ in lines]
    name = next(each for each in names if names.count(each) > 1)
    return f"the attribute {printable(name[:80])!r} is there twice"


def requestOf(attributes: Mapping[str, str]) -> PolicyRequest:
    """Return the request with these attributes. Raise BadRequest."""
    return _request(*map(attributes.get, USED))


def _request(
    kind: str | None,
    stage: str | None,
    peer: str | None,
    port: str | None,
    name: str | None,
    helo: str | None,
    sender: str | None,
    recipient: str | None,
    instance: str | None,
    login: str | None,
    protocol: str | None,
    certificate: str | None,
) -> PolicyRequest:
    """Return the request with these values of USED; None: the attribute is missing."""
    if kind != ACCESS_POLICY:
        raise BadRequest(f"the request is {(kind or '')[:80]!r}, not {ACCESS_POLICY}")
    if not peer:
        raise BadRequest("the attribute client_address is missing")
    return PolicyRequest(
        stage.upper() if stage else "",
        peer,
        portOf(port) if port else 0,
        (name,) if name and name.lower() != UNKNOWN else (),
        helo or "",
        pathOf(sender) if sender else "<>",
        pathOf(recipient) if recipient else "",
        instance or "",
        login or "",
        None if protocol is None else bool(protocol),
        bool(certificate),  # Postfix names only verified ones
    )


def portOf(text: str) -> int:
    """Return a port, or 0 for text that is none."""
    return int(text) if PORT.fullmatch(text) else 0


def pathOf(address: str) -> str:
    """Return an address without quotes as a path of SMTP, with brackets (RFC 5321 section 4.1.2).

    Control characters are escaped: SMTP allows them nowhere.
    """
    if PLAIN.fullmatch(address):
        return f"<{address}>"
    local, at, domain = NEVER.sub(_escape, address).rpartition("@")
    if not at:
        local, domain = domain, ""
    if not ATOMS.fullmatch(local) or (at and not local):
        escaped = SPECIAL.sub(lambda found: f"\\{found[0]}", local)
        local = f'"{escaped}"'
    return f"<{local}{at}{domain}>"


def _escape(found: re.Match[str]) -> str:
    return printable(found[0])


def answer(action: str) -> bytes:
    """Return the answer to a request. Control characters in the action are escaped."""
    text = printable(action).encode("utf-8", "backslashreplace")[:LONGEST_ACTION]
    return b"action=%b\n\n" % text
