"""What a proxy offers, by what the servers behind it offer."""

import pytest

from Kamaelia.Support.Failover import serverAt
from Kamaelia.Support.Protocol.SMTP.Offer import AT_FIRST, Offer, ServerOffers, sizeIn

ONE, TWO, THREE = (serverAt(f"192.0.2.{number}") for number in (1, 2, 3))
OURS = frozenset({"SIZE", "8BITMIME", "ENHANCEDSTATUSCODES", "PIPELINING", "STARTTLS", "DSN"})


def test_before_any_answer_the_offer_needs_nothing_of_a_server():
    offer = ServerOffers().offer([ONE, TWO], OURS, 5000)
    assert offer == Offer(AT_FIRST | {"PIPELINING", "STARTTLS"}, 5000)


def test_the_offer_is_what_the_server_offers_within_the_settings():
    offers = ServerOffers()
    assert offers.record(ONE, {"SIZE": "1000", "8BITMIME": "", "SMTPUTF8": "", "CHUNKING": ""})
    offer = offers.offer([ONE], OURS, 5000)
    assert offer == Offer(frozenset({"SIZE", "8BITMIME", "PIPELINING", "STARTTLS"}), 1000)


def test_an_extension_that_is_switched_off_is_never_offered():
    offers = ServerOffers()
    offers.record(ONE, {"SIZE": "", "8BITMIME": ""})
    assert offers.offer([ONE], frozenset({"SIZE"}), 0) == Offer(frozenset({"SIZE"}), 0)


def test_several_servers_offer_what_all_that_have_answered_offer():
    offers = ServerOffers()
    offers.record(ONE, {"SIZE": "9000", "8BITMIME": "", "DSN": ""})
    offers.record(TWO, {"SIZE": "7000", "DSN": ""})
    assert offers.offer([ONE, TWO, THREE], OURS, 8000) == Offer(
        frozenset({"SIZE", "DSN", "PIPELINING", "STARTTLS"}), 7000
    )
    assert "8BITMIME" in offers.offer([ONE, THREE], OURS, 8000).extensions


def test_a_server_without_EHLO_offers_nothing():
    offers = ServerOffers()
    offers.record(ONE, {})
    assert offers.offer([ONE], OURS, 1) == Offer(frozenset({"PIPELINING", "STARTTLS"}), 1)


def test_the_last_answer_counts_and_a_change_is_told():
    offers = ServerOffers()
    answers = [{"8BITMIME": ""}, {"8BITMIME": ""}, {}, {"8BITMIME": ""}]
    assert [offers.record(ONE, each) for each in answers] == [True, False, True, True]
    assert "8BITMIME" in offers.offer([ONE], OURS, 0).extensions


@pytest.mark.parametrize(
    ("declared", "size"),
    [("1000", 1000), ("0", 0), ("", 0), ("-5", 0), ("1e3", 0), ("\u0661", 0), ("9" * 4000, 0)],
)
def test_a_limit_that_is_no_number_is_none(declared, size):
    assert sizeIn({"SIZE": declared}) == size
    assert sizeIn({}) == 0
