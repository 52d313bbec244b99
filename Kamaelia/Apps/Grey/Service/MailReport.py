"""Reads the JSON lines of mails into a report.

Example usage
-------------
    made = reportOf([Path("/var/log/kamaelia-grey/mails.json")], greylist, since=0.0)
    made.totals().stopped

How does it work?
-----------------
The files are read in the order of their last change, so that rotated ones come first. Lines that
are not JSON are counted, and so is the rest of a compressed file that is damaged. The networks and
times are those of the present configuration.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Support.Greylist.Report import Report

NO_FILES = "there is no JSON log: set jsonlogfile in [log], or name files"


def reportOf(files: Iterable[Path], greylist: Greylist, since: float) -> Report:
    """Return the report on the mails since a time. Raise OSError, or ValueError without files."""
    made = Report(greylist.clientKey, greylist.rules.max_defer_time)
    ordered = sorted(files, key=lambda file: file.stat().st_mtime)
    if not ordered:
        raise ValueError(NO_FILES)
    for file in ordered:
        for record in _recordsIn(file):
            time = record.get("time") if isinstance(record, dict) else None
            if not isinstance(time, int | float) or time >= since:
                made.add(record)
    return made


def _recordsIn(file: Path) -> Iterator[Any]:
    """Yield the records in a file; None for a line, or for the rest, that cannot be read."""
    with _opened(file) as lines:
        try:
            yield from map(_recordOf, lines)
        except (EOFError, zlib.error, gzip.BadGzipFile):  # it is cut off, or not compressed
            yield None


def _recordOf(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _opened(file: Path) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(file) if file.suffix == ".gz" else file.open("rb")
