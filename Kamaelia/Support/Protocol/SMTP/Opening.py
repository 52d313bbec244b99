"""The opening of a session with the real server: hello, encryption and the client's address.

Example usage::

    opening = begin(Manner(helo="mail.example.org", tls="must"), extensions)
    next(opening)                          # ("greeting", ""): nothing is sent, a reply arrives
    stage, line = opening.send(reply)      # ("EHLO", "EHLO mail.example.org")

How does it work?

An opening is a generator. It yields the stage (a row of Relay.STAGES) and the line to send
next, and receives the reply. At "TLS" it receives None after the handshake. It returns when
mail may be sent; `extensions` then contains what the server offers. It raises OpeningRefused
if the server does not accept the session.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from Kamaelia.Support.Protocol.SMTP.ClientAddress import ClientIdentity, linesFor
from Kamaelia.Support.Protocol.SMTP.Reply import NOT_REACHED, Reply

PROTOCOLS = {"smtp": "EHLO", "lmtp": "LHLO"}  # RFC 2033 section 4.1
TLS = ("no", "may", "must")
TELLING = ("no", "xclient", "xforward", "proxy")

Extensions = dict[str, str]
Step = tuple[str, str]
Opening = Generator[Step, Any, None]


@dataclass(frozen=True)
class Manner:
    """The settings of the sessions with the real server. Raises ValueError for unknown values.

    helo: the name of this proxy. tls: "no", "may" (use it if it is offered) or "must".
    protocol: "smtp" or "lmtp". telling: how the server learns the address of `client`: "no",
    "xclient", "xforward" or "proxy".
    """

    helo: str
    tls: str = "no"
    protocol: str = "smtp"
    telling: str = "no"
    client: ClientIdentity | None = None

    def __post_init__(self) -> None:
        check("smtp_tls", self.tls, TLS)
        check("smtp_protocol", self.protocol, tuple(PROTOCOLS))
        check("smtp_client_address", self.telling, TELLING)

    @property
    def isShareable(self) -> bool:
        """Whether a session of this manner may serve one client after another.

        With XCLIENT, XFORWARD or a PROXY header, the server has been told about one client. With
        TLS, each session verifies the certificate.
        """
        return self.telling == "no" and self.tls == "no"

    @property
    def clientsHelo(self) -> str:
        """The name that the client gave in EHLO, for servers that treat the proxy as the client."""
        return (self.client.helo if self.client is not None else "") or self.helo


@lru_cache(maxsize=64)
def mannerOf(
    helo: str,
    tls: str = "no",
    protocol: str = "smtp",
    telling: str = "no",
    client: ClientIdentity | None = None,
) -> Manner:
    """Return a Manner, which sessions with equal settings share. Raise ValueError."""
    return Manner(helo, tls, protocol, telling, client)


def check(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Raise a ValueError that lists the allowed values if this is not one."""
    if value not in allowed:
        words = ", ".join(f'"{each}"' for each in allowed[:-1])
        raise ValueError(f'{name} must be {words} or "{allowed[-1]}", not {value!r}')


class OpeningRefused(Exception):
    """The session cannot be opened. `reply` is the reply for the client.

    isForClient: the server refuses the client, and not this proxy.
    """

    def __init__(self, reason: str, reply: Reply = NOT_REACHED, isForClient: bool = False) -> None:
        super().__init__(reason)
        self.reply = reply
        self.isForClient = isForClient


def begin(manner: Manner, extensions: Extensions) -> Opening:
    """Open a session, from the greeting on."""
    isClient = manner.telling == "proxy"  # the header precedes the greeting
    need("greeting", (yield "greeting", ""), isClient)
    yield from sayHello(manner, extensions, isClient, mayFallBack=manner.tls != "must")
    if manner.tls == "must" and "STARTTLS" not in extensions:
        raise OpeningRefused("the mail server offers no STARTTLS")
    if manner.tls != "no" and "STARTTLS" in extensions:
        yield from encrypt(manner, extensions, isClient)
    if manner.telling == "xclient":
        yield from becomeClient(manner, extensions)
    if manner.telling == "xforward" and "XFORWARD" not in extensions:
        raise OpeningRefused(
            "the mail server offers us no XFORWARD (smtpd_authorized_xforward_hosts)"
        )


def sayHello(manner: Manner, extensions: Extensions, isClient: bool, mayFallBack: bool) -> Opening:
    """Send EHLO or LHLO, or HELO if the server does not know EHLO."""
    extensions.clear()
    name = manner.clientsHelo if isClient else manner.helo
    verb = PROTOCOLS[manner.protocol]
    reply = yield verb, f"{verb} {name}"
    if reply.isForGood and mayFallBack and verb == "EHLO":
        need("HELO", (yield "HELO", f"HELO {name}"), isClient)
        return
    need(verb, reply, isClient)
    extensions.update(extensionsIn(reply.text))


def encrypt(manner: Manner, extensions: Extensions, isClient: bool) -> Opening:
    """Send STARTTLS, and then EHLO again, as RFC 3207 section 4.2 requires."""
    reply = yield "STARTTLS", "STARTTLS"
    if not reply.isPositive and manner.tls == "may":
        return
    need("STARTTLS", reply)
    yield "TLS", ""
    yield from sayHello(manner, extensions, isClient, mayFallBack=False)


def becomeClient(manner: Manner, extensions: Extensions) -> Opening:
    """Send XCLIENT. The server then treats the proxy as the client, and the session restarts."""
    if "XCLIENT" not in extensions or manner.client is None:
        raise OpeningRefused(
            "the mail server offers us no XCLIENT (smtpd_authorized_xclient_hosts)"
        )
    for line in linesFor("XCLIENT", manner.client, extensions["XCLIENT"].split()):
        reply = yield "XCLIENT", line
        if not reply.isPositive:
            raise OpeningRefused(refusal("XCLIENT", reply), isForClient=True)
    yield from sayHello(manner, extensions, isClient=True, mayFallBack=False)


def need(stage: str, reply: Reply, isClient: bool = False) -> None:
    """Raise OpeningRefused if the reply is not positive.

    isClient: the server treats the proxy as the client, so the client receives the refusal.
    Otherwise the proxy is at fault whatever the code is, and the client may try again.
    """
    if not reply.isPositive:
        raise OpeningRefused(refusal(stage, reply), reply if isClient else NOT_REACHED, isClient)


def refusal(stage: str, reply: Reply) -> str:
    """Return the reason for the log."""
    return f"the mail server refuses us at {stage}: {reply.code} {reply.text}"


@lru_cache(maxsize=64)
def extensionsIn(text: str) -> Mapping[str, str]:
    """Return the extensions in a reply to EHLO: names in capitals, and their arguments.

    The result is cached, because a server sends the same reply in each session.
    """
    lines = text.split("\n")[1:]
    pairs = (line.strip().partition(" ") for line in lines)
    return {name.upper(): argument for name, _, argument in pairs if name}


# Configurations call the setting client_address, scripts smtp_client_address.
HINTS = {
    "no": 'if it expects a PROXY header or XCLIENT, set client_address to "proxy" or "xclient";'
    " otherwise it has to allow this host and the name in smtp_helo",
    "xclient": 'if it expects a PROXY header, set client_address to "proxy"; otherwise it has to'
    " allow this host and the name in smtp_helo",
    "proxy": "it has to expect the PROXY header that it is sent (in Postfix:"
    " smtpd_upstream_proxy_protocol = haproxy); without one, set client_address to another value",
}
HINTS["xforward"] = HINTS["xclient"]


def hintFor(manner: Manner, stage: str) -> str:
    """Return which setting may be the cause if the server refuses the proxy at this stage."""
    isAtStart = stage in {"greeting", "HELO", *PROTOCOLS.values()}
    return HINTS[manner.telling] if isAtStart else ""
