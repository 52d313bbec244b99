"""A process that asks a store in a file: asker.py PATH (pairs | crowd | fill)

pairs: two decisions about each triple of an endless row, the second of which accepts; each
is told on a line as soon as it was given, as JSON: the triple, the reason.
crowd: asks the same of the same triples as others of its kind; tells how often each reason
was given. fill: goes on until the file may grow no more, and then once more with room.
"""

import itertools
import json
import os
import random
import resource
import sys
from collections import Counter

from Kamaelia.Apps.Grey.Stores import StoreFailed
from Kamaelia.Apps.Grey.Stores.SQLite import SQLiteStore
from Kamaelia.Support.Greylist.Rules import Decision, Rules, Triple

RULES = Rules(too_soon=10, min_defer_time=60, max_defer_time=600, max_grey=6000)
REGULARS = Rules(10, 60, 600, 6000, client_passes=1_000_000)
NOW = 1e9


def tell(*what: object) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def pairs(store: SQLiteStore) -> None:
    row = random.randbytes(4).hex()
    for i in itertools.count():
        triple = Triple(f"{i % 50}", row, str(i))
        for now in (NOW, NOW + 60):
            tell(triple, store.decide(triple, REGULARS, now).reason)


def crowd(store: SQLiteStore) -> None:
    triples = [Triple(str(i % 5), "s", str(i)) for i in range(300)]
    reasons: Counter[str] = Counter()
    for now in (NOW, NOW + 60):
        random.shuffle(triples)
        reasons.update(store.decide(triple, REGULARS, now).reason for triple in triples)
        tell("done")
        sys.stdin.readline()
    tell(reasons)


def fill(store: SQLiteStore) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    given: list[Triple] = []

    def ask(i: int) -> Decision:
        triple = Triple(str(i), "s" * 300, "r" * 300)
        decision = store.decide(triple, RULES, NOW)
        given.append(triple)
        return decision

    try:
        for i in itertools.count():
            ask(i)
    except StoreFailed as error:
        tell(len(given), str(error))
    known = dict(store.known())
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    ask(-1)
    tell([triple in known for triple in given].count(True), ask(-1).reason)


store = SQLiteStore(sys.argv[1])
{"pairs": pairs, "crowd": crowd, "fill": fill}[sys.argv[2]](store)
store.close()
