"""Reads the databases of postgrey, for import into a store.

Example usage::

    tally = Tally()
    store.remember(triplesOf(Path("/var/lib/postgrey"), rename, 300.0, tally), rules)
    store.rememberClients(clientsOf(Path("/var/lib/postgrey"), clientKey, tally), rules)

How does it work?

`postgrey.db` has a key client/sender/recipient, with a value "first,last": the times of the first
and of the last attempt. The mail has passed if more time than postgrey's --delay is between them.
The client is a network without its length. `postgrey_clients.db` has the address of a client that
has passed, with "mails,last". postgrey removes the changing parts of senders, such as the text
after a +, so the triples of such senders do not match their next mail; their clients do.

The keys of --privacy are hashes, and count as damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from Kamaelia.Apps.Grey.Stores.Store import StoreFailed
from Kamaelia.Apps.Grey.Transfer.Backup import MOST
from Kamaelia.Apps.Grey.Transfer.Tally import Tally
from Kamaelia.Support.Data.BerkeleyBtree import NotBtree, Pair, pairsOf
from Kamaelia.Support.Greylist.Rules import Record, Regular, Triple

TRIPLES, CLIENTS = "postgrey.db", "postgrey_clients.db"

Rename = Callable[[str, str, str], Triple]  # raises ValueError for a client that is no address


def triplesOf(
    folder: Path, rename: Rename, delay: float, tally: Tally
) -> Iterator[tuple[Triple, Record]]:
    """Yield the triples. delay: seconds, postgrey's --delay. Raise StoreFailed."""
    for key, value in _pairs(folder / TRIPLES):
        try:
            triple = rename(*wordsOf(key.decode()))
            first, last = _numbers(value)
        except ValueError:
            tally.damaged += 1
            continue
        tally.read += 1
        yield triple, Record(first, last, 1) if last - first >= delay else Record(first)


def clientsOf(
    folder: Path, clientKey: Callable[[str], str], tally: Tally
) -> Iterator[tuple[str, Regular]]:
    """Yield the clients that have passed, if postgrey has counted any. Raise StoreFailed."""
    file = folder / CLIENTS
    if not file.exists():
        return
    for key, value in _pairs(file):
        try:
            client = clientKey(key.decode())
            passes, last = _numbers(value)
        except ValueError:
            tally.damaged += 1
            continue
        tally.read += 1
        yield client, Regular(int(passes), last)


def wordsOf(key: str) -> tuple[str, str, str]:
    """Return client, sender and recipient. Raise ValueError.

    Local parts may contain a slash, domains may not. The null sender is empty.
    """
    client, slash, rest = key.partition("/")
    isNull = rest.startswith("/") and "/" not in rest[1:].partition("@")[2]
    afterAt = rest.find("/", rest.find("@"))
    end = 0 if isNull else afterAt if afterAt >= 0 else rest.find("/")
    if not slash or end < 0 or not rest[end + 1 :]:
        raise ValueError("not a key of postgrey")
    return client, rest[:end], rest[end + 1 :]


def _numbers(value: bytes) -> tuple[float, float]:
    """Return the two numbers in a value; --lookup-by-host adds a third text."""
    first, last = map(float, value.split(b",")[:2])
    if not (0 <= first < MOST and 0 <= last < MOST):
        raise ValueError("not a time, or a number of mails")
    return first, last


def _pairs(file: Path) -> Iterator[Pair]:
    try:
        with file.open("rb") as opened:
            yield from pairsOf(opened)
    except NotBtree as error:
        raise StoreFailed(
            f"{file} cannot be read: {error}; stop postgrey first, and import a copy of its folder"
        ) from error
