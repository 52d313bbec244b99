"""Reads the SQLite database of sqlgrey, for import into a store.

Example usage::

    tally = Tally()
    database = Sqlgrey(Path("/var/lib/sqlgrey/sqlgrey.db"), tally)
    store.remember(database.triples(rename), rules)
    store.rememberClients(database.clients(clientKey, rules), rules)

How does it work?

The table `connect` has the triples that wait for a retry. What has passed is without a recipient:
a sender from a client in `from_awl`, a domain from a client in `domain_awl`. Triples need a
recipient, so these become known clients: each sender counts as one mail, and a domain as many as
a regular client needs (`client_passes`). An address is whole or, as a class C network, without
its last part. Times are seconds or, if another database was copied to SQLite, text in local time.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from Kamaelia.Apps.Grey.Stores.Store import StoreFailed
from Kamaelia.Apps.Grey.Transfer.Backup import MOST
from Kamaelia.Apps.Grey.Transfer.Tally import Tally
from Kamaelia.Support.Greylist.Rules import Record, Regular, Rules, Triple

WAITING = "SELECT src, sender_name, sender_domain, rcpt, first_seen FROM connect"
SENDERS = "SELECT src, last_seen FROM from_awl"
DOMAINS = "SELECT src, last_seen FROM domain_awl"
NOTHING = "-undef-"  # the name or domain of a sender that has none
# An address without the part of the host: three numbers, or four groups of four digits.
SHORT = re.compile(r"(?P<v4>\d+\.\d+\.\d+)|[0-9a-f]{4}(:[0-9a-f]{4}){3}")

Rename = Callable[[str, str, str], Triple]  # raises ValueError for a client that is no address


class Sqlgrey:
    """Sqlgrey(file, tally) -> reads the records of a file."""

    def __init__(self, file: Path, tally: Tally) -> None:
        self.file = file
        self.tally = tally

    def triples(self, rename: Rename) -> Iterator[tuple[Triple, Record]]:
        """Yield the triples that wait for a retry. Raise StoreFailed."""
        for src, name, domain, recipient, first in self._rows(WAITING):
            try:
                triple = rename(addressIn(src), addressOfSender(name, domain), str(recipient))
                record = Record(timeOf(first))
            except ValueError:
                self.tally.damaged += 1
                continue
            self.tally.read += 1
            yield triple, record

    def clients(
        self, clientKey: Callable[[str], str], rules: Rules
    ) -> Iterator[tuple[str, Regular]]:
        """Yield the clients that have passed. Raise StoreFailed."""
        found: dict[str, Regular] = {}
        for table, mails in ((SENDERS, 1), (DOMAINS, max(1, rules.client_passes))):
            for src, last in self._rows(table):
                try:
                    client, time = clientKey(addressIn(src)), timeOf(last)
                except ValueError:
                    self.tally.damaged += 1
                    continue
                self.tally.read += 1
                known = found.get(client, Regular(0, time))
                found[client] = Regular(known.passes + mails, max(known.last, time))
        yield from found.items()

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        try:
            with closing(
                sqlite3.connect(f"{self.file.absolute().as_uri()}?mode=ro", uri=True)
            ) as sql:
                sql.text_factory = _text
                yield from sql.execute(query)
        except sqlite3.Error as error:
            raise StoreFailed(f"{self.file} is not a database of sqlgrey: {error}") from error


def addressIn(src: Any) -> str:
    """Return an address of a client or of its network."""
    text = str(src)
    parts = SHORT.fullmatch(text)
    return text if parts is None else text + (".0" if parts["v4"] else "::")


def addressOfSender(name: Any, domain: Any) -> str:
    """Return the address of a sender; "" is the null sender, and a local user has no domain."""
    if NOTHING in (name, domain):
        return "" if name == NOTHING else str(name)
    return f"{name}@{domain}"


def timeOf(value: Any) -> float:
    """Return the time in a field. Raise ValueError."""
    try:
        time = float(value)
    except (TypeError, ValueError):
        time = datetime.fromisoformat(str(value)).timestamp()
    if not 0 <= time < MOST:
        raise ValueError(f"{value!r} is not a time")
    return time


def _text(octets: bytes) -> str:
    """Return a text as the policy service reads it: a sender need not be UTF-8."""
    return octets.decode("utf-8", "surrogateescape")
