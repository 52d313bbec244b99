"""How a session with the real server opens: hello, encryption, and who the client is.

Example usage::

    opening = begin(Manner(helo="mail.example.org", tls="must"), extensions)
    next(opening)                          # ("greeting", ""): nothing is said, it is heard
    stage, line = opening.send(reply)      # ("EHLO", "EHLO mail.example.org")

How does it work?

An opening is a generator: it yields what to say next, with the stage that it is
(a row of SMTPRelay.STAGES), and is sent the answer; at "TLS" it is sent None
after the handshake. It returns when mail may be sent, and raises Refused if that
is never to be. What the server offers is in `extensions` then.

Termination: as above.
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
    """How to speak with the real server. Raises ValueError for what there is not.

    helo: our name. tls: "no", "may" (where it is offered) or "must" be used.
    protocol: "smtp" or "lmtp". telling: how to say who `client` is: "no",
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
    def clientsHelo(self) -> str:
        """What the client calls itself: said where the server treats us as the client."""
        return (self.client.helo if self.client is not None else "") or self.helo


@lru_cache(maxsize=64)
def mannerOf(
    helo: str,
    tls: str = "no",
    protocol: str = "smtp",
    telling: str = "no",
    client: ClientIdentity | None = None,
) -> Manner:
    """Made once for all sessions that are set up alike. Raises ValueError."""
    return Manner(helo, tls, protocol, telling, client)


def check(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """A ValueError that says what there is, if this is not."""
    if value not in allowed:
        words = ", ".join(f'"{each}"' for each in allowed[:-1])
        raise ValueError(f'{name} is {words} or "{allowed[-1]}", not {value!r}')


class OpeningRefused(Exception):
    """The session cannot be opened: `reply` is what the client hears.

    `isForClient`: it is the client whom the server does not want, not us.
    """

    def __init__(self, reason: str, reply: Reply = NOT_REACHED, isForClient: bool = False) -> None:
        super().__init__(reason)
        self.reply = reply
        self.isForClient = isForClient


def begin(manner: Manner, extensions: Extensions) -> Opening:
    """From the greeting on."""
    isClient = manner.telling == "proxy"  # the server has had the header before all this
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
    """EHLO or LHLO; HELO for a server that knows no EHLO."""
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
    """STARTTLS. What was said before it is forgotten (RFC 3207 section 4.2)."""
    reply = yield "STARTTLS", "STARTTLS"
    if not reply.isPositive and manner.tls == "may":
        return
    need("STARTTLS", reply)
    yield "TLS", ""
    yield from sayHello(manner, extensions, isClient, mayFallBack=False)


def becomeClient(manner: Manner, extensions: Extensions) -> Opening:
    """XCLIENT. The server takes us for the client then, and begins anew."""
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
    """Raises Refused for an answer that is none. Who is refused in the client's name is the client.

    Otherwise it is our fault, whatever the code is, and the client may try again.
    """
    if not reply.isPositive:
        raise OpeningRefused(refusal(stage, reply), reply if isClient else NOT_REACHED, isClient)


def refusal(stage: str, reply: Reply) -> str:
    """For the log."""
    return f"the mail server refuses us at {stage}: {reply.code} {reply.text}"


@lru_cache(maxsize=64)
def extensionsIn(text: str) -> Mapping[str, str]:
    """The extensions in an answer to EHLO: names in capitals, and what stands behind them.

    Cached, because a server says the same in each session.
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
