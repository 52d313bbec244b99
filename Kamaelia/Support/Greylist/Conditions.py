"""Conditions for greylisting: which recipients, at which hours, and a delay of their own.

Example usage::

    >>> conditions = Conditions(["@example.org"], ["22:00-06:00"], ["ann@example.org 1m"])
    >>> conditions.exempts("<bob@example.net>", minute=0)
    'not opted in'
    >>> conditions.exempts("<bob@example.org>", minute=12 * 60)
    'outside of hours'
    >>> conditions.exempts("<bob@example.org>", minute=23 * 60) is None
    True
    >>> conditions.rulesFor("ann@example.org", Rules()).min_defer_time
    60.0

How does it work?

Without an entry, a condition is always true. Recipients are found as in Lists: the most specific
entry counts. A period of hours may include midnight; its end is no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from Kamaelia.Support.Greylist.Lists import ListEntry, Lists
from Kamaelia.Support.Greylist.Names import parseMailbox
from Kamaelia.Support.Greylist.Rules import Rules

DAY = 24 * 60  # minutes
PERIOD = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
DELAY = re.compile(r"(?P<recipient>\S+)\s+(?P<number>\d+)(?P<unit>[smhd])", re.ASCII)
SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Conditions:
    """Conditions(recipients, hours, delays) -> decides to what greylisting applies.

    recipients: mailboxes and domains; none: all. hours: periods such as "22:00-06:00"; none: all
    day. delays: texts such as "@example.org 1m". Raises ValueError.
    """

    def __init__(
        self,
        recipients: Iterable[str] = (),
        hours: Iterable[str] = (),
        delays: Iterable[str] = (),
    ) -> None:
        self._recipients = Lists(recipients=recipients)
        self._hours = [parsePeriod(each) for each in hours]
        own = dict(map(parseDelay, delays))
        self._delayed = Lists(recipients=[ListEntry(each) for each in own])
        self._delays = own
        self._rules: dict[tuple[str, Rules], Rules] = {}
        self.hasDelays = bool(own)
        self.mayExempt = bool(self._recipients or self._hours)  # otherwise exempts() returns None

    def exempts(self, recipient: str, minute: int) -> str | None:
        """Return why mail is not greylisted, or None. minute: of the day."""
        if self._recipients and self._recipients.recipient(recipient) is None:
            return "not opted in"
        if self._hours and not any(isWithin(minute, period) for period in self._hours):
            return "outside of hours"
        return None

    def rulesFor(self, recipient: str, rules: Rules) -> Rules:
        """Return the rules for a recipient: with a delay of its own, if it has one."""
        entry = self._delayed.recipient(recipient)
        if entry is None:
            return rules
        key = (entry.text, rules)
        if key not in self._rules:
            self._rules[key] = rulesWith(self._delays[entry.text], rules)
        return self._rules[key]


def rulesWith(delay: float, rules: Rules) -> Rules:
    """Return rules with another delay. Raise ValueError if no mail could ever pass."""
    return replace(rules, min_defer_time=delay, too_soon=min(rules.too_soon, delay))


def isWithin(minute: int, period: tuple[int, int]) -> bool:
    """Return whether a minute of the day is in a period, which may include midnight."""
    begin, end = period
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def parsePeriod(text: str) -> tuple[int, int]:
    """Return the minutes of a day at which a period begins and ends. Raise ValueError."""
    found = PERIOD.fullmatch(text)
    begin, end = (0, 0) if found is None else (_minute(found, 1), _minute(found, 3))
    if begin == end or max(begin, end) > DAY:
        raise ValueError(f"{text!r} is not a part of a day, such as 22:00-06:00")
    return begin, end


def _minute(found: re.Match[str], group: int) -> int:
    return int(found[group]) * 60 + int(found[group + 1])


def parseDelay(text: str) -> tuple[str, float]:
    """Return a mailbox or domain and its delay in seconds. Raise ValueError."""
    found = DELAY.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a recipient and a time, such as '@example.org 1m'")
    parseMailbox(found["recipient"])
    return found["recipient"], float(found["number"]) * SECONDS[found["unit"]]
