"""What is written about a mail: the historical line, and a record for machines.

Example usage::

    >>> historicalLine(0.0, "me", "192.0.2.1", "<a@b>", ["<c@d>", "<e@f>"], "DEFERRED")
    '19700101000000.000 | me | 192.0.2.1 | <a@b> | <c@d>, <e@f> | DEFERRED | '

How does it work?

Strangers choose these words, so what would end a line or hide in a terminal is
written as an escape. The bar between two columns is not: it cannot stand in an
address but between quotes, and a name in HELO that has one is cut off before it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from Kamaelia.Support.PrintableText import printable


def stampOf(now: float) -> str:
    """The time in UTC to the millisecond, as YYYYMMDDhhmmss.mmm."""
    seconds, milliseconds = divmod(int(now * 1000), 1000)
    return f"{_secondOf(seconds)}.{milliseconds:03d}"


@lru_cache(maxsize=1)
def _secondOf(seconds: int) -> str:
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))


def historicalLine(
    now: float, remotename: str, peer: str, sender: str, recipients: Iterable[str], status: str
) -> str:
    """One mail, in the columns that there have always been."""
    name, everybody = remotename.partition("|")[0], ", ".join(recipients)
    return printable(f"{stampOf(now)} | {name} | {peer} | {sender} | {everybody} | {status} | ")


def jsonLine(record: dict[str, Any]) -> str:
    """A record as one line of JSON, ASCII throughout."""
    return json.dumps(record, separators=(",", ":"))
