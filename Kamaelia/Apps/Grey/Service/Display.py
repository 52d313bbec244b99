"""Shows the activity of Kamaelia Grey: a line for each mail, and statistics when they change.

Example usage
-------------
    display = displayOn(sys.stdout)
    display.begin()
    display.mail(record, now)               # the record in the journal
    display.figures(store.counters(), store.counts())
    display.end()

How does it work?
-----------------
On a terminal the lines are coloured, and the table of statistics stays below them. Otherwise
both are plain lines, for a file or a program.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from Kamaelia.Apps.Grey.Service import Tables
from Kamaelia.Apps.Grey.Stores.Store import Counts
from Kamaelia.Support.Counts import counted
from Kamaelia.Support.PrintableText import printable

WORDS = {"ACCEPTED": "passed", "DEFERRED": "deferred", "REFUSED": "refused", "DROPPED": "dropped"}
COLOURS = {"passed": "green", "deferred": "yellow", "refused": "red", "kept": "cyan"}


class PlainDisplay:
    """PlainDisplay(file) -> prints plain lines."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self._shown = ""  # the last line of statistics

    def begin(self) -> None:
        """Begin the output."""

    def end(self) -> None:
        """End the output."""

    def say(self, line: str) -> None:
        """Print a line."""
        print(printable(line), file=self.file, flush=True)

    def mail(self, record: dict[str, Any], now: float) -> None:
        """Print the result of a mail."""
        self.event(*wordsOf(record, now))

    def event(self, word: str, what: str) -> None:
        """Print a line that begins with the time and a word."""
        self.say(f"{_clock(time.time())} {word:<8} {what}")

    def figures(self, counters: dict[str, int], counts: Counts) -> None:
        """Print the statistics if they have changed."""
        shown = figuresOf(counters, counts)
        if shown != self._shown:
            self.say(shown)
        self._shown = shown


class TerminalDisplay(PlainDisplay):
    """TerminalDisplay(file) -> prints coloured lines above a table of statistics."""

    def __init__(self, file: TextIO) -> None:
        super().__init__(file)
        self.console: Console = Console(file=file)
        self._live = Live(console=self.console, auto_refresh=False)

    def begin(self) -> None:
        self._live.start()

    def end(self) -> None:
        self._live.stop()

    def say(self, line: str) -> None:
        self.console.print(Text(printable(line)), soft_wrap=True)

    def event(self, word: str, what: str) -> None:
        clock, colour = _clock(time.time()), COLOURS.get(word, "")
        begin = Text.assemble((f"{clock} ", "dim"), (f"{word:<8}", colour))
        self.console.print(begin, Text(printable(what)), soft_wrap=True)

    def figures(self, counters: dict[str, int], counts: Counts) -> None:
        self._live.update(Tables.statsTable(counters, counts, isShort=True), refresh=True)


def displayOn(file: TextIO) -> PlainDisplay:
    """Return the display for `file`, which may be a terminal."""
    isScreen = file.isatty() and not Console(file=file).is_dumb_terminal
    return TerminalDisplay(file) if isScreen else PlainDisplay(file)


def wordsOf(record: dict[str, Any], now: float) -> tuple[str, str]:
    """Return the result of a mail in one word, and the rest of its line."""
    word = WORDS.get(record["status"], record["status"].lower())
    verdicts = record["recipients"]
    whom = ", ".join(each["address"] for each in verdicts)
    what = f"<{record['sender']}> to <{whom}>: {', '.join(_reasons(record))}"
    wait = max((each.get("wait", 0) for each in verdicts), default=0)
    if word == "deferred" and wait:
        what += f"; a retry passes after {_clock(now + wait)}"
    return word, f"{what} (id {record['id']})"


def _reasons(record: dict[str, Any]) -> Iterable[str]:
    """Return the distinct reasons of the recipients with the mail's result, or its reply."""
    status = record["status"].lower()
    reasons = [each["reason"] for each in record["recipients"] if each["verdict"] == status]
    return dict.fromkeys(reasons or [record["reply"]])


def figuresOf(counters: dict[str, int], counts: Counts) -> str:
    """Return the statistics in one line."""
    mails = [
        f"{by} {WORDS.get(status.upper(), status)}"
        for name, by in sorted(counters.items())
        for first, _, status in [name.partition("/")]
        if first == "mails"
    ]
    triples = f"triples: {counts.waiting} waiting, {counts.passed} passed"
    sessions = counted(counters.get("sessions", 0), "session")
    return f"statistics: {sessions}; {', '.join(mails)}; {triples}"


def _clock(moment: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(moment))
