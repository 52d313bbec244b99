"""Files to which lines are appended, which stay open from one line to the next.

Example usage
-------------
    append("/var/log/kamaelia-grey.log", "a line")  # or an OSError
    note("/var/log/kamaelia-grey.log", "a line")  # or a word in the program's own log

How does it work?
-----------------
A line is in its file when append() returns, whole, wherever other processes write there as
well (O_APPEND). A file that was moved away or deleted is opened anew, within AGAIN seconds,
so that logs can be rotated without a word to us. The MOST files that were opened last stay
open. What an append raises is the OSError that opening or writing gave; the next one tries
anew. Processes that are forked may go on with what was open. Call it in one thread. A new
file is not for all to read: who writes to whom is in it.
"""

from __future__ import annotations

import logging
import os
from time import monotonic
from typing import NamedTuple

LOG = logging.getLogger("Kamaelia.Apps.Grey")
MOST = 16  # files that stay open: a program has a log or two
AGAIN = 0.1  # seconds after which it is looked whether a file is still where it was
Identity = tuple[int, int]


class File(NamedTuple):
    """One that is open."""

    descriptor: int
    identity: Identity
    until: float  # it is taken to be where it was


_open: dict[str, File] = {}  # by name
_failing: set[str] = set()  # of which it has been said


def note(filename: str, line: str) -> None:
    """append(), but what goes wrong costs the line only, and is said once until it is well."""
    try:
        append(filename, line)
    except OSError as error:
        if filename not in _failing:
            _failing.add(filename)
            LOG.error("lines for %s are lost: %s", filename, error)
    else:
        _failing.discard(filename)


def append(filename: str, line: str) -> None:
    """Adds a line to the file of this name, which is made where there is none. Raises OSError."""
    data = f"{line}\n".encode(errors="backslashreplace")
    file = _open.get(filename)
    if file is None or monotonic() >= file.until:
        file = _fileAt(filename)
    try:
        while data:  # more than once where a disk or a pipe takes only some of it
            data = data[os.write(file.descriptor, data) :]
    except OSError:
        _close(filename)
        raise


def mayAppend(filename: str) -> None:
    """Opens the file. Raises OSError where append() would."""
    _fileAt(filename)


def closeAll() -> None:
    """Lets go of all files, and forgets what was said of them."""
    _failing.clear()
    while _open:
        _close(next(iter(_open)))


def _fileAt(filename: str) -> File:
    """The file that is there now, open."""
    known = _open.get(filename)
    if known is not None and known.identity == _identityOf(filename):
        known = _open[filename] = known._replace(until=monotonic() + AGAIN)
        return known
    if known is not None:
        _close(filename)
    while len(_open) >= MOST:
        _close(next(iter(_open)))
    descriptor = os.open(filename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    status = os.fstat(descriptor)
    identity = (status.st_dev, status.st_ino)
    file = _open[filename] = File(descriptor, identity, monotonic() + AGAIN)
    return file


def _identityOf(filename: str) -> Identity | None:
    try:
        status = os.stat(filename)
    except OSError:  # opening it says what is wrong, if anything is
        return None
    return status.st_dev, status.st_ino


def _close(filename: str) -> None:
    os.close(_open.pop(filename).descriptor)
