"""Runs sessions of SMTP that are given as data, and returns what happened in them.

    python -m Tests.Kamaelia.Support.Protocol.SMTP.sessions

A program is a dict with the pieces that arrive, as text in latin-1. With "settings" it is the
session of a client, whose commands all go on. With "manner" it is one with a real server: "steps"
are the names of what is said to it, and the pieces are what it answers. The compiled modules and
their sources are equal if they give the same trace.
"""

from collections.abc import Callable, Iterator
from typing import Any

from Kamaelia.Support.Protocol.ProxyHeader import Origin
from Kamaelia.Support.Protocol.SMTP import Session
from Kamaelia.Support.Protocol.SMTP.Address import Envelope
from Kamaelia.Support.Protocol.SMTP.ClientAddress import ClientIdentity
from Kamaelia.Support.Protocol.SMTP.InputParser import TextEnded
from Kamaelia.Support.Protocol.SMTP.Relay import Relay
from Kamaelia.Support.Protocol.SMTP.Settings import Settings
from Tests.cores import answer, coreOf

STATE = [
    "acceptingMail",
    "awaited",
    "breakConnection",
    "errors",
    "gettingdata",
    "hasInput",
    "isExtended",
    "parameters",
    "recipientParameters",
    "recipients",
    "remotename",
    "seenMail",
    "seenRcpt",
    "sender",
    "unread",
]
SENDER = Envelope("<s@example.com>", {"SIZE": "5"})
RECIPIENT = Envelope("<r@example.net>", {})
STEPS: dict[str, Callable[[Relay], object]] = {
    "mail": lambda relay: relay.mail(SENDER),
    "rcpt": lambda relay: relay.rcpt(RECIPIENT),
    "data": Relay.data,
    "dot": Relay.dot,
    "reset": Relay.reset,
    "quit": Relay.quit,
    "hungUp": Relay.hungUp,
    "timedOut": Relay.timedOut,
    "startedTLS": Relay.startedTLS,
}


def withClient(program: dict[str, Any]) -> Iterator[str]:
    extensions = frozenset(program["extensions"])
    session = Session(Settings(extensions=extensions, **program["settings"]))
    if program["isTrusted"]:
        session.trust()
    yield str(session.greet("today"))
    for piece in program["pieces"]:
        session.feed(piece.encode("latin-1"))
        while session.hasInput and not session.breakConnection:
            event = session.next()
            yield repr(event)
            if isinstance(event, list):
                verb = event[0].upper()
                refusal = session.may(verb, event)
                yield repr(refusal or session.say(verb, event))
            elif isinstance(event, TextEnded):
                session.reset()
            elif event is None:
                break
            yield repr([getattr(session, name) for name in STATE])


def withServer(program: dict[str, Any]) -> Iterator[str]:
    client = ClientIdentity(Origin("192.0.2.1", 4711, "", 0))
    relay = Relay("mx.example", client=client, **program["manner"])
    for piece, step in zip(program["pieces"], program["steps"], strict=False):
        yield repr(relay.receive(piece.encode("latin-1")))
        if relay.isReady or step in {"hungUp", "timedOut"}:
            yield repr(STEPS[step](relay))
        timeout = float(relay.timeout or 0)  # a number of the sources may be an int
        yield repr([relay.stage, timeout, relay.accepted, relay.isInText, relay.brokenBy])


def run(program: dict[str, Any]) -> list[str]:
    """Return the trace of a program, which ends with the error if there is one."""
    trace: list[str] = []
    try:
        trace.extend(withClient(program) if "settings" in program else withServer(program))
    except Exception as error:  # noqa: BLE001 - the trace has it
        trace.append(f"{type(error).__name__}: {error}")
    return trace


if __name__ == "__main__":
    answer(coreOf(Session.__module__), run)
