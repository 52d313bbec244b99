"""The possible states of a client, and the effect of an attempt: an independent copy of the rules.

Example usage
-------------
    unknown = ClientState(None, ((("a@b.example", "c@ours.example"), None),))
    asked = Asked("192.0.2.0/24", unknown.pairs[0][0], Span(5.0, 5.1), frozenset([DEFERRED]))
    list(asked.leadsTo(unknown, times))       # the states after that answer

How does it work?
-----------------
The rules are those of the table of greylisting, with spans instead of moments: each row that may
apply yields an answer and the next state. There are two tables, as in the historical release: the
attempts, and the pairs that have passed; in addition, the number of passes of each client.
"""

from collections.abc import Iterator
from typing import NamedTuple

ACCEPTED, DEFERRED, REFUSED = "accepted", "deferred", "refused"
SLACK = 0.002  # seconds: two processes read one clock
HOUR = 3600.0  # a client counts at most one mail per hour

Pair = tuple[str, str]  # sender and recipient


class Span(NamedTuple):
    """A moment that lies between two times."""

    low: float
    high: float

    def since(self, before: "Span") -> "Span":
        """Return the time that has passed since another moment, as a span."""
        return Span(self.low - before.high, self.high - before.low)

    def meets(self, other: "Span") -> bool:
        return self.high >= other.low and self.low <= other.high

    def has(self, moment: float) -> bool:
        return self.low - SLACK <= moment <= self.high + SLACK


class Times(NamedTuple):
    """The times of the rules in seconds, and the number of passes that make a client a regular."""

    tooSoon: float
    minDefer: float
    maxDefer: float
    maxGrey: float
    passes: int = 0


class Seen(NamedTuple):
    """A row of the table of attempts."""

    at: Span


class Passed(NamedTuple):
    """A row of the table of passes."""

    seen: Span
    at: Span
    times: int


class Good(NamedTuple):
    """A client with delivered mails; times=0 if an administrator has made the proxy forget it."""

    times: int
    last: Span


Known = Seen | Passed | None


class ClientState(NamedTuple):
    """A possible state of a client: its passes, and the pairs under consideration."""

    good: Good | None
    pairs: tuple[tuple[Pair, Known], ...]

    def of(self, pair: Pair) -> Known:
        return dict(self.pairs)[pair]

    def put(self, pair: Pair, known: Known) -> "ClientState":
        return self._replace(
            pairs=tuple((each, known if each == pair else old) for each, old in self.pairs)
        )


class Asked(NamedTuple):
    """An attempt of a client for a recipient.

    heard: the verdicts that agree with the answer. isSure: whether the attempt certainly reached
    the rules. allowed, denied: whether it may be, and must be, on that list at that moment.
    """

    client: str
    pair: Pair
    when: Span
    heard: frozenset[str]
    isSure: bool = True
    allowed: tuple[bool, bool] = (False, False)
    denied: tuple[bool, bool] = (False, False)

    def leadsTo(self, state: ClientState, times: Times) -> Iterator[ClientState]:
        if not self.isSure:
            yield state
        for verdict, after in self._answers(state, times):
            if verdict in self.heard:
                yield after

    def _answers(self, state: ClientState, times: Times) -> Iterator[tuple[str, ClientState]]:
        if self.denied[0]:
            yield REFUSED, state
        if self.allowed[0] and not self.denied[1]:
            yield ACCEPTED, state
        if not (self.denied[1] or self.allowed[1]):
            yield from byTheRules(state, self.pair, self.when, times)


class Forgot(NamedTuple):
    """A command of an administrator that makes the proxy forget a client."""

    client: str
    when: Span

    def leadsTo(self, state: ClientState, times: Times) -> Iterator[ClientState]:
        good = state.good and state.good._replace(times=0)
        yield ClientState(good, tuple((pair, None) for pair, _ in state.pairs))


class Delivered(NamedTuple):
    """A mail that the real server has accepted; isSure: it certainly counts for its client.

    A process does not count a mail within an hour of its last try, and a try that did not count
    was itself within an hour of the last mail that counts. So a mail certainly counts two hours
    after that, even if the proxy was started again.
    """

    client: str
    when: Span
    isSure: bool = True

    def leadsTo(self, state: ClientState, times: Times) -> Iterator[ClientState]:
        for good in self.goodAfter(state.good, times):
            yield state._replace(good=good)

    def goodAfter(self, good: Good | None, times: Times) -> Iterator[Good | None]:
        if good is None:
            mayBeSkipped = False
            yield Good(1, self.when)
        else:
            away = self.when.since(good.last)
            mayBeSkipped = away.low < 2 * HOUR
            if good.times and away.high >= HOUR and away.low <= times.maxGrey:
                yield Good(good.times + 1, self.when)
            if not good.times or away.high > times.maxGrey:
                yield Good(1, self.when)
        if mayBeSkipped or not self.isSure:
            yield good


def byTheRules(
    state: ClientState, pair: Pair, now: Span, times: Times
) -> Iterator[tuple[str, ClientState]]:
    """Generate each possible verdict with the state that follows."""
    good, isRegular, mayBeUnknown = state.good, False, True
    if good is not None:
        away = now.since(good.last)
        isKnown = away.low <= times.maxGrey
        isRegular = isKnown and 0 < times.passes <= good.times
        mayBeUnknown = away.high > times.maxGrey or not 0 < times.passes <= good.times
    if isRegular:
        yield ACCEPTED, state
    if mayBeUnknown:
        for verdict, after in table(state.of(pair), now, times):
            yield verdict, state.put(pair, after)


def table(known: Known, now: Span, times: Times) -> Iterator[tuple[str, Known]]:
    """Generate the possible results of the table of greylisting for one pair."""
    if known is None:
        yield DEFERRED, Seen(now)
    elif isinstance(known, Passed):
        away = now.since(known.at)
        if away.low <= times.maxGrey:
            yield ACCEPTED, Passed(known.seen, now, known.times + 1)
        if away.high > times.maxGrey:
            yield DEFERRED, Seen(now)
    else:
        waited, least = now.since(known.at), max(times.tooSoon, times.minDefer)
        if waited.low < times.tooSoon or waited.high > times.maxDefer:
            yield DEFERRED, Seen(now)
        if waited.high >= times.tooSoon and waited.low < times.minDefer:
            yield DEFERRED, known
        if waited.high >= least and waited.low <= times.maxDefer:
            yield ACCEPTED, Passed(known.at, now, 1)
