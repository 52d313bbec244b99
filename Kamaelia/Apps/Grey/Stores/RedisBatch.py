"""Many decisions in a message or two to Redis: ask, and add strangers; write all that follows.

Example usage::

    batch = Batch(asks)
    answers = batch.decide(await client.execute_command(*batch.question()))
    if batch.written:
        answers += batch.settle(await client.execute_command(*batch.command()))
    batch.again

How does it work?

Most who knock are strangers. So what the rules say of one goes with the question, and is
written where nothing is known, which spares them the second message.

The rules are those of Rules.decide, and are applied here, one ask after the other, each to
what the ones before it left. The script writes what follows from an answer only where all
that it follows from is still so, and says of each whether it was; who was too slow asks again.
"""

from __future__ import annotations

import json
import math
from asyncio import Future
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from Kamaelia.Support.Greylist.Rules import Decision, Record, Regular, Rules, Triple, decide

PREFIX = "grey:"
VERSION = f"{PREFIX}entries:version"
TRIPLES = f"{PREFIX}triple:"
REGULARS = f"{PREFIX}regular:"
#: So long after it has expired a record is kept: clocks differ, and a retry that came too
#: late is told from one that never came before.
KEPT_AFTER = 3600.0

Change = tuple[str, Record | Regular | None]

#: Of each ask the key of its triple, and of its client where regulars are asked for, and two
#: arguments, a stranger's record and until when. It is written where nothing is known; else
#: what is known is told. Who comes after somebody known, and shares a key, is told, too: what
#: follows for the one is not written yet.
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

#: Four arguments a key: what must be there, what is to be, until when, and "1" at the last
#: key of an answer.
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


BatchAnswer = tuple[Ask, Decision]


class Batch:
    """Batch(asks) -> its question(); after decide() `written`, and after settle() `again`."""

    def __init__(self, asks: Sequence[Ask]) -> None:
        self._strangers = [(ask, decide(None, None, ask.rules, ask.now)) for ask in asks]
        self._asksForRegulars = any(ask.rules.client_passes for ask in asks)
        self._keys = [self._keysOf(ask.triple) for ask in asks]
        self.version: str | None = None  # of the entries, at the time of the answer
        self.written: list[str] = []
        self.again: list[Ask] = []  # who must ask anew
        self._arguments: list[str | int] = []
        self._known: dict[str, str | None] = {}
        self._pending: list[BatchAnswer] = []
        self._changed: set[str] = set()

    def _keysOf(self, triple: Triple) -> tuple[str, ...]:
        if self._asksForRegulars:
            return keyOf(triple), keyOfClient(triple.client)
        return (keyOf(triple),)

    def question(self) -> list[str | int]:
        """What asks for all that is known, and adds strangers."""
        keys = [VERSION, *chain.from_iterable(self._keys)]
        arguments: list[str | int] = []
        for ask, decision in self._strangers:
            if decision.record is None:  # it is over the limit of new triples
                arguments += ("", 0)
            else:
                arguments += (valueOf(decision.record), endOf(decision.record, ask.rules))
        return ["EVAL", ASK, len(keys), *keys, *arguments]

    def decide(self, answer: Sequence[Any]) -> list[BatchAnswer]:
        """Decide all -> the answers that hold."""
        self.version, *told = answer
        holding = dict(enumerate(self._strangers))
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
        """The decision, and what must be written for it to hold."""
        record, regular = recordOf(self._known[key]), None
        if ask.rules.client_passes:
            regular = regularOf(self._known[ofClient])
        decision = decide(record, regular, ask.rules, ask.now)
        if decision.record is not None:
            return decision, [(key, decision.record)]
        # What an ask before it wrote, and it has read, must have been written.
        read: list[Change] = [(key, record), (ofClient, regular)]
        return decision, [change for change in read if change[0] in self._changed]

    def _write(self, changes: Iterable[Change], rules: Rules) -> bool:
        """Note what is to be written -> whether there was anything."""
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
        """What writes all that follows, where that is anything."""
        return ["EVAL", WRITE, len(self.written), *self.written, *self._arguments]

    def settle(self, wereWritten: Sequence[int]) -> list[BatchAnswer]:
        """Heed what the script said -> the other answers that hold."""
        pairs = list(zip(self._pending, wereWritten, strict=True))
        self.again = [ask for (ask, _), wasWritten in pairs if not wasWritten]
        return [answer for answer, wasWritten in pairs if wasWritten]
