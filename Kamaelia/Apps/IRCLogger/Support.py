"""The text of the log and the answers of the logger, as plain functions.

Example usage
-------------
    TimedOutformat(("PRIVMSG", "ann", "#tea", "hi"))    # "[09:30] <ann> hi\\n"
    getFilenames("logs", "#tea")                        # ("logs/tea2026-01-31_log.html", ...)

How does it work?
-----------------
A formatter gets the tuple that an IRC_Client has heard, and returns a line, or None for what people
do not want to be logged. Times are UTC. What others say is never taken for markup, for an escape
sequence of a terminal, or for a path.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from Kamaelia.Support.PrintableText import printable
from Kamaelia.Support.Protocol.IRC import outformat as sentence

__all__ = [
    "HTMLOutformat",
    "TimedOutformat",
    "answer",
    "currentDateString",
    "currentTimeString",
    "getFilenames",
    "outformat",
]

OFF = "[off]"  # at the beginning of a message that is not to be logged
HTML_HEAD = '<!DOCTYPE html>\n<meta charset="utf-8">\n<table>\n'

ANSWERS = {
    "dance": ("ME", "dances a waltz"),
    "poke": ("PRIVMSG", "Please do not poke me."),
    "slap": ("PRIVMSG", "That hurts."),
    "boo": ("PRIVMSG", "I am not afraid."),
}


def currentDateString() -> str:
    """Return the date as YYYY-MM-DD."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def currentTimeString() -> str:
    """Return the time as HH:MM:SS."""
    return datetime.now(UTC).strftime("%H:%M:%S")


def TimedOutformat(data: Sequence[str]) -> str | None:
    """Return a line of text with the time before it, or None for a message that begins with [off].

    Characters that are not printable are escaped.
    """
    command, _, _, text = data
    if command == "PRIVMSG" and text.startswith(OFF):
        return None
    return f"[{currentTimeString()[:5]}] {printable(sentence(data).rstrip())}\n"


def HTMLOutformat(data: Sequence[str]) -> str | None:
    """Return the line of TimedOutformat as a row of a table in HTML, or None."""
    line = TimedOutformat(data)
    if line is None:
        return None
    return f"<tr><td>{html.escape(line.rstrip())}</td></tr>\n"


outformat = HTMLOutformat


def getFilenames(logdir: str, channel: str, extension: str = "html") -> tuple[str, str]:
    """Return the paths of today's log and of the information file of a channel.

    Characters of the channel other than letters, digits, "-" and "_" are replaced by "_".
    """
    name = re.sub(r"[^\w-]", "_", channel.lstrip("#"))
    start = Path(logdir) / f"{name}{currentDateString()}"
    return f"{start}_log.{extension}", f"{start}_info.{extension}"


def answer(
    heard: Sequence[str], name: str, channel: str, files: Sequence[str]
) -> tuple[str, str, str] | None:
    """Return what the logger `name` says to a message of the channel, or None.

    It answers to "name: word". files: the paths of the log and of the information file.
    """
    command, _, _, text = heard
    found = re.match(rf"{re.escape(name)}:\s*(\w+)", text)
    if command != "PRIVMSG" or not found:
        return None
    word = found[1].lower()
    computed: dict[str, Callable[[], str]] = {
        "logfile": lambda: files[0],
        "infofile": lambda: files[1],
        "date": currentDateString,
        "time": currentTimeString,
        "help": lambda: (
            f"I log {channel}, except lines that begin with {OFF}. I answer to: "
            + ", ".join([*computed, *ANSWERS])
        ),
    }
    if word in computed:
        return ("PRIVMSG", channel, computed[word]())
    if word in ANSWERS:
        verb, reply = ANSWERS[word]
        return (verb, channel, reply)
    return None
