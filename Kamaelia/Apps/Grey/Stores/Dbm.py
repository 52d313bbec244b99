"""Reads the dbm files of the historical greylister, for import into a store.

Example usage::

    found = readDbm("greylisted.dbm", "attempters.dbm", rename=lambda *words: Triple(*words))
    store.remember(found.records.items(), rules)
    found.read, found.damaged

How does it work?

Each key is repr((address, sender, recipient)) and each value str(time.time()): the time of the
last acceptance in `greylisted`, and of the first attempt in `attempters`. Keys that are not
three texts are counted as damaged and skipped.

The first bytes of a file tell the kind of dbm. Python reads the kinds that it was built with,
and always `dbm.dumb`. Files of other kinds can be given as the text that `db_dump -p FILE`
(Berkeley DB, which Python 2 mostly wrote) or `gdbm_dump FILE` prints.
"""

from __future__ import annotations

import ast
import dbm
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from Kamaelia.Support.Greylist.Rules import Record, Triple

from .DbmText import isText, pairsOfText
from .Store import StoreFailed, merge, readTime

#: What dbm modules and Python's own dbm.dumb raise for a file that is damaged.
WRONG = (
    AttributeError,
    ImportError,
    MemoryError,
    OSError,
    OverflowError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    *dbm.error,
)
LONGEST_KEY = 4096  # octets; SMTP allows far less
Rename = Callable[[str, str, str], Triple]


@dataclass
class DbmContent:
    """The content of the files."""

    records: dict[Triple, Record] = field(default_factory=dict)
    read: int = 0  # the number of valid records
    damaged: int = 0  # the number of invalid records


def readDbm(greylisted: str | None, attempters: str | None, rename: Rename = Triple) -> DbmContent:
    """Read one file or both. `rename` makes a triple with current keys from three texts.

    Raise StoreFailed, which names the file, if a file cannot be read.
    """
    found = DbmContent()
    for path, hasPassed in ((attempters, False), (greylisted, True)):
        if path is not None:
            for key, value in _pairs(path):
                _note(found, key, value, hasPassed, rename)
    return found


def _note(found: DbmContent, key: bytes, value: bytes, hasPassed: bool, rename: Rename) -> None:
    try:
        triple, time = rename(*_wordsOf(key)), readTime(value.strip(b"\0"))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        found.damaged += 1
        return
    record = Record(time, time, 1) if hasPassed else Record(time)
    found.records[triple] = merge(found.records.get(triple), record)
    found.read += 1


def _wordsOf(key: bytes) -> tuple[str, str, str]:
    if len(key) > LONGEST_KEY:
        raise ValueError("the key is too long")
    words = ast.literal_eval(key.decode("utf-8").strip("\0"))
    # Python 2 had byte and Unicode strings; both become text.
    if not isinstance(words, tuple) or [type(word) for word in words] != [str] * 3:
        raise ValueError("the key is not three texts")
    address, sender, recipient = words
    for word in words:
        word.encode()  # raises UnicodeEncodeError for lone surrogates
    return address, sender, recipient


def _pairs(path: str) -> Iterator[tuple[bytes, bytes]]:
    try:
        if os.path.isfile(path):
            with open(path, "rb") as text:
                if isText(text.read(16)):
                    text.seek(0)
                    yield from pairsOfText(text)
                    return
        yield from _pairsOfDbm(path)
    except WRONG as error:
        raise StoreFailed(
            f"{path} cannot be read as a dbm file: {error}; if it is of another kind, replace it by"
            " the output of `db_dump -p FILE` or `gdbm_dump FILE`"
        ) from error


def _pairsOfDbm(path: str) -> Iterator[tuple[bytes, bytes]]:
    # Some kinds consist of two files and are opened by the name without an ending.
    with dbm.open(re.sub(r"\.(dat|dir|pag)$", "", path), "r") as file:
        for key in file.keys():  # noqa: SIM118 (a GNU dbm is not iterable)
            assert isinstance(key, bytes)
            try:
                value = file[key]
            except KeyError:
                value = b""
            yield key, value
