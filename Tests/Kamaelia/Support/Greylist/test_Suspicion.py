"""The points of a client, from the answers of DNS."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Greylist.Suspicion import (
    CHECKS,
    Assessment,
    Check,
    Client,
    Weights,
    checksFor,
    isDynamic,
    isListing,
    listing,
)
from Kamaelia.Support.Networks import addressOf
from Kamaelia.Support.Protocol.DNSNames import NoAnswer, Question, addressIn
from Kamaelia.Support.Settings.SuspicionSection import SuspicionSection

FAILS = None  # what stands for an answer if DNS fails
Zone = dict[tuple[str, str], Any]

CLIENT = Client("192.0.2.7", "mx.b.example", "<ann@b.example>", hasTLS=True)
REVERSE = ("7.2.0.192.in-addr.arpa", "PTR")
GOOD: Zone = {
    REVERSE: ("mx.b.example",),
    ("mx.b.example", "A"): ("192.0.2.7",),
    ("b.example", "TXT"): (b"v=spf1 ip4:192.0.2.7 -all",),
}


def ask(lookup: Any, zone: Zone) -> str:
    """What a lookup returns if DNS has this zone and nothing else."""
    try:
        question: Question = next(lookup)
        for _ in range(100):
            records = zone.get(tuple(question), ())
            failed = NoAnswer("timeout")
            question = lookup.throw(failed) if records is FAILS else lookup.send(records)
    except StopIteration as end:
        return str(end.value)
    raise AssertionError("the lookup does not end")


def reasonsOf(client: Client, zone: Zone) -> dict[str, str]:
    """The reasons of all checks that find one."""
    found = {check.name: ask(check.find(client), zone) for check in checksFor(Weights())}
    return {name: reason for name, reason in found.items() if reason}


def test_a_good_client_gets_credits_only() -> None:
    assert reasonsOf(CLIENT._replace(hasCertificate=True), GOOD) == {
        "spf_pass": "SPF of b.example: pass",
        "name_of_sender": "the name mx.b.example is in the domain of the sender",
        "certificate": "a verified certificate",
    }


NAMES = {REVERSE: ("mx.b.example",)}
LINE = "host-192-0-2-7.pool.e.example"


@pytest.mark.parametrize(
    ("change", "zone", "name", "reason"),
    [
        ({}, {REVERSE: ()}, "no_name", "no name in reverse DNS"),
        ({}, {REVERSE: ("localhost",)}, "no_name", "no name in reverse DNS"),
        (
            {},
            {("mx.b.example", "A"): ("192.0.2.8",)},
            "unverified_name",
            "the name mx.b.example has another address",
        ),
        ({}, {REVERSE: (LINE,)}, "dynamic_name", f"the name {LINE} is that of an access line"),
        ({"helo": "192.0.2.7"}, {}, "helo_address", "the name in HELO is an address"),
        ({"helo": "[IPv6:2001:db8::1]"}, {}, "helo_address", "the name in HELO is an address"),
        ({"helo": "User-PC"}, {}, "helo_unknown", "the name in HELO is not one of the Internet"),
        ({"helo": "x.test"}, {}, "helo_unknown", "the name x.test in HELO does not exist"),
        ({"hasTLS": False}, {}, "no_tls", "no TLS"),
        (
            {},
            {("b.example", "TXT"): (b"v=spf1 -all",)},
            "spf_fail",
            "SPF of b.example: fail",
        ),
    ],
)
def test_each_check_finds_its_reason(
    change: dict[str, Any], zone: Zone, name: str, reason: str
) -> None:
    assert reasonsOf(CLIENT._replace(**change), GOOD | zone)[name] == reason


@pytest.mark.parametrize(
    ("change", "zone", "name"),
    [
        ({"sender": "<>"}, {}, "name_of_sender"),
        ({"sender": "<a@other.example>"}, {}, "name_of_sender"),
        ({"sender": "<a@xb.example>"}, {}, "name_of_sender"),
        ({"hasTLS": None}, {}, "no_tls"),
        ({"helo": "[192.0.2.7]"}, {}, "helo_unknown"),
        ({"helo": "b.example"}, {("b.example", "MX"): ("mx.b.example",)}, "helo_unknown"),
        ({}, {("b.example", "TXT"): (b"v=spf1 +all",)}, "spf_pass"),
        ({}, {("b.example", "TXT"): (b"v=spf1 ~all",)}, "spf_fail"),
    ],
)
def test_no_check_finds_what_is_not_there(change: dict[str, Any], zone: Zone, name: str) -> None:
    assert name not in reasonsOf(CLIENT._replace(**change), GOOD | zone)


DNS_CHECKS = [each for each in CHECKS if each not in ("helo_address", "no_tls", "certificate")]


@pytest.mark.parametrize("name", DNS_CHECKS)
def test_if_dns_fails_a_check_finds_nothing_and_says_so(name: str) -> None:
    zone = dict.fromkeys(GOOD, FAILS) | {("b.example", "TXT"): FAILS}
    with pytest.raises(NoAnswer):
        ask(CHECKS[name](CLIENT), zone)


def test_if_one_of_several_names_cannot_be_asked_about_the_name_is_not_called_wrong() -> None:
    zone = GOOD | {REVERSE: ("one.example", "two.example"), ("two.example", "A"): FAILS}
    with pytest.raises(NoAnswer):
        ask(CHECKS["unverified_name"](CLIENT), zone)


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        ("192.0.2.7", "7.2.0.192.bl.test"),
        ("2001:db8::1", f"{'.'.join('1' + '0' * 23 + '8bd01002')}.bl.test"),
    ],
)
def test_a_list_is_asked_as_rfc_5782_says(peer: str, name: str) -> None:
    lookup = listing("BL.test.", Client(peer))
    assert next(lookup) == Question(name, "A")
    assert ask(listing("bl.test", Client(peer)), {(name, "A"): ("127.0.0.4",)})


@pytest.mark.parametrize(
    ("address", "isOne"),
    [
        ("127.0.0.2", True),
        ("127.0.10.3", True),
        ("127.0.0.1", False),
        ("127.0.0.255", False),  # dnswl.org: too many queries
        ("127.255.255.254", False),  # Spamhaus: queries of public resolvers are refused
        ("192.0.2.1", False),  # the domain of a list that has ended answers anything
        ("::1", False),
    ],
)
def test_only_some_addresses_say_that_a_client_is_listed(address: str, isOne: bool) -> None:
    assert isListing(addressOf(address)) == isOne


@pytest.mark.parametrize(
    ("peer", "name", "isOne"),
    [
        ("192.0.2.7", "7.2.0.192.e.example", True),
        ("192.0.2.7", "h192-000-002-007.e.example", True),
        ("192.0.2.7", "mx7.e.example", False),
        ("2.2.2.2", "mx2.e.example", False),
        ("192.0.2.7", "dynamic.dsl.e.example", True),
        ("192.0.2.7", "mail.dsl.example", False),  # the name of a provider
        ("192.0.2.7", "spool.e.example", False),
        ("2001:db8::1", "mx1.e.example", False),
    ],
)
def test_a_name_with_its_address_or_words_of_access_lines_is_dynamic(
    peer: str, name: str, isOne: bool
) -> None:
    assert isDynamic(name, addressIn(peer)) == isOne


def checkOf(points: int) -> Check:
    return Check("x", points, CHECKS["no_tls"])


def test_points_and_credits_are_added_and_named() -> None:
    found = [(checkOf(3), "bad"), (checkOf(-2), "good"), (checkOf(9), "")]
    assessment = Assessment.of(found, threshold=1, unknown=["y"])
    assert assessment == (1, 1, ("bad (3)", "good (-2)"), ("y",))
    assert assessment.isSuspicious
    assert not assessment._replace(threshold=2).isSuspicious
    assert str(assessment) == "bad (3), good (-2)"


def test_a_weight_of_0_turns_a_check_off() -> None:
    weights = Weights(no_name=0, block_listed=0)
    names = {check.name for check in checksFor(weights, ["bl.test"], ["wl.test"])}
    assert names == {*CHECKS, "allow_listed"} - {"no_name"}


TEXT = st.text(max_size=60)


@given(TEXT, TEXT, TEXT, st.dictionaries(st.just(REVERSE), st.tuples(TEXT, TEXT)))
def test_no_text_of_a_client_stops_a_check(peer: str, helo: str, sender: str, zone: Zone) -> None:
    for address in (peer, "192.0.2.7"):
        for check in checksFor(Weights(), ["bl.test"]):
            try:
                assert isinstance(ask(check.find(Client(address, helo, sender)), zone), str)
            except NoAnswer:
                assert address == peer


def test_the_guide_has_the_points_of_each_check() -> None:
    guide = (Path(__file__).parents[4] / "Docs" / "grey_suspicion.rst").read_text("utf-8")
    rows = re.findall(r"^``(\w+)``\s+(-?\d+) ", guide, re.MULTILINE)
    points = {name: int(number) for name, number in rows}
    # The signature is not among the checks before the text, but has a row of its own.
    assert points == asdict(Weights()) | {"dkim_known": SuspicionSection().dkim_known}
