"""With recipients = "ask", the real server says which recipients it knows, before greylisting."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Backend.RecipientInquiry import RecipientInquiry, inquiriesFor
from Kamaelia.Apps.Grey.Delegation.MilterHandler import MilterHandler
from Kamaelia.Apps.Grey.Delegation.PolicyRequestHandler import PolicyRequestHandler
from Kamaelia.Apps.Grey.Delegation.PolicyService import LastStage, PolicyService
from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.RecipientDirectory import TOO_MANY_UNKNOWN, RecipientDirectory
from Kamaelia.Support.Failover import Health
from Kamaelia.Support.Greylist.Rules import Rules
from Kamaelia.Support.Protocol.PolicyDelegation import END
from Tests.Kamaelia.Apps.Grey.Delegation.sessions import restrictions, send, session
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.wire import HANG_UP, SILENCE, Caller, FarEnd, nowhere
from Tests.Kamaelia.sockets import dial

UNKNOWN = "550 5.1.1 <x@d.example>: User unknown"
GREYLISTED = "451 4.7.1 Greylisted"
needsPostfix = [
    pytest.mark.needs("postfix"),
    pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root"),
]


def greylist(**directory: Any) -> Greylist:
    return Greylist(
        store="memory:",
        decide_at="rcpt",
        rules=Rules(too_soon=0, min_defer_time=300),
        recipients=RecipientDirectory(**directory),
    )


def proxy(grey: Greylist, port: int, **more: Any) -> Any:
    settings = {
        "greylist": grey,
        "smtp_port": port,
        "smtp_offer_interval": 0,
        "smtp_health": Health(),
        "allowed_domains": ["d.example"],
        "relay": "live",
    }
    return type("Handler", (GreyListingPolicy,), settings | more)


def rcpts(*recipients: str) -> Callable[[Any], list[str]]:
    """A client that names recipients: the replies to RCPT."""

    def client(server: Any) -> list[str]:
        return Caller(server.ports[0]).begin(*recipients)[1:]

    return client


@pytest.mark.parametrize("relay", ["live", "replay"])
def test_an_unknown_recipient_gets_the_servers_own_reply_and_no_triple(
    serving: Any, relay: str
) -> None:
    grey = greylist()
    with FarEnd(RCPT=[UNKNOWN]) as far:
        said = serving(
            rcpts("<x@d.example>", "<c@d.example>"), protocol=proxy(grey, far.port, relay=relay)
        )
    assert said[0] == UNKNOWN
    assert said[1].startswith(GREYLISTED)
    assert far.heard.count("MAIL FROM:<>") == 2
    assert "DATA" not in far.heard


def test_what_the_server_said_is_remembered(serving: Any) -> None:
    grey = greylist()
    with FarEnd(RCPT=[UNKNOWN]) as far:
        names = ["<x@d.example>", "<X@D.example>", "<c@d.example>", "<c@d.example>"]
        said = serving(rcpts(*names), protocol=proxy(grey, far.port))
    assert said[:2] == [UNKNOWN, UNKNOWN]
    assert far.count("RCPT") == 2


@pytest.mark.parametrize(
    "answers",
    [
        {"greeting": "554 5.7.1 not you"},
        {"MAIL": "550 5.7.1 no null senders"},
        {"RCPT": HANG_UP},
        {"RCPT": "550 5.7.1 Client host blocked"},
        {"RCPT": "451 4.3.0 later"},
        {"EHLO": HANG_UP, "HELO": HANG_UP},
        {"RCPT": SILENCE},
        {"greeting": SILENCE},
        {"RCPT": "garbage"},
    ],
    ids=str,
)
def test_a_server_that_cannot_be_asked_refuses_nobody(serving: Any, answers: Any) -> None:
    grey = greylist(timeout=0.2)
    with FarEnd(**answers) as far:
        (said,) = serving(rcpts("<c@d.example>"), protocol=proxy(grey, far.port))
    assert said.startswith(GREYLISTED)


def test_an_unreachable_server_refuses_nobody_and_the_next_server_is_asked(serving: Any) -> None:
    (said,) = serving(rcpts("<c@d.example>"), protocol=proxy(greylist(), nowhere()))
    assert said.startswith(GREYLISTED)
    with FarEnd(RCPT=UNKNOWN) as far:
        servers = [("127.0.0.1", nowhere()), ("127.0.0.1", far.port)]
        handler = proxy(greylist(), 1, smtp_servers=servers)
        assert serving(rcpts("<x@d.example>"), protocol=handler) == [UNKNOWN]


def test_a_connection_that_the_server_has_ended_is_made_again(serving: Any) -> None:
    with FarEnd(RCPT=["250 ok", HANG_UP, UNKNOWN]) as far:
        said = serving(
            rcpts("<c@d.example>", "<x@d.example>"), protocol=proxy(greylist(), far.port)
        )
    assert said[0].startswith(GREYLISTED)
    assert said[1] == UNKNOWN


def test_addresses_beyond_the_limit_are_neither_asked_nor_stored(serving: Any) -> None:
    grey = greylist(most=3)
    with FarEnd(RCPT=UNKNOWN) as far:
        names = [f"<u{number}@d.example>" for number in range(10)]

        def client(server: Any) -> list[str]:
            said = rcpts(*names)(server)
            assert list(grey.opened.known()) == []
            return said

        said = serving(client, protocol=proxy(grey, far.port))
    assert said == [UNKNOWN] * 3 + [bytes(TOO_MANY_UNKNOWN).decode().strip()] * 7
    assert far.count("RCPT") == 3


def test_in_a_dry_run_the_limit_defers_nothing(serving: Any) -> None:
    grey = greylist(most=1)
    grey.dry_run = True
    with FarEnd(RCPT=[UNKNOWN]) as far:
        said = serving(rcpts("<x@d.example>", "<c@d.example>"), protocol=proxy(grey, far.port))
    assert said[0] == UNKNOWN
    assert said[1].startswith("250")


def test_a_client_that_leaves_meanwhile_does_not_disturb_the_others(serving: Any) -> None:
    with FarEnd(RCPT=UNKNOWN) as far:

        def client(server: Any) -> list[str]:
            with dial(server.ports[0]) as leaver:
                leaver.recv(100)
                leaver.sendall(b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@d.example>\r\n")
            return rcpts("<x@d.example>")(server)

        assert serving(client, protocol=proxy(greylist(), far.port)) == [UNKNOWN]


def test_trusted_clients_are_not_asked_about(serving: Any) -> None:
    with FarEnd() as far:
        handler = proxy(greylist(), far.port, allowed_sender_nets=["127.0.0.0/8"])
        assert serving(rcpts("<c@d.example>"), protocol=handler)[0].startswith("250")
    assert "MAIL FROM:<>" not in far.heard


# Real servers


@pytest.mark.parametrize("relay", ["live", "replay"])
@pytest.mark.needs("postfix")
@needsPostfix[1]
def test_harvesting_through_the_proxy_creates_no_triples(
    serving: Any, postfix: Callable[..., Postfix], relay: str
) -> None:
    behind, grey = postfix(), greylist(most=0)
    names = [f"<u{number}@d.example>" for number in range(25)]

    def client(server: Any) -> list[str]:
        said = rcpts(*names, "<c@d.example>")(server)
        assert [each.recipient for each, _ in grey.opened.known()] == ["c@d.example"]
        return said

    said = serving(client, protocol=proxy(grey, behind.port, relay=relay))
    assert all(each.startswith("550 5.1.1 <u") for each in said[:-1]), said
    assert said[-1].startswith(GREYLISTED)


@contextmanager
def asking(handler: Any, grey: Greylist, behind: Postfix) -> Iterator[Any]:
    """The protocol of a ServerCore that answers a mail server and asks `behind`."""
    service = PolicyService(grey, LastStage(END), deferral="451")

    def make(**address: Any) -> Any:
        return handler(service=service)

    make.companions = lambda: inquiriesFor(grey.recipients, proxy(grey, behind.port))  # type: ignore[attr-defined]
    yield make


@pytest.mark.parametrize("handler", [PolicyRequestHandler, MilterHandler])
@pytest.mark.needs("postfix")
@needsPostfix[1]
def test_postfix_refuses_what_the_server_behind_does_not_know(
    serving: Any, postfix: Callable[..., Postfix], handler: Any
) -> None:
    behind, grey = postfix(), greylist()

    def client(server: Any) -> list[str]:
        place = f"inet:127.0.0.1:{server.ports[0]}"
        if handler is MilterHandler:
            settings = restrictions("") | {"smtpd_milters": place}
        else:
            settings = restrictions(place, "recipient")
        # Known to the one in front, and not to the one behind
        maps = "inline:{c@d.example=box/, gone@d.example=box/}"
        front = postfix(virtual_mailbox_maps=maps, **settings)
        with session(front.port) as smtp:
            said = send(smtp, "a@b.example", "gone@d.example", "c@d.example")
        assert [each.recipient for each, _ in grey.opened.known()] == ["c@d.example"]
        return said

    with asking(handler, grey, behind) as protocol:
        said = serving(client, protocol=protocol)
    assert said[0].startswith("550 5.1.1 "), said
    assert "User unknown" in said[0]
    assert said[1].startswith("451 4.7.1 "), said


def test_an_inquiry_that_ends_with_an_error_leaves_no_question_open() -> None:
    class Other:
        def unpause(self) -> None:
            """It is another inquiry, which goes on."""

    async def run() -> Any:
        directory = RecipientDirectory(timeout=20)
        directory.attach(Other())
        turns = RecipientInquiry(directory, None).main()
        next(turns)  # it waits for a question
        asked = directory.ask("<bob@d.example>", "192.0.2.7")
        with pytest.raises(AttributeError):  # it has no settings
            next(turns)
        return asked.done() and asked.result()

    assert asyncio.run(run()) is None
