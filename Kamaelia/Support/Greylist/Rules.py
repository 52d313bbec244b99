"""The rules of greylisting: a function of the records, the rules and the time.

Example usage::

    >>> rules = Rules(min_defer_time=300.0)
    >>> first = decide(None, None, rules, now=1000.0)
    >>> first.isAccepted, first.reason, first.wait
    (False, 'never seen', 300.0)
    >>> decide(first.record, None, rules, now=1400.0).isAccepted
    True

How does it work?

The first mail of a triple is deferred, and a retry in time is accepted (RFC 6647 section 2). There
is one Record for each triple of client, sender and recipient, and one Regular for each client
with delivered mails. The caller supplies the time. If the clock is set back, a retry may count as
early, but never as late.

A client becomes regular after enough mails that the real server has accepted; at most one an hour
counts. See afterDelivery().
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

HOUR: Final = 3600.0
NOT_SUSPICIOUS: Final = "not suspicious"  # the reason of a mail that the rules are not asked about
DRY_RUN: Final = (
    "dry run"  # precedes the reason of a mail that is accepted only because nothing is deferred
)
NEVER_SEEN: Final = "never seen"  # the reason of a decision that adds a triple
REGULAR: Final = "regular client"
WAITED: Final = "waited long enough"  # the reason of a decision that accepts the first retry
TOO_MANY: Final = (
    "too many new triples"  # the reason of a decision that does not add one because of the limit
)
# All reasons of decisions that defer a mail
DEFERRING: Final = frozenset(
    {
        NEVER_SEEN,
        TOO_MANY,
        "passed too long ago",
        "retried early",
        "retried too soon",
        "retried too late",
    }
)


@dataclass(frozen=True)
class Rules:
    """Rules(...) -> times in seconds. Raises ValueError if no mail could ever pass."""

    too_soon: float = 180.0  # an earlier retry restarts the time
    min_defer_time: float = 3600.0  # an earlier retry is deferred again
    max_defer_time: float = 25000.0  # a later retry counts as new
    max_grey: float = 3000000.0  # how long a passed triple is remembered
    client_passes: int = 0  # counted mails that make a client regular; 0: never
    addsTriples: bool = True  # whether new triples are recorded

    def __post_init__(self) -> None:
        times = (self.too_soon, self.min_defer_time, self.max_defer_time, self.max_grey)
        if min(times) < 0:
            raise ValueError("the times of greylisting must be 0 or more seconds")
        if self.client_passes < 0:
            raise ValueError("client_passes must be 0 or more mails")
        if self.firstWait > self.max_defer_time:
            raise ValueError(
                f"no mail could ever pass: max_defer_time ({self.max_defer_time:g} s) is less than"
                f" min_defer_time ({self.min_defer_time:g} s) or too_soon ({self.too_soon:g} s)"
            )

    @cached_property
    def firstWait(self) -> float:
        """The seconds from the first mail of a triple until a retry is accepted."""
        return max(self.too_soon, self.min_defer_time)


class Triple(NamedTuple):
    """The keys of client, sender and recipient of a mail."""

    client: str  # an address, a network, or a domain with SPF
    sender: str
    recipient: str


class Record(NamedTuple):
    """The record of a triple."""

    seen: float  # the time of the first attempt
    passed: float | None = None  # the time of the last acceptance
    passes: int = 0

    def expires(self, rules: Rules) -> float:
        """Return the time at which the record expires."""
        if self.passed is None:
            return self.seen + rules.max_defer_time
        return self.passed + rules.max_grey


class Regular(NamedTuple):
    """The record of a client: the number of counted mails, and the time of the last one."""

    passes: int
    last: float

    def expires(self, rules: Rules) -> float:
        """Return the time at which the record expires."""
        return self.last + rules.max_grey


class Decision(NamedTuple):
    """A decision, and the new record of the triple, or None if it does not change."""

    isAccepted: bool
    reason: str
    wait: float = 0.0  # seconds until a retry is accepted
    record: Record | None = None


def decide(record: Record | None, regular: Regular | None, rules: Rules, now: float) -> Decision:
    """Return the decision about a mail of this triple."""
    if regular is not None and isRegular(regular, rules, now):
        return Decision(True, REGULAR)
    if record is None:
        if not rules.addsTriples:
            return Decision(False, TOO_MANY)
        return _deferAnew(NEVER_SEEN, rules, now)
    if record.passed is not None:
        if now - record.passed > rules.max_grey:
            return _deferAnew("passed too long ago", rules, now)
        again = record._replace(passed=now, passes=record.passes + 1)
        return Decision(True, "passed before", record=again)
    return _decideOnRetry(record, rules, now)


def isRegular(regular: Regular, rules: Rules, now: float) -> bool:
    """Return whether all mail of this client is accepted."""
    isKnown = now - regular.last <= rules.max_grey
    return isKnown and 0 < rules.client_passes <= regular.passes


def afterDelivery(regular: Regular | None, rules: Rules, now: float) -> Regular | None:
    """Return the record of a client after the real server has accepted one of its mails.

    Return None if the record does not change, because at most one mail an hour counts.
    """
    if regular is None or now - regular.last > rules.max_grey:
        return Regular(1, now)
    if abs(now - regular.last) < HOUR:
        return None
    return Regular(regular.passes + 1, now)


def _decideOnRetry(record: Record, rules: Rules, now: float) -> Decision:
    waited = now - record.seen
    if waited < rules.too_soon:
        return _deferAnew("retried too soon", rules, now)
    if waited < rules.min_defer_time:
        return Decision(False, "retried early", wait=rules.min_defer_time - waited)
    if waited > rules.max_defer_time:
        return _deferAnew("retried too late", rules, now)
    return Decision(True, WAITED, 0.0, Record(record.seen, now, 1))


def _deferAnew(reason: str, rules: Rules, now: float) -> Decision:
    return Decision(False, reason, rules.firstWait, Record(now))
