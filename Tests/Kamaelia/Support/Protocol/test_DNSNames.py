"""Verified names: what an address is called counts only where the name leads back to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.DNSNames import (
    HOST_NAME,
    NoAnswer,
    Question,
    isName,
    verifiedName,
)

REVERSE = "17.2.0.192.in-addr.arpa"
REVERSE6 = "1" + ".0" * 23 + ".8.b.d.0.1.0.0.2.ip6.arpa"


def nameIn(zone, peer="192.0.2.17", asked=None):
    """The verified name, where DNS holds the zone: {(name, type): records, or NoAnswer}."""
    asking = verifiedName(peer)
    try:
        question = next(asking)
        while True:
            if asked is not None:
                asked.append(question)
            records = zone.get(question, ())
            if records is NoAnswer:
                question = asking.throw(NoAnswer("time-out"))
            else:
                question = asking.send(records)
    except StopIteration as end:
        return end.value


def test_a_name_that_leads_back_is_the_verified_one():
    zone = {
        (REVERSE, "PTR"): ("Mail.Example.Org.",),
        ("mail.example.org", "A"): ("192.0.2.9", "192.0.2.17"),
    }
    assert nameIn(zone) == "mail.example.org"


def test_a_name_that_leads_elsewhere_is_not():
    zone = {(REVERSE, "PTR"): ("bank.example",), ("bank.example", "A"): ("198.51.100.1",)}
    assert nameIn(zone) is None


def test_the_second_name_serves_where_the_first_does_not_lead_back():
    zone = {
        (REVERSE, "PTR"): ("bank.example", "slow.example", "mail.example"),
        ("bank.example", "A"): ("198.51.100.1",),
        ("slow.example", "A"): NoAnswer,
        ("mail.example", "A"): ("192.0.2.17",),
    }
    assert nameIn(zone) == "mail.example"


def test_an_ipv6_address_is_led_back_to_by_aaaa():
    zone = {(REVERSE6, "PTR"): ("six.example",), ("six.example", "AAAA"): ("2001:DB8:0::1",)}
    assert nameIn(zone, "2001:db8::1%eth0") == "six.example"


def test_an_ipv4_address_in_ipv6_clothes_is_asked_for_as_ipv4():
    zone = {(REVERSE, "PTR"): ("mail.example",), ("mail.example", "A"): ("192.0.2.17",)}
    assert nameIn(zone, "::ffff:192.0.2.17") == "mail.example"


def test_no_more_than_ten_names_are_tried():
    names = tuple(f"h{number}.example" for number in range(11))
    asked = []
    zone = {(REVERSE, "PTR"): names, ("h10.example", "A"): ("192.0.2.17",)}
    assert nameIn(zone, asked=asked) is None
    assert len(asked) == 11


@pytest.mark.parametrize("zone", [{}, {(REVERSE, "PTR"): NoAnswer}])
def test_an_address_without_a_name_has_none(zone):
    assert nameIn(zone) is None


@pytest.mark.parametrize("peer", ["", "/run/mail", "192.0.2", "192.0.2.017", "unknown"])
def test_what_is_no_address_is_not_asked_for(peer):
    asked = []
    assert nameIn({}, peer, asked) is None
    assert asked == []


@pytest.mark.parametrize(
    "name", ["", "mail", "a..b.example", "a b.example", "x\n.example", "192.0.2.17", "é.example"]
)
def test_a_name_that_no_host_has_is_never_verified(name):
    asked = []
    zone = {(REVERSE, "PTR"): (name,), (name, "A"): ("192.0.2.17",)}
    assert nameIn(zone, asked=asked) is None
    assert len(asked) == 1


@given(st.lists(st.text(), max_size=20))
def test_whatever_dns_calls_an_address_a_verified_name_is_one_of_a_host(names):
    asked = []

    class Everywhere(dict):
        def get(self, question, otherwise):
            return tuple(names) if question.type == "PTR" else ("192.0.2.17",)

    found = nameIn(Everywhere(), asked=asked)
    assert found is None or HOST_NAME.fullmatch(found)
    assert len(asked) <= 11
    assert all(isinstance(each, Question) and isName(each.name) for each in asked)


@pytest.mark.parametrize(
    ("text", "isOne"),
    [
        ("a.example", True),
        ("x" * 63 + ".example", True),
        ("x" * 64 + ".example", False),
        (".".join(["x" * 62] * 4) + ".e", True),
        (".".join(["x" * 62] * 4) + ".ee", False),
        ("a..example", False),
        ("a.example.", False),
        ("a\0.example", False),
        ("", False),
    ],
)
def test_dns_is_asked_for_names_as_they_can_be(text, isOne):
    assert isName(text) is isOne
