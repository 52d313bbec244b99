"""Finds the line of each setting in a TOML text.

Example usage::

    >>> places = placesOf('[log]\\nlevel = "info"\\nfiles = [\\n  "a",\\n  "b",\\n]\\n')
    >>> places["log"], places["log", "level"], places["log", "files", 1]
    (1, 2, 5)

How does it work?

tomllib returns values without their lines. It has already accepted the text, so a scan by tokens
is sufficient: it counts brackets, and a key is before an = outside of them. Each item of a list
has its own line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

WORD = re.compile(
    r"(?P<skip>[ \t\r]+|\#[^\n]*)"
    r'|(?P<text>"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\')'
    r"|(?P<sign>[\[\]{}=,.\n])"
    r"|(?P<bare>[^\s\[\]{}=,.\"'\#]+|.)",
    re.DOTALL,
)
Place = tuple[str | int, ...] | str


class Word(NamedTuple):
    """A token of the text; `sign` is its text if it is one of the signs in WORD."""

    text: str
    line: int
    sign: str


def placesOf(text: str) -> dict[Place, int]:
    """Return the lines of sections (by name), settings (section, name) and items of lists."""
    places: dict[Place, int] = {}
    section: tuple[str, ...] = ()
    for words in _statements(text):
        if words[0].sign == "[":
            section = _keyOf(words[1:])
            places.setdefault(section[0] if len(section) == 1 else section, words[0].line)
        else:
            key = section + _keyOf(words)
            places.setdefault(key[0], words[0].line)
            places.setdefault(key if len(key) > 1 else key[0], words[0].line)
            _placeItems(words, key, places)
    return places


def _words(text: str) -> Iterator[Word]:
    line = 1
    for match in WORD.finditer(text):
        if match["skip"] is None:
            yield Word(match[0], line, match["sign"] or "")
        line += match[0].count("\n")


def _statements(text: str) -> Iterator[list[Word]]:
    """Yield the tokens of each heading and each setting, which may have several lines."""
    statement: list[Word] = []
    depth = 0
    for word in _words(text):
        depth += (word.sign in "[{") - (word.sign in "]}") if word.sign else 0
        if word.sign != "\n":
            statement.append(word)
        elif statement and depth <= 0:
            yield statement
            statement, depth = [], 0
    if statement:
        yield statement


def _keyOf(words: list[Word]) -> tuple[str, ...]:
    """Return the names before the = or the ], without quotes."""
    names = []
    for word in words:
        if word.sign and word.sign in "=]":
            break
        if word.text[0] in "\"'":
            names.append(next(iter(tomllib.loads(f"{word.text} = 0"))))
        elif not word.sign:
            names.append(word.text)
    return tuple(names)


def _placeItems(words: list[Word], key: tuple[str, ...], places: dict[Place, int]) -> None:
    """Note the line of each item, if the value is a list."""
    start = next((n for n, word in enumerate(words) if word.sign == "="), len(words)) + 1
    if start >= len(words) or words[start].sign != "[":
        return
    depth, item, isNew = 0, 0, True
    for word in words[start:]:
        if depth == 1 and isNew and word.sign not in tuple("],"):
            places[*key, item] = word.line
            isNew = False
        if depth == 1 and word.sign == ",":
            item, isNew = item + 1, True
        depth += (word.sign in "[{") - (word.sign in "]}") if word.sign else 0
