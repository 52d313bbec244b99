"""The texts that record a mail: the historical lines, and a line of JSON.

Example usage::

    >>> historicalLine(0.0, "me", "192.0.2.1", "<a@b>", ["<c@d>", "<e@f>"], "DEFERRED")
    '19700101000000.000 | me | 192.0.2.1 | <a@b> | <c@d>, <e@f> | DEFERRED | '

How does it work?

Clients choose these words, so control characters are escaped: they could end a line or be
invisible in a terminal. The bar between two columns is not escaped: an address contains it
only in quotes, and a name in HELO is cut off before it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Protocol

from Kamaelia.Support.Greylist.Suspicion import Assessment
from Kamaelia.Support.PrintableText import printable
from Kamaelia.Support.Protocol.SMTP.Refusal import Refusal


class EndedMail(Protocol):
    """A mail that has ended, as the notes read it from its handler: see NotedMail."""

    peer: Any
    remotename: Any
    sender: Any

    @property
    def mailStatus(self) -> Any:
        """ACCEPTED, DEFERRED, REFUSED or another word; "" if the mail was dropped."""


class Wording(Protocol):
    """The wording of the log of mails: HistoricalLines, or PostfixLines.

    Control characters in its lines are escaped.
    """

    def ofMail(self, notes: Any, mail: Any, recipients: Sequence[str], now: float) -> Iterable[str]:
        """Return the lines of a mail that has ended. notes: its MailNotes."""

    def ofSuspicion(self, now: float, mailId: str, words: str) -> str:
        """Return the line that states the points of a mail: see suspicionWords."""

    def ofRefusal(self, refusal: Refusal, now: float) -> str:
        """Return the line of a refusal."""


class HistoricalLines:
    """HistoricalLines() -> the lines of Kamaelia: for each mail one, in the historical columns."""

    def ofMail(
        self, notes: Any, mail: EndedMail, recipients: Sequence[str], now: float
    ) -> Iterable[str]:
        """Return the line of a mail that has ended."""
        name, peer, sender, status = mail.remotename, mail.peer, mail.sender, mail.mailStatus
        return (historicalLine(now, name, peer, sender, recipients, status),)

    def ofSuspicion(self, now: float, mailId: str, words: str) -> str:
        """Return the line that states the points of a mail."""
        return printable(f"{stampOf(now)} {words}")

    def ofRefusal(self, refusal: Refusal, now: float) -> str:
        """Return the line of a refusal."""
        return printable(refusal.line(stampOf(now)))


def stampOf(now: float) -> str:
    """Return the time in UTC to the millisecond, as YYYYMMDDhhmmss.mmm."""
    milliseconds = int(now * 1000)
    return f"{_secondOf(milliseconds // 1000)}.{str(milliseconds % 1000).zfill(3)}"


@lru_cache(maxsize=1)
def _secondOf(seconds: int) -> str:
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))


def historicalLine(
    now: float, remotename: Any, peer: Any, sender: Any, recipients: Iterable[str], status: Any
) -> str:
    """Return the line of a mail, in the historical columns."""
    name, paths = remotename.partition("|")[0], ", ".join(recipients)
    return printable(f"{stampOf(now)} | {name} | {peer} | {sender} | {paths} | {status} | ")


def suspicionWords(peer: Any, port: Any, mailId: str, assessment: Assessment) -> str:
    """Return the words that state the points of a mail, and their reasons."""
    points = f"points={assessment.points} threshold={assessment.threshold}"
    unknown = f" unknown={','.join(assessment.unknown)}" if assessment.unknown else ""
    reasons = json.dumps(str(assessment))
    client = f"client=[{peer}]:{port}"
    return f"suspicion {client} {points}{unknown} id={mailId} reasons={reasons}"


def jsonLine(record: dict[str, Any]) -> str:
    """Return a record as one line of JSON, in ASCII."""
    return json.dumps(record, separators=(",", ":"))
