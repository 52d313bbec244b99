"""Tables of host names and mail addresses with wildcards, with a fast search.

Example usage::

    >>> names = Names({"mail.example.org": 1, "*.example.net": 2})
    >>> names.find("MAIL.example.org"), names.find("a.b.example.net"), names.find("example.net")
    (1, 2, None)
    >>> mailboxes = Mailboxes({"ann@example.org": 1, "@example.net": 2, "<>": 3})
    >>> mailboxes.find("<Ann@example.org>"), mailboxes.find("<x@example.net>")
    (1, 2)

How does it work?

A host name is looked up as a whole, then by each ending that begins with a dot, the longest
first; so there is one lookup per label. A mail address is looked up as a whole, then by its
domain among the wildcards for its local part. Then the same is done without the tag of the local
part (name+tag becomes name). Wildcards for all local parts come last. Addresses are compared by
their keys (Keys). The last addresses that no entry matches are remembered: a server is asked about
the same recipients again and again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from Kamaelia.Support.Domains import nameKey
from Kamaelia.Support.Greylist.Keys import (
    NULL_SENDER,
    POSTMASTER,
    localPartKey,
    splitMailbox,
    withoutBrackets,
)
from Kamaelia.Support.Greylist.Patterns import LONGEST, Pattern, isPattern, parsePattern

__all__ = ["Mailboxes", "Names", "nameKey", "parseMailbox", "parseName"]

Found = TypeVar("Found")

# RFC 952 does not allow the underscore in a host name, but many names contain it.
LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
NAME: Final = re.compile(rf"{LABEL}(?:\.{LABEL})*", re.ASCII)
LITERAL: Final = re.compile(r"\[[0-9a-z.:]+\]", re.ASCII)
LONGEST_NAME: Final = 255  # RFC 5321 section 4.5.3.1.2
EVERY: Final = "*"
MOST_MISSING: Final = 2_000  # addresses that a table remembers


def parseName(text: str) -> str:
    """Return the key for Names: "mail.example.org" or ".example.org". Raise ValueError."""
    key = nameKey(text.strip())
    bare = key.removeprefix("*").removeprefix(".") if key[:1] in "*." else key
    isWild = bare != key
    if len(key) > LONGEST_NAME or not NAME.fullmatch(bare) or key == f"*{bare}":
        raise ValueError(
            f"{text!r} is not a host name: write mail.example.org, or *.example.org for all"
            " names below example.org"
        )
    return f".{bare}" if isWild else bare


def parseMailbox(text: str) -> str | Pattern:
    """Return the key or pattern for Mailboxes. Raise ValueError with a remedy."""
    if isPattern(text):
        return parsePattern(text)
    bare = withoutBrackets(text.strip()).lower()
    if not bare and text.strip():
        return NULL_SENDER
    if bare == POSTMASTER:
        return bare
    local, at, domain = bare.rpartition("@")
    if not at:
        raise ValueError(
            f"{text!r} has no @: write @{bare or 'example.org'} for a whole domain, or"
            " user@example.org"
        )
    if not bare.isprintable() or (EVERY in local and local != EVERY):
        raise ValueError(f"{text!r} is not a mail address: * must be the whole local part")
    isWild = local in ("", EVERY)
    return f"{EVERY if isWild else localPartKey(local)}@{_parseDomain(domain, text, not isWild)}"


def _parseDomain(domain: str, text: str, mayBeAny: bool) -> str:
    if domain in ("", EVERY):
        if mayBeAny:
            return EVERY
        raise ValueError(f"{text!r} matches every address: name a domain, as in @example.org")
    if LITERAL.fullmatch(domain):
        return nameKey(domain)
    try:
        return parseName(domain)
    except ValueError:
        raise ValueError(
            f"{text!r} has no domain after its @: write user@example.org, @example.org for a"
            " whole domain, or @*.example.org for its subdomains"
        ) from None


def firstMatch(patterns: list[tuple[Pattern, Found]], text: str) -> Found | None:
    """Return the item of the first pattern that matches, or None."""
    if len(text) > LONGEST:
        return None
    return next((what for pattern, what in patterns if pattern.search(text)), None)


class Names(Generic[Found]):
    """Names({name or wildcard: item}) -> find(name). Raises ValueError for an invalid name."""

    def __init__(self, names: Mapping[str, Found] | None = None) -> None:
        self._table: dict[str, Found] = {}
        self._patterns: list[tuple[Pattern, Found]] = []
        for name, what in (names or {}).items():
            self.add(parseName(name), what)

    def add(self, key: str | Pattern, what: Found) -> None:
        """Add an item for a key of parseName() or a pattern of parsePattern()."""
        if isinstance(key, str):
            self._table.setdefault(key, what)
        else:
            self._patterns.append((key, what))

    def __bool__(self) -> bool:
        return bool(self._table or self._patterns)

    def find(self, name: str) -> Found | None:
        """Return the item of the most specific entry that matches `name`, or None."""
        if len(name) > LONGEST_NAME + 1:
            return None
        key = nameKey(name)
        if key.startswith("."):
            return None
        found = self._table.get(key)
        dot = key.find(".")
        while found is None and dot >= 0:
            found = self._table.get(key[dot:])
            dot = key.find(".", dot + 1)
        return firstMatch(self._patterns, key) if found is None else found


class Mailboxes(Generic[Found]):
    """Mailboxes({address or wildcard: item}) -> find(path), with or without brackets.

    "user@example.org", "@example.org", "@*.example.org", "user@*" and
    "user@*.example.org", "<>", "postmaster", and a regular expression such as "/^list-/".
    Raises ValueError for others.
    """

    def __init__(self, mailboxes: Mapping[str, Found] | None = None) -> None:
        self._whole: dict[str, Found] = {}
        self._patterns: list[tuple[Pattern, Found]] = []
        self._byLocal: dict[str, Names[Found]] = {}
        self._locals: set[str] = set()  # the local parts of all entries that are no patterns
        self._missing: set[str] = set()  # paths that no entry matches
        for mailbox, what in (mailboxes or {}).items():
            self.add(parseMailbox(mailbox), what)

    def add(self, key: str | Pattern, what: Found) -> None:
        """Add an item for a key or pattern of parseMailbox()."""
        self._missing.clear()
        if not isinstance(key, str):
            self._patterns.append((key, what))
            return
        local, _, domain = key.rpartition("@")
        self._locals.add(local)
        if domain.startswith((".", EVERY)) or local == EVERY:
            self._byLocal.setdefault(local, Names()).add(domain, what)
        else:
            self._whole.setdefault(key, what)

    def __bool__(self) -> bool:
        return bool(self._whole or self._byLocal or self._patterns)

    def find(self, path: str) -> Found | None:
        """Return the item of the most specific entry that matches `path`, or None."""
        if self._isMissing(path) or path in self._missing:
            return None
        found = self._search(path)
        if found is None and len(path) <= LONGEST:
            if len(self._missing) >= MOST_MISSING:
                self._missing.clear()
            self._missing.add(path)
        return found

    def _search(self, path: str) -> Found | None:
        bare = withoutBrackets(path).lower() or path
        found = self._whole.get(bare) if path.isascii() else None
        if found is not None:
            return found
        if "@" not in bare:
            found = self._findPostmaster(bare)
            return firstMatch(self._patterns, bare) if found is None else found
        try:
            local, domain = splitMailbox(path)
        except ValueError:
            return None
        found = self._find(local, domain)
        return firstMatch(self._patterns, f"{local}@{domain}") if found is None else found

    def _isMissing(self, path: str) -> bool:
        """Return whether the local part alone shows that no entry matches: the common case."""
        if self._patterns or EVERY in self._locals or '"' in path or "\\" in path:
            return False
        local, at, _ = path.lower().removeprefix("<").rpartition("@")
        if not at or not local.isascii() or local in self._locals:
            return False
        return "+" not in local or local.partition("+")[0] not in self._locals

    def _findPostmaster(self, bare: str) -> Found | None:
        """Return the entry for the one mailbox that has no domain (RFC 5321 section 4.5.1)."""
        if localPartKey(bare) != POSTMASTER:
            return None
        found, names = self._whole.get(POSTMASTER), self._byLocal.get(POSTMASTER)
        return names.find(EVERY) if found is None and names is not None else found

    def _find(self, local: str, domain: str) -> Found | None:
        name = local.partition("+")[0]
        for each in (local, name) if name and name != local else (local,):
            found = self._whole.get(f"{each}@{domain}")
            if found is None:
                found = self._findByDomain(each, domain)
            if found is not None:
                return found
        return self._findByDomain(EVERY, domain)

    def _findByDomain(self, local: str, domain: str) -> Found | None:
        names = self._byLocal.get(local)
        if names is None:
            return None
        found = names.find(domain)
        return found if found is not None else names.find(EVERY)
