"""Allow and deny lists, with a fast search for the entry that matches a client or an address.

Example usage::

    >>> friends = Lists(
    ...     clients=entriesOf("192.0.2.0/24\\n*.example.org # our own", "friends.txt"),
    ...     senders=[ListEntry("@example.net")],
    ... )
    >>> str(friends.client("192.0.2.7"))
    '192.0.2.0/24 (friends.txt line 1)'
    >>> friends.client("198.51.100.1", ["mx.example.org"]).text
    '*.example.org'
    >>> friends.sender("<ann@example.com>") is None
    True

How does it work?

A client is listed by its address, its network, or a name that the caller has verified in DNS;
the name in HELO is not verified. An entry keeps its text and position for the log. All invalid
entries are raised together, as ListError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from Kamaelia.Support.Greylist.Keys import recipientKey, senderKey
from Kamaelia.Support.Greylist.Names import Mailboxes, Names, nameKey, parseMailbox, parseName
from Kamaelia.Support.Greylist.Patterns import Pattern, isPattern, parsePattern
from Kamaelia.Support.Mistakes import Mistake, MistakesFound
from Kamaelia.Support.Networks import (
    IPNetwork,
    Networks,
    addressOf,
    looksLikeNetwork,
    parseNetwork,
)

COMMENT = re.compile(r"(?:^|\s)#.*")
Parsed = TypeVar("Parsed")


class ListEntry(NamedTuple):
    """An entry of a list: its text and position."""

    text: str
    source: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = " ".join(filter(None, [self.source, f"line {self.line}" if self.line else ""]))
        return f"{self.text} ({place})" if place else self.text


class ListError(MistakesFound):
    """The error for invalid entries; `mistakes` has each, with position and remedy."""


def entriesOf(text: str, source: str = "") -> list[ListEntry]:
    """Return the entries of a file, one per line; # begins a comment at a word's start."""
    lines = (COMMENT.sub("", line).strip() for line in text.removeprefix("\ufeff").split("\n"))
    return [ListEntry(line, source, number) for number, line in enumerate(lines, 1) if line]


def parseClient(text: str) -> IPNetwork | str | Pattern:
    """Return a network, a name as Names takes it, or a pattern for names. Raise ValueError."""
    if isPattern(text):
        return parsePattern(text)
    return parseNetwork(text) if looksLikeNetwork(text.strip()) else parseName(text)


class Lists:
    """Lists(clients, senders, recipients, triples, heloTriples) -> searchable lists of entries.

    clients, senders and recipients are ListEntry objects or texts. triples are
    (address, sender, recipient); heloTriples are (name in HELO, network,
    recipient), the historical whitelisted_nonstandard_triples. Raises ListError.
    """

    def __init__(
        self,
        clients: Iterable[ListEntry | str] = (),
        senders: Iterable[ListEntry | str] = (),
        recipients: Iterable[ListEntry | str] = (),
        triples: Iterable[tuple[str, str, str]] = (),
        heloTriples: Iterable[tuple[str, str, str]] = (),
    ) -> None:
        mistakes: list[Mistake] = []
        self._networks: Networks[ListEntry] = Networks()
        self._names: Names[ListEntry] = Names()
        for entry, client in _parsed(clients, parseClient, mistakes):
            if isinstance(client, str | re.Pattern):
                self._names.add(client, entry)
            else:
                self._networks.add(client, entry)
        self._senders = _mailboxes(senders, mistakes)
        self._recipients = _mailboxes(recipients, mistakes)
        self._triples = _triplesOf(triples, mistakes)
        self._heloTriples = _heloTriplesOf(heloTriples, mistakes)
        if mistakes:
            raise ListError(mistakes)
        # Each mail asks which tables have entries; most are empty.
        self._hasNetworks = bool(self._networks)
        self.hasNames = bool(self._names)  # clients are listed by name
        self._hasSenders, self._hasRecipients = bool(self._senders), bool(self._recipients)
        self._hasTriples = bool(self._triples or self._heloTriples)
        self._hasEntries = self._hasNetworks or self.hasNames or self._hasTriples
        self._hasEntries |= self._hasSenders or self._hasRecipients

    def __bool__(self) -> bool:
        """Return whether there are any entries."""
        return self._hasEntries

    def client(self, peer: str, names: Iterable[str] = ()) -> ListEntry | None:
        """Return the entry that matches an address or one of its verified names, or None."""
        found = self._networks.findPeer(peer) if self._hasNetworks else None
        if found is None and self.hasNames:
            return next(filter(None, map(self._names.find, names)), None)
        return found

    def sender(self, sender: str) -> ListEntry | None:
        """Return the entry that matches a sender, with or without brackets, or None."""
        return self._senders.find(sender) if self._hasSenders else None

    def recipient(self, recipient: str) -> ListEntry | None:
        """Return the entry that matches a recipient, with or without brackets, or None."""
        return self._recipients.find(recipient) if self._hasRecipients else None

    def triple(self, peer: str, remotename: str, sender: str, recipient: str) -> ListEntry | None:
        """Return the triple that matches a mail, or None. `remotename`: the name in HELO."""
        if not self._hasTriples:
            return None
        try:
            to, address = recipientKey(recipient), addressOf(peer)
            found = self._triples.get((str(address), senderKey(sender), to))
        except ValueError:
            return None
        networks = self._heloTriples.get((nameKey(remotename), to))
        return networks.find(address) if found is None and networks is not None else found


def _parsed(
    entries: Iterable[ListEntry | str], parse: Callable[[str], Parsed], mistakes: list[Mistake]
) -> Iterable[tuple[ListEntry, Parsed]]:
    """Yield each valid entry with its parsed form; add a mistake for each invalid one."""
    for each in entries:
        entry = ListEntry(each) if isinstance(each, str) else each
        try:
            yield entry, parse(entry.text)
        except ValueError as error:
            mistakes.append(Mistake(str(error), entry.source, entry.line))


def _mailboxes(entries: Iterable[ListEntry | str], mistakes: list[Mistake]) -> Mailboxes[ListEntry]:
    table: Mailboxes[ListEntry] = Mailboxes()
    for entry, key in _parsed(entries, parseMailbox, mistakes):
        table.add(key, entry)
    return table


def parseTriple(triple: tuple[str, ...]) -> tuple[str, str, str]:
    """Return the keys of (address, sender, recipient). Raise ValueError with a remedy."""
    try:
        peer, sender, recipient = triple
        return str(addressOf(peer)), senderKey(sender), recipientKey(recipient)
    except ValueError as error:
        raise ValueError(
            f"{' '.join(triple)!r}: {error}; write an address, a sender and a recipient"
        ) from None


def parseHeloTriple(triple: tuple[str, ...]) -> tuple[str, IPNetwork, str]:
    """Return the keys of (name, network, recipient). Raise ValueError with a remedy."""
    try:
        name, network, recipient = triple
        return nameKey(name), parseNetwork(network), recipientKey(recipient)
    except ValueError as error:
        raise ValueError(
            f"{' '.join(triple)!r}: {error}; write the name in HELO, a network and a recipient"
        ) from None


def _triplesOf(
    triples: Iterable[tuple[str, str, str]], mistakes: list[Mistake]
) -> dict[tuple[str, str, str], ListEntry]:
    table = {}
    for triple in triples:
        try:
            table[parseTriple(triple)] = ListEntry(" ".join(triple))
        except ValueError as error:
            mistakes.append(Mistake(str(error)))
    return table


def _heloTriplesOf(
    triples: Iterable[tuple[str, str, str]], mistakes: list[Mistake]
) -> dict[tuple[str, str], Networks[ListEntry]]:
    byName: dict[tuple[str, str], dict[IPNetwork, ListEntry]] = {}
    for triple in triples:
        try:
            name, network, recipient = parseHeloTriple(triple)
            byName.setdefault((name, recipient), {})[network] = ListEntry(" ".join(triple))
        except ValueError as error:
            mistakes.append(Mistake(str(error)))
    return {key: Networks(networks) for key, networks in byName.items()}
