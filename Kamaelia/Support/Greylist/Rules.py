"""The rules of greylisting: a plain function of what is known, the rules and the time.

Example usage::

    >>> rules = Rules(min_defer_time=300)
    >>> first = decide(None, None, rules, now=1000.0)
    >>> first.isAccepted, first.reason, first.wait
    (False, 'never seen', 300)
    >>> decide(first.record, None, rules, now=1400.0).isAccepted
    True

How does it work?

A client is told to come back, and a retry in time has passed (RFC 6647 section 2). What is
known is one Record for each triple of client, sender and recipient, and one Regular for each
client; both are plain numbers, and the caller supplies the time. A clock that was put back
makes a retry early, never late.

A client becomes regular by mails that the real server has accepted, one an hour at the most:
see afterDelivery().
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

HOUR = 3600.0
NEVER_SEEN = "never seen"  # the reason of a decision that adds a triple
TOO_MANY = "too many new triples"  # the reason of one that would have


@dataclass(frozen=True)
class Rules:
    """Rules(...) -> times in seconds. Raises ValueError where they leave no way to pass."""

    too_soon: float = 180.0  # who is back before that begins anew
    min_defer_time: float = 3600.0  # who is back before that is told so again
    max_defer_time: float = 25000.0  # who is back after that begins anew
    max_grey: float = 3000000.0  # so long after its last mail somebody is known
    client_passes: int = 0  # mails of a client that count, for it to be a regular; 0: none
    addsTriples: bool = True  # whether a triple that was never seen is remembered

    def __post_init__(self) -> None:
        times = (self.too_soon, self.min_defer_time, self.max_defer_time, self.max_grey)
        if min(times) < 0:
            raise ValueError("the times of greylisting are seconds, 0 or more")
        if self.client_passes < 0:
            raise ValueError("client_passes is a number of mails, 0 or more")
        if max(self.too_soon, self.min_defer_time) > self.max_defer_time:
            raise ValueError(
                f"nobody could ever pass: max_defer_time ({self.max_defer_time:g} s) is less than"
                f" min_defer_time ({self.min_defer_time:g} s) or too_soon ({self.too_soon:g} s)"
            )


class Triple(NamedTuple):
    """Whom greylisting tells apart; each is text, as small as it is to be compared."""

    client: str  # an address, a network, or a domain that answers for it
    sender: str
    recipient: str


class Record(NamedTuple):
    """What is known of a triple."""

    seen: float  # when its clock started
    passed: float | None = None  # when it was last accepted
    passes: int = 0

    def expires(self, rules: Rules) -> float:
        """From then on it is as if the triple had never been seen."""
        if self.passed is None:
            return self.seen + rules.max_defer_time
        return self.passed + rules.max_grey


class Regular(NamedTuple):
    """What is known of a client: how many mails of it count, and when the last one did."""

    passes: int
    last: float

    def expires(self, rules: Rules) -> float:
        """From then on it is a stranger again."""
        return self.last + rules.max_grey


class Decision(NamedTuple):
    """What is to be done, and the record from now on: None if that stays as it was."""

    isAccepted: bool
    reason: str
    wait: float = 0.0  # seconds until a retry is accepted
    record: Record | None = None


def decide(record: Record | None, regular: Regular | None, rules: Rules, now: float) -> Decision:
    """Whether a mail of this triple is accepted now."""
    if regular is not None and isRegular(regular, rules, now):
        return Decision(True, "regular client")
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
    """Whether all mail of this client is accepted."""
    isKnown = now - regular.last <= rules.max_grey
    return isKnown and 0 < rules.client_passes <= regular.passes


def afterDelivery(regular: Regular | None, rules: Rules, now: float) -> Regular | None:
    """Return what is known of a client after the real server has accepted a mail of it.

    Return None if that stays as it was: no client counts more than one mail an hour.
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
    return Decision(True, "waited long enough", 0.0, Record(record.seen, now, 1))


def _deferAnew(reason: str, rules: Rules, now: float) -> Decision:
    wait = max(rules.too_soon, rules.min_defer_time)
    return Decision(False, reason, wait, Record(now))
