"""Block lists that refuse clients: with a real DNS server, and with one that is silent."""

import asyncio
from typing import Any

import pytest

from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Policy.BlockLists import BlockLists
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.Resolver import Resolver
from Kamaelia.Support.Greylist.Lists import Lists
from Tests.Kamaelia.Apps.Grey.Policy.test_SuspicionCheck import nameserver, silence
from Tests.Kamaelia.Apps.Grey.wire import Caller

__all__ = ["nameserver", "silence"]  # fixtures

LISTED, FREE = "192.0.2.66", "192.0.2.7"
WORDS = f"554 5.7.1 Refused: your address [{LISTED}] is listed in bl.test"


def lists(server: str, *zones: str, timeout: float = 20.0) -> BlockLists:
    return BlockLists(Resolver([server]), zones, timeout)


def asked(lists: BlockLists, peer: str) -> str:
    return asyncio.run(lists.listing(peer))


@pytest.mark.parametrize(
    ("peer", "zone"),
    [
        (LISTED, "bl.test"),
        (FREE, ""),
        ("2001:db8::1", ""),
        ("a name", ""),
        ("127.0.0.2", "bl.test"),
    ],
)
def test_the_list_that_contains_a_client_is_named(nameserver: str, peer: str, zone: str) -> None:
    # over.test says that it does not answer this resolver, and nsd refuses questions about the last
    assert asked(lists(nameserver, "over.test", "bl.test", "elsewhere.test"), peer) == zone


def test_a_list_that_does_not_answer_in_time_contains_nobody(silence: str) -> None:
    assert asked(lists(silence, "bl.test", timeout=0.05), LISTED) == ""


def test_one_list_is_enough_though_others_do_not_answer(nameserver: str, silence: str) -> None:
    both = lists(nameserver, "silent.test", "bl.test")
    deaf, ask = Resolver([silence]), both.resolver.ask

    async def askEither(question: Any) -> Any:
        return await (deaf.ask if question.name.endswith("silent.test") else ask)(question)

    both.resolver.ask = askEither  # type: ignore[method-assign]
    assert asked(both, LISTED) == "bl.test"


# In the proxy


def said(serving: Any, blocks: BlockLists, *lines: str, peer: str = LISTED, **more: Any) -> Any:
    """The replies to lines of a client with this address, and the records of its mails."""
    journal: list[Any] = []
    allowed = more.pop("allowed", Lists())
    mine = Greylist(store="memory:", block_lists=blocks, allowed=allowed, journal=journal.append)
    settings = {"greylist": mine, "allowed_domains": ["d.example"], "relay": "replay"} | more
    protocol = type("Grey", (GreyListingPolicy,), settings)

    def talk(server: Any) -> list[str]:
        header = f"PROXY TCP4 {peer} 127.0.0.1 4711 25\r\n".encode()
        caller = Caller(server.ports[0], before=header)
        assert caller.greeting.startswith("220 ")
        replies = caller.sayAll(*lines)
        hasEnded = bool(replies[-1]) and replies[-1].startswith("554") and not caller.hear()
        caller.close()
        counters = mine.opened.counters()
        return [*replies, hasEnded, counters.get("refusals/MAIL/block list", 0)]

    return serving(talk, protocol=protocol, proxy_protocol_from=["127.0.0.1"])


HELLO, MAIL = "EHLO mx.b.example", "MAIL FROM:<a@b.example>"


def test_a_listed_client_is_refused_at_mail_and_counted(serving: Any, nameserver: str) -> None:
    replies = said(serving, lists(nameserver, "bl.test"), HELLO, MAIL)
    assert replies[0].startswith("250")
    assert replies[1:] == [WORDS, True, 1]


@pytest.mark.parametrize(
    "more",
    [
        {"peer": FREE},
        {"allowed": Lists(clients=["192.0.2.0/24"])},
        {"allowed_senders": [LISTED]},
    ],
    ids=["not listed", "allowed", "trusted"],
)
def test_other_clients_are_not_refused(serving: Any, nameserver: str, more: Any) -> None:
    replies = said(serving, lists(nameserver, "bl.test"), HELLO, MAIL, "RSET", MAIL, **more)
    assert [each[:3] for each in replies[1:4]] == ["250", "250", "250"]
    assert replies[-1] == 0


def test_an_unreachable_list_refuses_nobody(serving: Any, silence: str) -> None:
    replies = said(serving, lists(silence, "bl.test", timeout=0.05), HELLO, MAIL)
    assert replies[1].startswith("250")


def test_a_mail_before_hello_is_out_of_order(serving: Any, nameserver: str) -> None:
    assert said(serving, lists(nameserver, "bl.test"), MAIL)[0].startswith("503")


def test_the_client_that_xclient_names_is_asked_about(serving: Any, nameserver: str) -> None:
    journal: list[Any] = []
    mine = Greylist(
        store="memory:", block_lists=lists(nameserver, "bl.test"), journal=journal.append
    )
    settings = {"greylist": mine, "allowed_domains": ["d.example"], "xclient_from": ["127.0.0.1"]}
    protocol = type("Grey", (GreyListingPolicy,), settings | {"relay": "replay"})

    def talk(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        return caller.sayAll(HELLO, MAIL, "RSET", f"XCLIENT ADDR={LISTED}", HELLO, MAIL)

    replies = serving(talk, protocol=protocol)
    assert replies[1].startswith("250")
    assert replies[-1] == WORDS
