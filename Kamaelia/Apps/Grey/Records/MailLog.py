"""The texts that record a mail: the historical line, and a line of JSON.

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
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from Kamaelia.Support.Greylist.Suspicion import Assessment
from Kamaelia.Support.PrintableText import printable


def stampOf(now: float) -> str:
    """Return the time in UTC to the millisecond, as YYYYMMDDhhmmss.mmm."""
    seconds, milliseconds = divmod(int(now * 1000), 1000)
    return f"{_secondOf(seconds)}.{milliseconds:03d}"


@lru_cache(maxsize=1)
def _secondOf(seconds: int) -> str:
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))


def historicalLine(
    now: float, remotename: str, peer: str, sender: str, recipients: Iterable[str], status: str
) -> str:
    """Return the line of a mail, in the historical columns."""
    name, paths = remotename.partition("|")[0], ", ".join(recipients)
    return printable(f"{stampOf(now)} | {name} | {peer} | {sender} | {paths} | {status} | ")


def suspicionWords(peer: str, port: int, mailId: str, assessment: Assessment) -> str:
    """Return the words that state the points of a mail, and their reasons."""
    points = f"points={assessment.points} threshold={assessment.threshold}"
    unknown = f" unknown={','.join(assessment.unknown)}" if assessment.unknown else ""
    reasons = json.dumps(str(assessment))
    client = f"client=[{peer}]:{port}"
    return printable(f"suspicion {client} {points}{unknown} id={mailId} reasons={reasons}")


def jsonLine(record: dict[str, Any]) -> str:
    """Return a record as one line of JSON, in ASCII."""
    return json.dumps(record, separators=(",", ":"))
