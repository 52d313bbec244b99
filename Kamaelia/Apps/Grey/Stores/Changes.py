"""What a host has decided while the server of a shared store did not answer.

Example usage::

    changes = Changes()
    changes.note(triple, record)
    changes.delivered(client, rules, now)
    batch = changes.takeRecords(500)

How does it work?

The last record of each triple counts, and the deliveries and revocations of clients in their
order. At the limit, the oldest ones are dropped, so memory is bounded.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from itertools import islice
from typing import NamedTuple

from Kamaelia.Apps.Grey.Stores.Store import merge
from Kamaelia.Support.Greylist.Rules import Record, Rules, Triple, decide

MOST = 50_000  # triples, and changes of clients


class ClientChange(NamedTuple):
    """A mail that was delivered, or without rules a revocation."""

    client: str
    rules: Rules | None
    now: float


class Changes:
    """Changes(most) -> what has to be sent to the server when it answers again."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._records: OrderedDict[Triple, Record] = OrderedDict()
        self.clients: deque[ClientChange] = deque(maxlen=most)

    def __len__(self) -> int:
        return len(self._records) + len(self.clients)

    def note(self, triple: Triple, record: Record | None) -> None:
        """Note the new record of a triple; None: it has not changed."""
        if record is None:
            return
        self._records.pop(triple, None)
        self._records[triple] = record
        if len(self._records) > self._most:
            self._records.popitem(last=False)

    def delivered(self, client: str, rules: Rules, now: float) -> None:
        """Note a mail of a client that the real server has accepted."""
        self.clients.append(ClientChange(client, rules, now))

    def revoked(self, client: str) -> None:
        """Note that a client is no longer regular."""
        self.clients.append(ClientChange(client, None, 0.0))

    def forget(self, sent: ClientChange) -> None:
        """Remove the oldest change of a client, if it has not been dropped meanwhile."""
        if self.clients and self.clients[0] is sent:
            self.clients.popleft()

    def takeRecords(self, most: int) -> list[tuple[Triple, Record]]:
        """Remove the oldest records, at most `most`, and return them."""
        taken = list(islice(self._records.items(), most))
        for triple, _ in taken:
            del self._records[triple]
        return taken

    def giveBack(self, taken: list[tuple[Triple, Record]]) -> None:
        """Note records again that could not be sent, unless there are newer ones."""
        self._records = OrderedDict(taken) | self._records


def mergeAttempts(ours: Record | None, theirs: Record, rules: Rules) -> Record:
    """Return the record that one store would have if it had seen the attempts of both."""
    if ours is None or ours.passed is not None or theirs.passed is not None:
        return merge(ours, theirs)
    first, second = sorted((ours, theirs), key=lambda record: record.seen)
    later = decide(first, None, rules, second.seen)
    return first if later.isAccepted or later.record is None else second
