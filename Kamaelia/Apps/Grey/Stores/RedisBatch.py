"""Many decisions in two messages to Redis: ask for all that is known, write all that follows.

Example usage::

    batch = Batch(asks)
    batch.decide(await client.mget(batch.keys))
    batch.settle(await client.execute_command(*batch.command()))
    batch.answers, batch.again

How does it work?

The rules are those of Rules.decide, and are applied here, one ask after the other, each to
what the ones before it left. The script writes what follows from an answer only where all
that it follows from is still so, and says of each whether it was; who was too slow asks again.
"""

from __future__ import annotations

import json
import math
from asyncio import Future
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from Kamaelia.Support.Greylist.Rules import Decision, Record, Regular, Rules, Triple, decide

PREFIX = "grey:"
TRIPLES = f"{PREFIX}triple:"
REGULARS = f"{PREFIX}regular:"
#: So long after it has expired a record is kept: clocks differ, and a retry that came too
#: late is told from one that never came before.
KEPT_AFTER = 3600.0

Change = tuple[str, Record | Regular | None]

#: Four arguments a key: what must be there, what is to be, until when, and "1" at the last
#: key of an answer.
SCRIPT = """
local answers, first = {}, 1
for last = 1, #KEYS do
  if ARGV[4 * last] == '1' then
    local isSame = true
    for i = first, last do
      isSame = isSame and (redis.call('GET', KEYS[i]) or '') == ARGV[4 * i - 3]
    end
    if isSame then
      for i = first, last do
        redis.call('SET', KEYS[i], ARGV[4 * i - 2])
        redis.call('PEXPIREAT', KEYS[i], ARGV[4 * i - 1])
      end
    end
    answers[#answers + 1] = isSame and 1 or 0
    first = last + 1
  end
end
return answers
"""


def keyOf(triple: Triple) -> str:
    """Its key; the client comes first."""
    return TRIPLES + json.dumps(triple)


def tripleOf(key: str) -> Triple:
    """Of which triple a key is. Raises ValueError where it is of none."""
    return Triple._make(map(str, json.loads(key[len(TRIPLES) :])))


def keyOfClient(client: str) -> str:
    """The key of what is known of a client."""
    return REGULARS + json.dumps(client)


def clientOf(key: str) -> str:
    """Of which client a key is."""
    client: str = json.loads(key[len(REGULARS) :])
    return client


def recordOf(value: str | None) -> Record | None:
    """What a value says; a damaged one says nothing, and is written anew."""
    try:
        seen, passed, passes = (value or "").split()
        return Record(float(seen), None if passed == "-" else float(passed), int(passes))
    except ValueError:
        return None


def regularOf(value: str | None) -> Regular | None:
    """What a value says; a damaged one says nothing, and is written anew."""
    try:
        passes, last = (value or "").split()
        return Regular(int(passes), float(last))
    except ValueError:
        return None


def valueOf(known: Record | Regular) -> str:
    """The value that says it."""
    if isinstance(known, Regular):
        return f"{known.passes} {known.last!r}"
    passed = "-" if known.passed is None else repr(known.passed)
    return f"{known.seen!r} {passed} {known.passes}"


def endOf(known: Record | Regular, rules: Rules) -> int:
    """When Redis may forget it, in milliseconds."""
    return math.ceil((known.expires(rules) + KEPT_AFTER) * 1000)


class Ask(NamedTuple):
    """One question, and where its answer goes."""

    triple: Triple
    rules: Rules
    now: float
    future: Future[Decision] | None = None


class Batch:
    """Batch(asks) -> `keys` to look at; after decide() `written`, `arguments` for the script."""

    def __init__(self, asks: Sequence[Ask]) -> None:
        self._asks = [(ask, keyOf(ask.triple), keyOfClient(ask.triple.client)) for ask in asks]
        keys = [key for _, key, _ in self._asks]
        keys += [ofClient for ask, _, ofClient in self._asks if ask.rules.client_passes]
        self.keys = list(dict.fromkeys(keys))
        self.written: list[str] = []
        self.arguments: list[str | int] = []
        self.answers: list[tuple[Ask, Decision]] = []  # that hold
        self.again: list[Ask] = []  # who must ask anew
        self._pending: list[tuple[Ask, Decision]] = []
        self._changed: set[str] = set()

    def decide(self, values: Sequence[str | None]) -> None:
        """Decide all, from the values of `keys`."""
        known = dict(zip(self.keys, values, strict=True))
        for ask, key, ofClient in self._asks:
            record = recordOf(known[key])
            regular = regularOf(known[ofClient]) if ask.rules.client_passes else None
            decision = decide(record, regular, ask.rules, ask.now)
            changes: list[Change] = [(key, decision.record), (ofClient, decision.regular)]
            if decision.record is None and decision.regular is None:
                # What an ask before it wrote, and it has read, must have been written.
                read: list[Change] = [(key, record), (ofClient, regular)]
                changes = [change for change in read if change[0] in self._changed]
            if self._write(known, changes, ask.rules):
                self._pending.append((ask, decision))
            else:
                self.answers.append((ask, decision))

    def _write(self, known: dict[str, str | None], changes: Iterable[Change], rules: Rules) -> bool:
        """Note what is to be written -> whether there was anything."""
        hasChanged = False
        for key, change in changes:
            if change is not None:
                hasChanged = True
                self.written.append(key)
                self._changed.add(key)
                old, known[key] = known.get(key), valueOf(change)
                self.arguments += (old or "", known[key] or "", endOf(change, rules), 0)
        if hasChanged:
            self.arguments[-1] = 1
        return hasChanged

    def command(self) -> list[str | int]:
        """What writes all that follows, where that is anything."""
        return ["EVAL", SCRIPT, len(self.written), *self.written, *self.arguments]

    def settle(self, wereWritten: Sequence[int]) -> None:
        """Heed what the script said."""
        for (ask, decision), wasWritten in zip(self._pending, wereWritten, strict=True):
            if wasWritten:
                self.answers.append((ask, decision))
            else:
                self.again.append(ask)
