"""To which recipients, and when, greylisting applies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Greylist.Conditions import (
    DAY,
    Conditions,
    isWithin,
    parseDelay,
    parsePeriod,
)
from Kamaelia.Support.Greylist.Rules import Rules

RULES = Rules(too_soon=120.0, min_defer_time=300.0)


def test_without_conditions_greylisting_always_applies() -> None:
    conditions = Conditions()
    assert not conditions.mayExempt
    assert not conditions.hasDelays
    assert conditions.exempts("<a@b.example>", 0) is None
    assert conditions.rulesFor("a@b.example", RULES) is RULES


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        ("<ann@b.example>", None),
        ("<ann+tag@B.example>", None),
        ("<bob@b.example>", "not opted in"),
        ("<bob@c.example>", None),
        ("<postmaster>", "not opted in"),
    ],
)
def test_only_those_who_have_opted_in_are_greylisted(recipient: str, reason: str | None) -> None:
    assert Conditions(["ann@b.example", "@c.example"]).exempts(recipient, 0) == reason


@pytest.mark.parametrize(
    ("clock", "isIn"), [("07:59", False), ("08:00", True), ("17:29", True), ("17:30", False)]
)
def test_a_period_contains_its_begin_and_not_its_end(clock: str, isIn: bool) -> None:
    hour, minute = map(int, clock.split(":"))
    reason = Conditions(hours=["08:00-17:30"]).exempts("<a@b.example>", hour * 60 + minute)
    assert reason == (None if isIn else "outside of hours")


@given(st.integers(0, DAY - 1), st.integers(0, DAY - 1), st.integers(0, DAY - 1))
def test_each_minute_is_in_a_period_or_in_the_rest_of_the_day(
    minute: int, begin: int, end: int
) -> None:
    if begin != end:
        assert isWithin(minute, (begin, end)) != isWithin(minute, (end, begin))


@pytest.mark.parametrize(
    "text", ["", "8-17", "08:00", "08:00-08:00", "24:01-08:00", "08:60-09:00", "25:00-26:00"]
)
def test_a_text_that_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a part of a day"):
        parsePeriod(text)


def test_the_whole_day_is_a_period() -> None:
    assert parsePeriod("00:00-24:00") == (0, DAY)


def test_the_most_specific_entry_has_the_delay() -> None:
    conditions = Conditions(delays=["@b.example 10m", "ann@b.example 0s", "*@b.example 1h"])
    times = [
        (rules.too_soon, rules.min_defer_time)
        for rules in (
            conditions.rulesFor(each, RULES)
            for each in ("ann@b.example", "bob@b.example", "bob@c.example")
        )
    ]
    assert times[0] == (0.0, 0.0)
    assert times[2] == (120.0, 300.0)
    assert times[1][1] in (600.0, 3600.0)  # two entries that mean the same


def test_a_delay_after_which_no_mail_could_pass_is_refused() -> None:
    with pytest.raises(ValueError, match="no mail could ever pass"):
        Conditions(delays=["@b.example 9d"]).rulesFor("a@b.example", RULES)


@pytest.mark.parametrize("text", ["", "1m", "@b.example", "@b.example 1", "b.example 1m", "@b 1y"])
def test_a_text_that_is_no_delay_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|is not a recipient and a time"):
        parseDelay(text)
