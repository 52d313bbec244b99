"""Names of hosts and mail addresses with wildcards, and the quick answer to which entry has one.

Example usage::

    >>> names = Names({"mail.example.org": 1, "*.example.net": 2})
    >>> names.find("MAIL.example.org"), names.find("a.b.example.net"), names.find("example.net")
    (1, 2, None)
    >>> mailboxes = Mailboxes({"ann@example.org": 1, "@example.net": 2, "<>": 3})
    >>> mailboxes.find("<Ann@example.org>"), mailboxes.find("<x@example.net>")
    (1, 2)

How does it work?

A name is looked up whole, then each of its endings that begins with a dot, the
longest first: as many dict look-ups as it has labels. A mail address is looked
up whole, then its domain among the wildcards of its local part, then among
those for all local parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Generic, TypeVar

from Kamaelia.Support.Greylist.Keys import NULL_SENDER, splitMailbox, withoutBrackets

Found = TypeVar("Found")

# The underscore is no part of a host's name by RFC 952, but of many a host's name.
LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
NAME = re.compile(rf"{LABEL}(?:\.{LABEL})*", re.ASCII)
LITERAL = re.compile(r"\[[0-9a-z.:]+\]", re.ASCII)
LONGEST_NAME = 255  # RFC 5321 section 4.5.3.1.2
EVERY = "*"


def nameKey(name: str) -> str:
    """A name as it is compared: small letters, no dot at the end, as it stands in the DNS.

    One that does not come back from there as it was (ß, wide letters) is perhaps another
    name for others (RFC 5891 section 5.4): it stays as it is, and is like no other.
    """
    if name.isascii():
        return name.lower().removesuffix(".")
    key = name.lower().removesuffix(".")
    try:
        encoded = key.encode("idna")
        isItself = encoded.decode("idna") == key and not key.isascii()  # as the Kelvin sign is K
        return encoded.decode("ascii") if isItself else name
    except UnicodeError:
        return name


def parseName(text: str) -> str:
    """`text` as Names takes it: "mail.example.org" or ".example.org". Raises ValueError."""
    key = nameKey(text.strip())
    bare = key.removeprefix("*").removeprefix(".") if key[:1] in "*." else key
    isWild = bare != key
    if len(key) > LONGEST_NAME or not NAME.fullmatch(bare) or key == f"*{bare}":
        raise ValueError(
            f"{text!r} is no name of a host: write mail.example.org, or *.example.org for all"
            " names below example.org"
        )
    return f".{bare}" if isWild else bare


def parseMailbox(text: str) -> str:
    """`text` as Mailboxes takes it. Raises ValueError with a remedy."""
    bare = withoutBrackets(text.strip()).lower()
    if not bare and text.strip():
        return NULL_SENDER
    if bare == "postmaster":
        return bare
    local, at, domain = bare.rpartition("@")
    if not at:
        raise ValueError(
            f"{text!r} has no @: write @{bare or 'example.org'} for a whole domain, or"
            " user@example.org"
        )
    if not bare.isprintable() or (EVERY in local and local != EVERY):
        raise ValueError(f"{text!r} is no mail address: * stands for the whole local part or none")
    return f"{local or EVERY}@{_parseDomain(domain, text, local not in ('', EVERY))}"


def _parseDomain(domain: str, text: str, mayBeAny: bool) -> str:
    if domain in ("", EVERY):
        if mayBeAny:
            return EVERY
        raise ValueError(f"{text!r} is every address there is: name a domain, as in @example.org")
    if LITERAL.fullmatch(domain):
        return domain
    try:
        return parseName(domain)
    except ValueError:
        raise ValueError(
            f"{text!r} has no domain after its @: write user@example.org, @example.org for all"
            " of a domain, or @*.example.org for all below it"
        ) from None


class Names(Generic[Found]):
    """Names({name or wildcard: what}) -> find(name). Raises ValueError for what is no name."""

    def __init__(self, names: Mapping[str, Found] | None = None) -> None:
        self._table: dict[str, Found] = {}
        for name, what in (names or {}).items():
            self.add(parseName(name), what)

    def add(self, key: str, what: Found) -> None:
        """One more, by what parseName gave."""
        self._table.setdefault(key, what)

    def __bool__(self) -> bool:
        return bool(self._table)

    def find(self, name: str) -> Found | None:
        """What belongs to the nearest entry that has `name`, or None."""
        if not self._table or len(name) > LONGEST_NAME + 1:
            return None
        key = nameKey(name)
        if key.startswith("."):
            return None
        found = self._table.get(key)
        dot = key.find(".")
        while found is None and dot >= 0:
            found = self._table.get(key[dot:])
            dot = key.find(".", dot + 1)
        return found


class Mailboxes(Generic[Found]):
    """Mailboxes({address or wildcard: what}) -> find(path), with its brackets or without.

    "user@example.org", "@example.org", "@*.example.org", "user@*" and
    "user@*.example.org", "<>" and "postmaster". Raises ValueError for others.
    """

    def __init__(self, mailboxes: Mapping[str, Found] | None = None) -> None:
        self._whole: dict[str, Found] = {}
        self._byLocal: dict[str, Names[Found]] = {}
        for mailbox, what in (mailboxes or {}).items():
            self.add(parseMailbox(mailbox), what)

    def add(self, key: str, what: Found) -> None:
        """One more, by what parseMailbox gave."""
        local, _, domain = key.rpartition("@")
        if domain.startswith((".", EVERY)) or local == EVERY:
            self._byLocal.setdefault(local, Names()).add(domain, what)
        else:
            self._whole.setdefault(key, what)

    def __bool__(self) -> bool:
        return bool(self._whole or self._byLocal)

    def find(self, path: str) -> Found | None:
        """What belongs to the nearest entry that has `path`, or None."""
        bare = withoutBrackets(path).lower() or path
        found = self._whole.get(bare)
        if found is not None or "@" not in bare:
            return found
        return self._findByDomain(bare)

    def _findByDomain(self, bare: str) -> Found | None:
        try:
            local, domain = splitMailbox(bare)
        except ValueError:
            return None
        key = nameKey(domain)
        found = self._whole.get(f"{local}@{key}")
        for names in (self._byLocal.get(local), self._byLocal.get(EVERY)):
            for name in (key, EVERY) if names is not None else ():
                if found is None and names is not None:
                    found = names.find(name)
        return found
