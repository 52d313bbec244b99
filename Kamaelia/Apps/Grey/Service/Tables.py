"""Tables for a terminal: the records in the store, and statistics.

Example usage
-------------
    Tables.stats(store.counters(), store.counts())

How does it work?
-----------------
The package rich formats the tables. It is imported only when a table is printed, because a
server does not need it. If it is missing, NoTables is raised.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from Kamaelia.Apps.Grey.Stores.Store import Counts, StoreEntry, isOver
from Kamaelia.Support.Greylist.Report import Case, Outcome, Report
from Kamaelia.Support.Greylist.Rules import Record, Regular, Triple
from Kamaelia.Support.PrintableText import printable

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

WIDEST = 200  # columns, without a terminal
NUMBERS = frozenset(
    {"number", "share", "mails", "triples", "deferred", "stopped", "delayed", "open"}
)

DEFERRED, DEFERRED_DRY = "deferred at the first attempt", "would have been deferred"
STOPPED, STOPPED_DRY = "stopped: not retried in time", "no other mail followed in time"
DELAYED, DELAYED_DRY = "delayed: accepted later", "another mail followed in time"
CASES: dict[str, Callable[[Case], str]] = {
    "network": lambda case: case.network,
    "sender domain": lambda case: case.domain,
    "reason": lambda case: case.reason,
}


class NoTables(ValueError):
    """The error if rich is not installed."""


def triples(known: Iterable[tuple[Triple, Record]], most: int) -> None:
    """Print at most `most` triples; all of them if it is 0."""
    known = iter(known)
    table = _table("client", "sender", "recipient", "first try", "last mail", "mails")
    for triple, record in islice(known, most or None):
        last = "" if record.passed is None else _time(record.passed)
        table.add_row(*map(_cell, triple), _time(record.seen), last, str(record.passes))
    more = sum(1 for _ in known)
    _print(table, "There are no triples.", f"... and {more} more" if more else "")


def regulars(known: Iterable[tuple[str, Regular]]) -> None:
    """Print the clients with delivered mails."""
    table = _table("client", "mails", "last mail")
    for client, regular in known:
        table.add_row(_cell(client), str(regular.passes), _time(regular.last))
    _print(table)


def entries(known: Iterable[StoreEntry], now: float) -> None:
    """Print the entries of administrators that have not expired."""
    table = _table("verdict", "who", "", "until", "note")
    for each in known:
        if not isOver(each, now):
            until = _time(each.until) if each.until is not None else ""
            table.add_row(each.verdict, each.kind, _cell(each.what), until, _cell(each.note))
    _print(table)


def stats(counters: dict[str, int], counts: Counts) -> None:
    """Print all counters, with the share of each decision."""
    _print(statsTable(counters, counts))


def report(made: Report, most: int) -> None:
    """Print what greylisting has stopped and delayed; at most `most` rows of a table, 0: all."""
    total = made.totals()
    table = _table("", "number", "share")
    _section(table, {f"mails/{each}": by for each, by in made.statuses.items()}, "mails")
    _section(table, {f"recipients/{each}": by for each, by in made.verdicts.items()}, "recipients")
    for name, number, of in (
        (DEFERRED_DRY if made.isDry else DEFERRED, total.deferred, made.recipients),
        (STOPPED_DRY if made.isDry else STOPPED, total.stopped, total.deferred),
        (DELAYED_DRY if made.isDry else DELAYED, total.delayed, total.deferred),
        ("still open", total.open, total.deferred),
        ("damaged lines", made.damaged, 0),
    ):
        table.add_row(name, str(number), _share(number, of))
    for name, share in (("median delay", 0.5), ("95 % of the delayed within", 0.95)):
        seconds = made.delays.atShare(share)
        table.add_row(name, "" if seconds is None else f"{seconds / 60:.1f} min", "")
    _print(table)
    for title, nameOf in CASES.items():
        _printOutcomes(title, made.by(nameOf), most)


def _printOutcomes(title: str, outcomes: Mapping[str, Outcome], most: int) -> None:
    columns = ("deferred", "stopped", "delayed", "open")
    table = _table(title, *columns)
    for name, outcome in islice(outcomes.items(), most or None):
        table.add_row(_cell(name), *(str(getattr(outcome, each)) for each in columns))
    more = len(outcomes) - table.row_count
    if table.row_count:
        _print(table, more=f"... and {more} more" if more else "")


def statsTable(counters: dict[str, int], counts: Counts, isShort: bool = False) -> Table:
    """Return the table of the counters; `isShort` leaves out reasons."""
    table = _table("", "number", "share")
    table.add_row("sessions", str(counters.get("sessions", 0)), "", end_section=True)
    for first in ("mails",) if isShort else ("mails", "recipients", "refusals"):
        _section(table, counters, first)
    for event in ("made", "reused", "broken"):
        number = counters.get(f"connections/{event}", 0)
        table.add_row(f"server connections {event}", str(number), "")
    table.add_section()
    known = {
        "waiting": counts.waiting,
        "passed": counts.passed,
        "expired": counters.get("expired", 0),  # without a retry in time
    }
    for name, number in known.items():
        table.add_row(f"triples {name}", str(number), _share(number, sum(known.values())))
    table.add_row("clients that passed", str(counts.regulars), "")
    return table


def _section(table: Table, counters: dict[str, int], first: str) -> None:
    """Add rows for the sum of the counters with this first word, and for each of them."""
    rows = {name: by for name, by in counters.items() if name.split("/")[0] == first}
    total = sum(rows.values())
    table.add_row(first, str(total), "")
    for name, by in sorted(rows.items(), key=lambda row: -row[1]):
        table.add_row(_cell(name.replace("/", " ")), str(by), _share(by, total))
    table.add_section()


def _share(number: int, total: int) -> str:
    return f"{100 * number / total:.1f} %" if total else ""


def _table(*columns: str) -> Table:
    try:
        from rich import box
        from rich.table import Table
    except ImportError as error:
        what = f"tables require rich, which is missing ({error}): pip install 'kamaelia[grey]'"
        raise NoTables(what) from None
    table = Table(box=box.SIMPLE)
    for name in columns:
        isNumber = name in NUMBERS
        table.add_column(name, justify="right" if isNumber else "left", overflow="fold")
    return table


def _cell(text: str) -> Text:
    """Return text from a client without markup and with control characters escaped."""
    from rich.text import Text

    return Text(printable(text))


def _time(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def _print(table: Table, empty: str = "", more: str = "") -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDEST)
    what: Any = table if table.row_count else empty
    for each in (what, more):
        if each:
            console.print(each)
