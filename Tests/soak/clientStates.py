"""What may be known of a client, and what follows from a question: the rules, told once more.

Example usage
-------------
    stranger = ClientState(None, ((("a@b.example", "c@ours.example"), None),))
    asked = Asked("192.0.2.0/24", stranger.pairs[0][0], Span(5.0, 5.1), frozenset([DEFERRED]))
    list(asked.leadsTo(stranger, times))      # the states in which that was the answer

How does it work?
-----------------
They are told as the table in SMTP.md has them, with spans for moments: each row
that may apply gives an answer and what is known from then on. There are two tables,
as there were historically: who was seen, and who has passed; and for each client
how many have.
"""

from collections.abc import Iterator
from typing import NamedTuple

ACCEPTED, DEFERRED, REFUSED = "accepted", "deferred", "refused"
SLACK = 0.002  # seconds: two processes read one clock

Pair = tuple[str, str]  # sender and recipient


class Span(NamedTuple):
    """A moment that lies somewhere in between."""

    low: float
    high: float

    def since(self, before: "Span") -> "Span":
        """How long after another it was."""
        return Span(self.low - before.high, self.high - before.low)

    def meets(self, other: "Span") -> bool:
        return self.high >= other.low and self.low <= other.high

    def has(self, moment: float) -> bool:
        return self.low - SLACK <= moment <= self.high + SLACK


class Times(NamedTuple):
    """The times of SMTP.md's table in seconds, and how many passes make a regular."""

    tooSoon: float
    minDefer: float
    maxDefer: float
    maxGrey: float
    passes: int = 0


class Seen(NamedTuple):
    """A row of the table of attempts."""

    at: Span


class Passed(NamedTuple):
    """A row of the table of those who have passed."""

    seen: Span
    at: Span
    times: int


class Good(NamedTuple):
    """A client that did well."""

    times: int
    last: Span


Known = Seen | Passed | None


class ClientState(NamedTuple):
    """What may be so of a client: as a regular, and of those pairs that are looked at."""

    good: Good | None
    pairs: tuple[tuple[Pair, Known], ...]

    def of(self, pair: Pair) -> Known:
        return dict(self.pairs)[pair]

    def put(self, pair: Pair, known: Known) -> "ClientState":
        return self._replace(
            pairs=tuple((each, known if each == pair else old) for each, old in self.pairs)
        )


class Asked(NamedTuple):
    """A client asked for a recipient.

    heard: the verdicts that its answer allows. isSure: it was asked for certain. allowed, denied:
    (may be, must be) on a list at that moment.
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
    """An administrator made a stranger of a client."""

    client: str
    when: Span

    def leadsTo(self, state: ClientState, times: Times) -> Iterator[ClientState]:
        yield ClientState(None, tuple((pair, None) for pair, _ in state.pairs))


def byTheRules(
    state: ClientState, pair: Pair, now: Span, times: Times
) -> Iterator[tuple[str, ClientState]]:
    """Each verdict that is possible, and what is known from then on."""
    good, isRegular, isForgotten = state.good, False, True
    mayBeStranger = True
    if good is not None:
        away = now.since(good.last)
        isForgotten = away.high > times.maxGrey
        isKnown = away.low <= times.maxGrey
        isRegular = isKnown and 0 < times.passes <= good.times
        mayBeStranger = isForgotten or not 0 < times.passes <= good.times
    if isRegular and good is not None:
        yield ACCEPTED, state._replace(good=Good(good.times, now))
    if not mayBeStranger:
        return
    known = state.of(pair)
    for verdict, after in table(known, now, times):
        follows = state.put(pair, after)
        if not (times.passes and isinstance(known, Seen) and isinstance(after, Passed)):
            yield verdict, follows
            continue
        if good is not None and now.since(good.last).low <= times.maxGrey:
            yield verdict, follows._replace(good=Good(good.times + 1, now))
        if isForgotten:
            yield verdict, follows._replace(good=Good(1, now))


def table(known: Known, now: Span, times: Times) -> Iterator[tuple[str, Known]]:
    """The rows of the table in SMTP.md that may apply."""
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
