"""An independent model of the greylist, derived from what its clients sent and received.

Example usage
-------------
    model = Model(Times(180, 3600, 25000, 3000000, passes=5))
    model.follow(asked)                       # all Asked and Forgot, in any order
    model.differences(store.known(), store.regulars(), now)

How does it work?
-----------------
The model shares no code with the proxy. From outside, only the span of a decision is known: from
the attempt to its answer. So a client is a set of possible states. Each attempt leads from each
state to those that may follow, and the answer removes the states in which it would have been
different. If no state is left, or the store at the end agrees with none of them, a rule is broken.
Overlapping attempts are tried in every possible order.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from typing import Any

from Tests.soak.clientStates import (
    Asked,
    ClientState,
    Delivered,
    Forgot,
    Good,
    Known,
    Pair,
    Passed,
    Seen,
    Span,
    Times,
)
from Tests.soak.interleavings import inAnyOrder, overlapping

MOST_AT_ONCE = 8  # attempts; for more, the order of the answers is used
MOST_STATES = 200  # states that are followed together
NEAR = 0.1  # seconds between times that count as equal


class Client:
    """The possible states of one client."""

    def __init__(self) -> None:
        self.good: set[Good | None] = {None}
        self.pairs: dict[Pair, set[Known]] = defaultdict(lambda: {None})
        self.isLost = False  # a rule was broken: later attempts are ignored


class Model:
    """The model: follow() the attempts, then compare with differences()."""

    def __init__(self, times: Times) -> None:
        self.times = times
        self.clients: dict[str, Client] = defaultdict(Client)
        self.wrong: list[str] = []
        self.tally: Counter[str] = Counter()

    def follow(self, happened: Iterable[Any]) -> None:
        """Take all attempts and forget commands."""
        byClient: dict[str, list[Any]] = defaultdict(list)
        for each in happened:
            byClient[each.client].append(each)
        for name, each in byClient.items():
            for chain in overlapping(each):
                for group in apart(chain):
                    self._take(self.clients[name], group)

    def _take(self, client: Client, group: list[Any]) -> None:
        if client.isLost:
            return
        pairs = list(dict.fromkeys(each.pair for each in group if isinstance(each, Asked)))
        many = prod(len(client.pairs[pair]) for pair in pairs) * len(client.good)
        if len(group) > 1 and (len(group) > MOST_AT_ONCE or many > MOST_STATES):
            self._takeMany(client, group)
            return
        known = list(product(*(client.pairs[pair] for pair in pairs)))
        states = {
            ClientState(good, tuple(zip(pairs, each, strict=True)))
            for good, each in product(client.good, known)
        }
        self.tally["questions"] += len(group)
        after = inAnyOrder(group, states, lambda each, state: each.leadsTo(state, self.times))
        if not after:
            client.isLost = True
            self.wrong.append(f"no rule gives these answers: {description(group, states)}")
            return
        self.tally["either way"] += len(set(map(shapeOf, after))) > len(set(map(shapeOf, states)))
        client.good = {state.good for state in after}
        for pair in pairs:
            client.pairs[pair] = {state.of(pair) for state in after}
        if any(isinstance(each, Forgot) for each in group):
            for pair in set(client.pairs) - set(pairs):
                client.pairs[pair] = {None}

    def _takeMany(self, client: Client, group: list[Any]) -> None:
        """Take a group with too many orders to follow; any number of passes may apply to each.

        Then the pairs are independent, and all orders of each pair are tried, unless these are too
        many as well. In that case, and after a forget command, the order of the answers is used.
        """
        isPlain = not any(isinstance(each, Forgot) for each in group)
        if isPlain:
            client.good = self._goodMeanwhile(client, group)
            group = [each for each in group if isinstance(each, Asked)]
        pairs = {each.pair for each in group} if isPlain else set()
        if len(pairs) > 1:
            parts = [[each for each in group if each.pair == pair] for pair in pairs]
        else:
            parts = [[each] for each in sorted(group, key=lambda each: each.when.high)]
        for part in parts:
            for chain in overlapping(part):
                before = client.good
                self._take(client, chain)
                if isinstance(chain[0], Asked):
                    client.good = before

    def _goodMeanwhile(self, client: Client, group: list[Any]) -> set[Good | None]:
        """Return the possible numbers of delivered mails of a client during these events."""
        found = set(client.good)
        deliveries = [each for each in group if isinstance(each, Delivered)]
        for _ in deliveries:
            before = found
            after = {
                good
                for each in deliveries
                for known in found
                for good in each.goodAfter(known, self.times)
            }
            found = spread(found | after)
            if before == found:
                break
        return found

    # The store

    def differences(
        self, known: Iterable[Any], regulars: Iterable[Any], now: float
    ) -> Iterator[str]:
        """Generate a sentence for each difference between the store and the model."""
        yield from self.wrong
        records = {(triple[0], tuple(triple[1:])): record for triple, record in known}
        self.tally["records"] = len(records)
        for name, client in self.clients.items():
            if client.isLost:
                continue
            for pair, states in client.pairs.items():
                self.tally["left open"] += isOpen(self._alive(states, now))
                record = records.pop((name, pair), None)
                if not any(self._isSo(record, state, now) for state in states):
                    yield f"{name} {pair}: the store has {record}, expected one of {states}"
        for (name, pair), record in records.items():
            if not self.clients[name].isLost:
                yield f"{name} {pair}: the store has {record}, but there was no attempt"
        yield from self._regulars(dict(regulars), now)

    def _regulars(self, found: dict[str, Any], now: float) -> Iterator[str]:
        for name, client in self.clients.items():
            regular = found.pop(name, None)
            if not client.isLost and not any(
                self._isGood(regular, good, now) for good in client.good
            ):
                yield f"{name}: the store has {regular}, expected one of {client.good}"
        for name, regular in found.items():
            yield f"{name}: the store has {regular}, but there was no attempt"

    def _isSo(self, record: Any, state: Known, now: float) -> bool:
        if record is None:
            return state is None or self._mayHaveExpired(state, now)
        if isinstance(state, Seen):
            return record.passed is None and state.at.has(record.seen)
        if isinstance(state, Passed) and record.passed is not None:
            isThen = state.at.has(record.passed) and state.seen.has(record.seen)
            return isThen and record.passes == state.times
        return False

    def _mayHaveExpired(self, state: Seen | Passed, now: float) -> bool:
        lives = self.times.maxDefer if isinstance(state, Seen) else self.times.maxGrey
        return now - state.at.low > lives

    def _alive(self, states: set[Known], now: float) -> set[Known]:
        """Return the states whose record may be in the store, and the state without a record."""
        return {each for each in states if each is None or not self._mayHaveExpired(each, now)}

    def _isGood(self, regular: Any, good: Good | None, now: float) -> bool:
        if regular is None or good is None or not good.times:
            isGone = good is None or not good.times or now - good.last.low > self.times.maxGrey
            return regular is None and isGone
        return regular.passes == good.times and good.last.has(regular.last)


def apart(chain: list[Any]) -> list[list[Any]]:
    """Divide attempts by pair, if no other event in the chain affects all pairs."""
    if not all(isinstance(each, Asked) for each in chain):
        return [chain]
    byPair: dict[Pair, list[Any]] = defaultdict(list)
    for each in chain:
        byPair[each.pair].append(each)
    return list(byPair.values())


def description(group: list[Any], states: Iterable[ClientState]) -> str:
    """Return the events and states as text."""
    events = [
        f"{each.when.low:.3f}-{each.when.high:.3f} {getattr(each, 'pair', 'forgotten')}"
        f" {sorted(getattr(each, 'heard', []))} allowed {getattr(each, 'allowed', '')}"
        f" denied {getattr(each, 'denied', '')}"
        for each in group[:5]
    ]
    return f"{group[0].client}: {events}, in the states {list(states)[:3]}"


def spread(found: set[Good | None]) -> set[Good | None]:
    """Return one value for each number of passes, with a span that contains all of them."""
    spans: dict[int, Span] = {}
    for good in found - {None}:
        assert good is not None
        span = spans.get(good.times, good.last)
        spans[good.times] = Span(min(span.low, good.last.low), max(span.high, good.last.high))
    goods: set[Good | None] = {Good(*each) for each in spans.items()}
    return goods | (found & {None})


def shapeOf(state: ClientState) -> Any:
    """Return the state without its times."""
    good = state.good and state.good.times
    return good, tuple((type(known), getattr(known, "times", 0)) for _, known in state.pairs)


def isOpen(states: set[Known]) -> bool:
    """Return whether the states differ in more than the order of simultaneous attempts."""
    spans = [known.at for known in states if known is not None]
    kinds = {(type(known), getattr(known, "times", 0)) for known in states}
    wide = max(spans)[1] - min(spans)[0] if spans else 0.0
    return len(kinds) > 1 or (len(states) > 1 and wide > NEAR)
