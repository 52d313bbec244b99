"""The list of large senders that retry from many addresses: its format, and what checks it.

Example usage::

    >>> text = ".mail.example.org | many networks | https://example.org/why | 2020-01-31"
    >>> check(text, today="2024-01-01")
    []
    >>> largeSenders(text).client("192.0.2.1", ["out7.mail.example.org"]).text
    '.mail.example.org'

How does it work?

A line has four columns: whom it recognises (a network, or an ending of names
that reverse DNS has verified; never what HELO says), why it is here, a public
page that says so, and when that was written. Greylisting such a sender by its
address delays its mail for as long as it takes to come back to an address it
had before. Names are better than networks, which change hands.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple

from Kamaelia.Support.Greylist.Lists import ListEntry, Lists, entriesOf, parseClient
from Kamaelia.Support.Mistakes import Mistake, MistakesFound

DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
# A network with fewer bits than this is a good part of the net, not a sender.
FEWEST_BITS = {4: 12, 6: 24}


class Sender(NamedTuple):
    """One line of the list."""

    entry: ListEntry
    why: str = ""
    page: str = ""  # a public address that says so
    day: str = ""  # of that page, YYYY-MM-DD


def parseSenders(text: str, source: str = "") -> list[Sender]:
    """The lines of a list, whatever is in their columns. Raises MistakesFound for other lines."""
    senders, mistakes = [], []
    for text_, source_, number in entriesOf(text, source):
        columns = [column.strip() for column in text_.split("|")]
        if len(columns) == 4:
            senders.append(Sender(ListEntry(columns[0], source_, number), *columns[1:]))
        else:
            what = f"{text_!r} has {len(columns)} columns: write whom | why | page | YYYY-MM-DD"
            mistakes.append(Mistake(what, source_, number))
    if mistakes:
        raise MistakesFound(mistakes)
    return senders


def largeSenders(text: str, source: str = "") -> Lists:
    """The list, compiled. Raises MistakesFound; what check() says besides is not asked here."""
    return Lists(clients=[sender.entry for sender in parseSenders(text, source)])


def check(text: str, today: str, source: str = "") -> list[Mistake]:
    """All that is wrong with a list; `today` is YYYY-MM-DD."""
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
        wrong.append("it is not said why: name it in the second column")
    if not re.fullmatch(r"https?://[^\s/]+\.[^\s/]+/\S*", sender.page):
        wrong.append(f"{sender.page!r} is no page that says so: write its https:// address")
    if not DAY.fullmatch(sender.day) or sender.day > today:
        wrong.append(f"{sender.day!r} is no day up to today, {today}: write YYYY-MM-DD")
    return wrong


def _tooWide(text: str) -> list[str]:
    client = parseClient(text)
    if isinstance(client, re.Pattern):
        return [f"{text} is a regular expression: name a network or an ending of names"]
    if isinstance(client, str):
        if client.count(".") - client.startswith(".") >= 1:
            return []
        return [f"{text} is no one's own: name two labels at least, as in .example.org"]
    fewest = FEWEST_BITS[client.version]
    if client.prefixlen >= fewest:
        return []
    return [f"{text} is a good part of the net: name networks of {fewest} bits or more"]


def _linesOf(senders: list[Sender]) -> dict[str, int]:
    """Whom the list has, and the first line that has it."""
    lines: dict[str, int] = {}
    for sender in senders:
        with suppress(ValueError):
            lines.setdefault(str(parseClient(sender.entry.text)), sender.entry.line)
    return lines


def _coveredBy(sender: Sender, lines: dict[str, int]) -> list[str]:
    """Whether another line has the same already."""
    try:
        key = str(parseClient(sender.entry.text))
    except ValueError:
        return []
    if lines[key] != sender.entry.line:
        return [f"{sender.entry.text} is in line {lines[key]} already: leave one out"]
    return [
        f"{sender.entry.text} is part of {ending} in line {lines[ending]}: leave it out"
        for ending in (key[dot:] for dot in range(1, len(key)) if key[dot] == ".")
        if ending in lines
    ]
