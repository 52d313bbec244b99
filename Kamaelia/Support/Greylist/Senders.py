"""The list of large senders that retry from many addresses: its format and its checks.

Example usage::

    >>> text = ".mail.example.org | many networks | https://example.org/why | 2020-01-31"
    >>> check(text, today="2024-01-01")
    []
    >>> largeSenders(text).client("192.0.2.1", ["out7.mail.example.org"]).text
    '.mail.example.org'

How does it work?

A line has four columns: a network or an ending of verified host names, the reason for the entry, a
public page with evidence, and the date of that page. Greylisting such a sender by its address
delays its mail until it uses an earlier address again. Names are better than networks, because
networks change their owners.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple

from Kamaelia.Support.Counts import counted
from Kamaelia.Support.Greylist.Lists import ListEntry, Lists, entriesOf, parseClient
from Kamaelia.Support.Mistakes import Mistake, MistakesFound

DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
# A network with fewer bits is too large to belong to one sender.
FEWEST_BITS = {4: 12, 6: 24}


class Sender(NamedTuple):
    """One line of the list."""

    entry: ListEntry
    why: str = ""
    page: str = ""  # the URL of a public page with evidence
    day: str = ""  # the date of that page, YYYY-MM-DD


def parseSenders(text: str, source: str = "") -> list[Sender]:
    """Return the lines of a list, unchecked. Raise MistakesFound for a wrong number of columns."""
    senders, mistakes = [], []
    for text_, source_, number in entriesOf(text, source):
        columns = [column.strip() for column in text_.split("|")]
        if len(columns) == 4:
            senders.append(Sender(ListEntry(columns[0], source_, number), *columns[1:]))
        else:
            number_ = counted(len(columns), "column")
            what = f"{text_!r} has {number_}: write sender | reason | page | YYYY-MM-DD"
            mistakes.append(Mistake(what, source_, number))
    if mistakes:
        raise MistakesFound(mistakes)
    return senders


def largeSenders(text: str, source: str = "") -> Lists:
    """Return the compiled list. Raise MistakesFound. The further tests of check() are omitted."""
    return Lists(clients=[sender.entry for sender in parseSenders(text, source)])


def check(text: str, today: str, source: str = "") -> list[Mistake]:
    """Return all mistakes in a list; `today` is YYYY-MM-DD."""
    try:
        senders = parseSenders(text, source)
    except MistakesFound as error:
        return list(error.mistakes)
    lines = _linesOf(senders)
    return [
        Mistake(what, source, sender.entry.line)
        for sender in senders
        for what in (*_wrongWith(sender, today), *_coveredBy(sender, lines))
    ]


def _wrongWith(sender: Sender, today: str) -> list[str]:
    wrong = []
    try:
        wrong += _tooWide(sender.entry.text)
    except ValueError as error:
        wrong.append(str(error))
    if not sender.why:
        wrong.append("the reason is missing: write it in the second column")
    if not re.fullmatch(r"https?://[^\s/]+\.[^\s/]+/\S*", sender.page):
        wrong.append(f"{sender.page!r} is not the URL of a page: write its https:// address")
    if not DAY.fullmatch(sender.day) or sender.day > today:
        wrong.append(f"{sender.day!r} is not a day up to today, {today}: write YYYY-MM-DD")
    return wrong


def _tooWide(text: str) -> list[str]:
    client = parseClient(text)
    if isinstance(client, re.Pattern):
        return [f"{text} is a regular expression: name a network or an ending of names"]
    if isinstance(client, str):
        if client.count(".") - client.startswith(".") >= 1:
            return []
        return [
            f"{text} is not specific to one sender: name at least two labels, as in .example.org"
        ]
    fewest = FEWEST_BITS[client.version]
    if client.prefixlen >= fewest:
        return []
    return [f"{text} is too large for one sender: name networks of {fewest} bits or more"]


def _linesOf(senders: list[Sender]) -> dict[str, int]:
    """Return the first line of each sender in the list."""
    lines: dict[str, int] = {}
    for sender in senders:
        with suppress(ValueError):
            lines.setdefault(str(parseClient(sender.entry.text)), sender.entry.line)
    return lines


def _coveredBy(sender: Sender, lines: dict[str, int]) -> list[str]:
    """Return mistakes if another line includes the sender."""
    try:
        key = str(parseClient(sender.entry.text))
    except ValueError:
        return []
    if lines[key] != sender.entry.line:
        return [f"{sender.entry.text} is already in line {lines[key]}: remove one"]
    return [
        f"{sender.entry.text} is part of {ending} in line {lines[ending]}: remove it"
        for ending in (key[dot:] for dot in range(1, len(key)) if key[dot] == ".")
        if ending in lines
    ]
