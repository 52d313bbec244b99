"""Greylisting at every boundary of its table, and on whole histories."""

from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Greylist.Rules import (
    Decision,
    Record,
    Regular,
    Rules,
    afterDelivery,
    decide,
    isRegular,
)

RULES = Rules()
T = 1_000_000.0


def before(time: float) -> float:
    return nextafter(time, -inf)


def after(time: float) -> float:
    return nextafter(time, inf)


def anew(reason: str, now: float) -> Decision:
    return Decision(False, reason, 3600.0, Record(now))


def test_the_defaults_are_the_historical_times():
    times = (RULES.too_soon, RULES.min_defer_time, RULES.max_defer_time, RULES.max_grey)
    assert times == (180, 3600, 25000, 3000000)
    assert RULES.client_passes == 0


def test_a_client_that_was_never_seen_is_deferred_and_noted():
    assert decide(None, None, RULES, T) == anew("never seen", T)


@pytest.mark.parametrize("waited", [0.0, 1.0, before(180.0)])
def test_a_retry_that_is_too_early_restarts_the_time(waited):
    assert decide(Record(0.0), None, RULES, waited) == anew("retried too soon", waited)


@pytest.mark.parametrize("waited", [180.0, 1000.0, before(3600.0)])
def test_a_client_that_is_back_early_is_deferred_and_its_clock_goes_on(waited):
    assert decide(Record(0.0), None, RULES, waited) == (
        False,
        "retried early",
        3600.0 - waited,
        None,
    )


@pytest.mark.parametrize("waited", [3600.0, 10000.0, 25000.0])
def test_a_client_that_waited_long_enough_has_passed(waited):
    decision = decide(Record(0.0), None, RULES, waited)
    assert decision == (True, "waited long enough", 0.0, Record(0.0, waited, 1))


@pytest.mark.parametrize("waited", [after(25000.0), 1e9])
def test_a_retry_that_is_too_late_restarts_the_time(waited):
    assert decide(Record(0.0), None, RULES, waited) == anew("retried too late", waited)


@pytest.mark.parametrize("since", [0.0, 1.0, 3_000_000.0])
def test_a_client_that_passed_before_is_accepted_and_known_from_now_on(since):
    decision = decide(Record(-5000.0, 0.0, 7), None, RULES, since)
    assert decision == (True, "passed before", 0.0, Record(-5000.0, since, 8))


def test_a_client_that_passed_too_long_ago_is_deferred_as_new():
    now = after(3_000_000.0)
    assert decide(Record(-5000.0, 0.0, 7), None, RULES, now) == anew("passed too long ago", now)


def test_a_clock_that_was_set_back_changes_no_decision():
    assert not decide(Record(T), None, RULES, T - 9999).isAccepted
    assert decide(Record(0.0, T, 1), None, RULES, T - 9999).isAccepted


def test_with_a_shorter_delay_than_too_soon_the_longer_of_both_is_waited_for():
    rules = Rules(too_soon=60, min_defer_time=10)
    decision = decide(None, None, rules, T)
    assert decision.wait == 60
    assert decide(decision.record, None, rules, T + 60).isAccepted


# Regulars


RULES_OF_REGULARS = Rules(client_passes=2)


def test_a_client_is_a_regular_after_so_many_mails_were_delivered():
    first = afterDelivery(None, RULES_OF_REGULARS, 4000.0)
    assert first == Regular(1, 4000.0)
    assert not decide(None, first, RULES_OF_REGULARS, 4001.0).isAccepted
    second = afterDelivery(first, RULES_OF_REGULARS, 7600.0)
    assert second == Regular(2, 7600.0)
    assert decide(None, second, RULES_OF_REGULARS, 7601.0) == (True, "regular client", 0.0, None)


@pytest.mark.parametrize(
    ("since", "isCounted"),
    [(0, False), (3599.9, False), (3600, True), (-3599, False), (-1e6, True)],
)
def test_one_mail_an_hour_counts(since, isCounted):
    known = Regular(1, T)
    after = Regular(2, T + since) if isCounted else None
    assert afterDelivery(known, RULES_OF_REGULARS, T + since) == after


@pytest.mark.parametrize(("since", "isOne"), [(3_000_000.0, True), (after(3_000_000.0), False)])
def test_a_regular_that_was_away_too_long_is_a_stranger(since, isOne):
    assert isRegular(Regular(5, 0.0), RULES_OF_REGULARS, since) is isOne


def test_what_a_client_did_long_ago_does_not_count():
    now = after(3_000_000.0)
    assert afterDelivery(Regular(5, 0.0), RULES_OF_REGULARS, now) == Regular(1, now)


def test_without_the_setting_no_client_is_a_regular():
    assert decide(None, Regular(9, T), RULES, T).isAccepted is False


def test_where_no_triples_are_added_a_new_one_is_deferred_and_a_known_one_is_not():
    rules = Rules(addsTriples=False)
    assert decide(None, None, rules, T) == (False, "too many new triples", 0.0, None)
    assert decide(Record(T - 3600), None, rules, T).isAccepted
    assert decide(Record(T - 99999), None, rules, T).record == Record(T)


# Rules that cannot be


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"too_soon": -1}, "0 or more"),
        ({"client_passes": -1}, "0 or more"),
        ({"min_defer_time": 25001}, "no mail could ever pass"),
        ({"too_soon": 25001}, "no mail could ever pass"),
    ],
)
def test_rules_that_no_mail_can_fulfil_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        Rules(**wrong)


# Whole histories, beside the historical way to say it: two tables, of times


class TwoTables:
    """The table of the historical release, said once more in another way."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        self.grey: dict[str, float] = {}

    def accepts(self, client: str, now: float) -> bool:
        if client in self.grey and now - self.grey[client] > RULES.max_grey:
            del self.grey[client], self.seen[client]
        if client in self.grey:
            self.grey[client] = now
            return True
        waited = now - self.seen.get(client, -inf)
        if client not in self.seen or waited < RULES.too_soon or waited > RULES.max_defer_time:
            self.seen[client] = now
            return False
        if waited >= RULES.min_defer_time:
            self.grey[client] = now
            return True
        return False


TIMES = [
    0,
    1,
    179,
    180,
    181,
    3599,
    3600,
    3601,
    24999,
    25000,
    25001,
    2_999_999,
    3_000_000,
    3_000_001,
]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(TIMES)), max_size=30))
def test_every_history_ends_as_with_two_tables(visits):
    model, records, now = TwoTables(), {}, 0.0
    for client, pause in visits:
        now += pause
        known = records.get(client)
        if known is not None and now > known.expires(RULES):
            known = None  # a record may be dropped once it has expired: this is not visible
        decision = decide(known, None, RULES, now)
        assert decision.isAccepted == model.accepts(client, now)
        if decision.record is not None:
            records[client] = decision.record
