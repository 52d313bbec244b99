"""Writes all records of a store as lines of JSON, and reads them into a store of any kind.

Example usage::

    number = write(file, store)
    restore(file, store, rules)

How does it work?

The first line names the format, and the last one has the number of records, so that a file that
was cut off is refused as a whole, before anything is changed. The lines between are triples,
clients with delivered mails, and the entries of administrators. Counters are not included.
Records are merged with those in the store: see Store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO

from Kamaelia.Apps.Grey.Stores.Store import Store, StoreEntry, checkEntry
from Kamaelia.Support.Greylist.Rules import Record, Regular, Rules, Triple

FORMAT = "kamaelia-grey records"
VERSION = 1
WRONG = (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError)
MOST = 1e15  # seconds or mails: what every store can keep

Item = tuple[Triple, Record] | tuple[str, Regular] | StoreEntry


class BadBackup(ValueError):
    """The file is not a backup, or not a whole one; the message says where."""


def write(file: TextIO, store: Store) -> int:
    """Write the lines of a backup; return the number of records. Raise StoreFailed."""
    number = 0
    file.write(_line({"format": FORMAT, "version": VERSION}))
    for number, record in enumerate(_recordsOf(store), 1):  # noqa: B007 (it is counted)
        file.write(_line(record))
    file.write(_line({"records": number}))
    return number


def _recordsOf(store: Store) -> Iterator[dict[str, Any]]:
    for triple, known in store.known():
        yield {"triple": list(triple), **known._asdict()}
    for client, regular in store.regulars():
        yield {"client": client, **regular._asdict()}
    for entry in store.entries():
        yield entry._asdict()


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record) + "\n"  # in ASCII: standard output may have any encoding


def restore(file: TextIO, store: Store, rules: Rules) -> int:
    """Read a file twice, first to check it; return the number of records. Raise BadBackup."""
    for _ in itemsOf(file):
        """Only a whole file is imported."""
    file.seek(0)
    number = store.remember(_only(itemsOf(file), isTriple), rules)
    file.seek(0)
    number += store.rememberClients(_only(itemsOf(file), isClient), rules)
    file.seek(0)
    for entry in itemsOf(file):
        if isinstance(entry, StoreEntry):
            store.addEntry(entry)
            number += 1
    return number


def _only(items: Iterable[Item], isWanted: Callable[[Item], bool]) -> Iterator[Any]:
    return (item for item in items if isWanted(item))


def isTriple(item: Item) -> bool:
    """Return whether an item is the record of a triple."""
    return isinstance(item[1], Record)


def isClient(item: Item) -> bool:
    """Return whether an item is the record of a client."""
    return isinstance(item[1], Regular)


def itemsOf(lines: Iterable[str]) -> Iterator[Item]:
    """Yield the records in the lines of a backup. Raise BadBackup."""
    last: Any = None
    number = 0
    for number, line in enumerate(lines, 1):
        try:
            if last is not None:
                raise ValueError("there is text after the end")
            record = json.loads(line)
            if number == 1:
                _checkHead(record)
            elif set(record) == {"records"}:
                last = record["records"]
            else:
                yield _itemOf(record)
        except WRONG as error:
            raise BadBackup(f"line {number} is not a line of a backup: {error}") from error
    if last != number - 2:
        raise BadBackup(f"the backup is not complete: it ends after line {number}")


def _checkHead(record: Any) -> None:
    if record["format"] != FORMAT or record["version"] != VERSION:
        raise ValueError(
            f"the first line must be {_line({'format': FORMAT, 'version': VERSION})!r}"
        )


def _itemOf(record: dict[str, Any]) -> Item:
    if "triple" in record:
        client, sender, recipient = map(_text, record.pop("triple"))
        seen, passed, passes = Record(**record)
        known = Record(_number(seen), _moment(passed), int(_number(passes)))
        return Triple(client, sender, recipient), known
    if "client" in record:
        client = _text(record.pop("client"))
        mails, last = Regular(**record)
        return client, Regular(int(_number(mails)), _number(last))
    entry = StoreEntry(**record)
    checkEntry(entry)
    verdict, kind, what, note = map(_text, entry[:4])
    return StoreEntry(verdict, kind, what, note, _moment(entry.until))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    value.encode()  # raises UnicodeEncodeError, a ValueError, for lone surrogates
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MOST:
        raise TypeError(f"{value!r} is not a number from 0 to {MOST:g}")
    return value


def _moment(value: Any) -> float | None:
    return None if value is None else _number(value)
