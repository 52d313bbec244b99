"""Combines many decisions in one or two messages to Redis.

Example usage::

    batch = Batch(asks)
    answers = batch.decide(await client.execute_command(*batch.question()))
    if batch.written:
        answers += batch.settle(await client.execute_command(*batch.command()))
    batch.again

How does it work?

Most triples are new. So the first message contains the record of a new triple, which the script
writes if nothing is stored. Then the second message is unnecessary.

Rules.decide is applied here to one question after the other, each with the results of those
before it. The second script writes a record only if the records that the decision is based on
have not changed. A question whose records have changed must be repeated.
"""

from __future__ import annotations

import json
import math
from asyncio import Future
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from Kamaelia.Apps.Grey.Stores.Store import readTime
from Kamaelia.Support.Greylist.Rules import Decision, Record, Regular, Rules, Triple, decide

PREFIX = "grey:"
VERSION = f"{PREFIX}entries:version"
TRIPLES = f"{PREFIX}triple:"
REGULARS = f"{PREFIX}regular:"
#: Seconds for which Redis keeps an expired record: clocks differ, and the reason of a late retry
#: differs from that of a new triple.
KEPT_AFTER = 3600.0

Change = tuple[str, Record | Regular | None]

#: The keys are, for each question, that of the triple, and that of the client if known clients
#: are used. The two arguments are the record of a new triple and its expiry. The script writes
#: it if nothing is stored, and otherwise returns the stored values. It also returns the values
#: for later questions with the same key, because the change of the first is not written yet.
ASK = """
local answer, isOpen = {redis.call('GET', KEYS[1])}, {}
local asks = #ARGV / 2
local keys = (#KEYS - 1) / asks
for i = 1, asks do
  local triple, client = KEYS[keys * (i - 1) + 2], KEYS[keys * i + 1]
  local record = redis.call('GET', triple)
  local regular = keys == 2 and redis.call('GET', client)
  if record or regular or isOpen[triple] or isOpen[client] or ARGV[2 * i - 1] == '' then
    isOpen[triple], isOpen[client] = true, true
    answer[#answer + 1] = {i - 1, record, regular}
  else
    redis.call('SET', triple, ARGV[2 * i - 1])
    redis.call('PEXPIREAT', triple, ARGV[2 * i])
  end
end
return answer
"""

#: Four arguments for each key: the expected value, the new value, its expiry, and "1" for the
#: last key of a decision.
WRITE = """
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
    """Return the key of a triple, with the client first."""
    return TRIPLES + json.dumps(triple)


def tripleOf(key: str) -> Triple:
    """Return the triple of a key. Raise ValueError if the key is invalid."""
    return Triple._make(map(str, json.loads(key[len(TRIPLES) :])))


def keyOfClient(client: str) -> str:
    """Return the key of a client's record."""
    return REGULARS + json.dumps(client)


def clientOf(key: str) -> str:
    """Return the client of a key."""
    client: str = json.loads(key[len(REGULARS) :])
    return client


def recordOf(value: str | None) -> Record | None:
    """Return the record in a value, or None if it is missing or damaged."""
    try:
        seen, passed, passes = (value or "").split()
        return Record(readTime(seen), None if passed == "-" else readTime(passed), int(passes))
    except ValueError:
        return None


def regularOf(value: str | None) -> Regular | None:
    """Return the record in a value, or None if it is missing or damaged."""
    try:
        passes, last = (value or "").split()
        return Regular(int(passes), readTime(last))
    except ValueError:
        return None


def valueOf(known: Record | Regular) -> str:
    """Return the value for a record."""
    if isinstance(known, Regular):
        return f"{known.passes} {known.last!r}"
    passed = "-" if known.passed is None else repr(known.passed)
    return f"{known.seen!r} {passed} {known.passes}"


def endOf(known: Record | Regular, rules: Rules) -> int:
    """Return the time at which Redis deletes a record, in milliseconds."""
    return math.ceil((known.expires(rules) + KEPT_AFTER) * 1000)


class Ask(NamedTuple):
    """A question, and the future for its answer."""

    triple: Triple
    rules: Rules
    now: float
    future: Future[Decision] | None = None


BatchAnswer = tuple[Ask, Decision]


class Batch:
    """Batch(asks) -> combines questions.

    `written` has the keys to write after decide(), and `again` the questions to repeat after
    settle().
    """

    def __init__(self, asks: Sequence[Ask]) -> None:
        self._newTriples = [(ask, decide(None, None, ask.rules, ask.now)) for ask in asks]
        self._asksForRegulars = any(ask.rules.client_passes for ask in asks)
        self._keys = [self._keysOf(ask.triple) for ask in asks]
        self.version: str | None = None  # of the entries, in the reply
        self.written: list[str] = []
        self.again: list[Ask] = []  # the questions to repeat
        self._arguments: list[str | int] = []
        self._known: dict[str, str | None] = {}
        self._pending: list[BatchAnswer] = []
        self._changed: set[str] = set()

    def _keysOf(self, triple: Triple) -> tuple[str, ...]:
        if self._asksForRegulars:
            return keyOf(triple), keyOfClient(triple.client)
        return (keyOf(triple),)

    def question(self) -> list[str | int]:
        """Return the command that reads the records and adds new triples."""
        keys = [VERSION, *chain.from_iterable(self._keys)]
        arguments: list[str | int] = []
        for ask, decision in self._newTriples:
            if decision.record is None:  # over the limit of new triples
                arguments += ("", 0)
            else:
                arguments += (valueOf(decision.record), endOf(decision.record, ask.rules))
        return ["EVAL", ASK, len(keys), *keys, *arguments]

    def decide(self, answer: Sequence[Any]) -> list[BatchAnswer]:
        """Decide all questions; return the answers that are final."""
        self.version, *told = answer
        holding = dict(enumerate(self._newTriples))
        for number, *values in told:
            ask, _ = holding.pop(number)
            for key, value in zip(self._keys[number], values, strict=False):
                self._known.setdefault(key, value)
            decision, changes = self._decideOne(ask, *self._keys[number])
            if self._write(changes, ask.rules):
                self._pending.append((ask, decision))
            else:
                holding[number] = ask, decision
        return list(holding.values())

    def _decideOne(self, ask: Ask, key: str, ofClient: str = "") -> tuple[Decision, list[Change]]:
        """Return the decision, and the changes that must be written to make it final."""
        record, regular = recordOf(self._known[key]), None
        if ask.rules.client_passes:
            regular = regularOf(self._known[ofClient])
        decision = decide(record, regular, ask.rules, ask.now)
        if decision.record is not None:
            return decision, [(key, decision.record)]
        # Changes by earlier questions that this decision is based on must be written.
        read: list[Change] = [(key, record), (ofClient, regular)]
        return decision, [change for change in read if change[0] in self._changed]

    def _write(self, changes: Iterable[Change], rules: Rules) -> bool:
        """Add changes to the command; return whether there were any."""
        hasChanged = False
        for key, change in changes:
            if change is not None:
                hasChanged = True
                self.written.append(key)
                self._changed.add(key)
                old, new = self._known[key], valueOf(change)
                self._known[key] = new
                self._arguments += (old or "", new, endOf(change, rules), 0)
        if hasChanged:
            self._arguments[-1] = 1
        return hasChanged

    def command(self) -> list[str | int]:
        """Return the command that writes the changes. Only if `written` is not empty."""
        return ["EVAL", WRITE, len(self.written), *self.written, *self._arguments]

    def settle(self, wereWritten: Sequence[int]) -> list[BatchAnswer]:
        """Process the reply of the script; return the other answers that are final."""
        pairs = list(zip(self._pending, wereWritten, strict=True))
        self.again = [ask for (ask, _), wasWritten in pairs if not wasWritten]
        return [answer for answer, wasWritten in pairs if wasWritten]
