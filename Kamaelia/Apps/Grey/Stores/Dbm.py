"""What the historical greylisting kept in dbm files, read once to go on with.

Example usage::

    found = readDbm("greylisted.dbm", "attempters.dbm", rename=lambda *words: Triple(*words))
    store.remember(found.records.items(), rules)
    found.read, found.damaged

How does it work?

The key of each is repr((address, sender, recipient)), the value str(time.time()): in
`greylisted` when it was accepted last, in `attempters` when it first tried. Keys are
read as what they must be, three texts, and whatever is not so is counted and left out.

Which kind of dbm wrote a file is told by its first bytes. Python reads the kinds that it
was built with, and `dbm.dumb` always. A file of another kind can be given as text, as
`db_dump -p FILE` (Berkeley DB, what Python 2 mostly wrote) and `gdbm_dump FILE` make it.
"""

from __future__ import annotations

import ast
import dbm
import math
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from Kamaelia.Support.Greylist.Rules import Record, Triple

from .DbmText import isText, pairsOfText
from .Store import StoreFailed, merge

LONGEST_KEY = 4096  # octets; what SMTP allows is far less
Rename = Callable[[str, str, str], Triple]


@dataclass
class DbmContent:
    """What was in the files."""

    records: dict[Triple, Record] = field(default_factory=dict)
    read: int = 0  # lines of the files that were understood
    damaged: int = 0  # and those that were not


def readDbm(greylisted: str | None, attempters: str | None, rename: Rename = Triple) -> DbmContent:
    """Read both files, or one; `rename` makes a triple as the rules want it of the words.

    Raises StoreFailed, which names the file, where one cannot be read at all.
    """
    found = DbmContent()
    for path, hasPassed in ((attempters, False), (greylisted, True)):
        if path is not None:
            for key, value in _pairs(path):
                _note(found, key, value, hasPassed, rename)
    return found


def _note(found: DbmContent, key: bytes, value: bytes, hasPassed: bool, rename: Rename) -> None:
    try:
        triple, time = rename(*_wordsOf(key)), _timeOf(value)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        found.damaged += 1
        return
    record = Record(time, time, 1) if hasPassed else Record(time)
    found.records[triple] = merge(found.records.get(triple), record)
    found.read += 1


def _wordsOf(key: bytes) -> tuple[str, str, str]:
    if len(key) > LONGEST_KEY:
        raise ValueError("too long for a key")
    words = ast.literal_eval(key.decode("utf-8").strip("\0"))
    # Python 2 knew texts of octets and of letters; both are texts here.
    if not isinstance(words, tuple) or [type(word) for word in words] != [str] * 3:
        raise ValueError("no three texts")
    address, sender, recipient = words
    for word in words:
        word.encode()  # lone surrogates are in no address
    return address, sender, recipient


def _timeOf(value: bytes) -> float:
    time = float(value.strip(b"\0"))
    if not math.isfinite(time) or time < 0:
        raise ValueError("no time")
    return time


def _pairs(path: str) -> Iterator[tuple[bytes, bytes]]:
    try:
        if os.path.isfile(path):
            with open(path, "rb") as text:
                if isText(text.read(16)):
                    text.seek(0)
                    yield from pairsOfText(text)
                    return
        yield from _pairsOfDbm(path)
    except (OSError, ImportError, ValueError, SyntaxError, *dbm.error) as error:
        raise StoreFailed(
            f"{path} cannot be read as a dbm file: {error}; if it is one of another kind, give"
            " what `db_dump -p FILE` or `gdbm_dump FILE` makes of it"
        ) from error


def _pairsOfDbm(path: str) -> Iterator[tuple[bytes, bytes]]:
    # Some kinds keep a file in two, and are opened by the name without the ending.
    with dbm.open(re.sub(r"\.(dat|dir|pag)$", "", path), "r") as file:
        for key in file.keys():  # noqa: SIM118 (one of GNU can do nothing else)
            assert isinstance(key, bytes)
            try:
                value = file[key]
            except KeyError:
                value = b""
            yield key, value
