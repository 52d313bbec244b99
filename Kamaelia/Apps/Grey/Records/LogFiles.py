"""Files to which lines are appended, which stay open from one line to the next.

Example usage
-------------
    append("/var/log/kamaelia-grey.log", "a line")  # or an OSError
    note("/var/log/kamaelia-grey.log", "a line")  # or a word in the program's own log

How does it work?
-----------------
The line is in its file, complete, when append() returns, also if other processes write to
the same file (O_APPEND). A file that was moved away or deleted is opened again within AGAIN
seconds, so that logs can be rotated without a signal. The MOST files that were opened last
stay open. append() raises the OSError that opening or writing gave, and closes the file; the
next call opens it again. A file that ends in the middle of a line, as after a full disk, gets
the missing line end first. Forked processes may go on with the open files. Call it in one
thread. A new file is not readable for everybody: it says who writes to whom.
"""

from __future__ import annotations

import logging
import os
import stat
from time import monotonic, sleep
from typing import NamedTuple

from Kamaelia.Support.PrintableText import printable

LOG = logging.getLogger("Kamaelia.Apps.Grey")
MOST = 16  # files that stay open: a program has a log or two
AGAIN = 0.1  # seconds after which it is looked whether a file is still where it was
WRITE_TIME = 0.001  # seconds in which another process finishes the line that it is writing
Identity = tuple[int, int]


class File(NamedTuple):
    """One that is open."""

    descriptor: int
    identity: Identity
    until: float  # it is taken to be where it was
    isMidLine: bool  # its last line has no end


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


def logLine(filename: str | None, line: str) -> None:
    """Write a line with its control characters escaped: to the file, or to LOG if it is None."""
    line = printable(line)
    if filename is None:
        LOG.info("%s", line)
    else:
        note(filename, line)


def append(filename: str, line: str) -> None:
    """Add a line to the file of this name; create the file if there is none. Raises OSError."""
    data = f"{line}\n".encode(errors="backslashreplace")
    file = _open.get(filename)
    if file is None or monotonic() >= file.until:
        file = _fileAt(filename)
    if file.isMidLine:
        data = b"\n" + data
        _open[filename] = file._replace(isMidLine=False)
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
    descriptor = _openFile(filename)
    status = os.fstat(descriptor)
    identity = (status.st_dev, status.st_ino)
    until = monotonic() + AGAIN
    file = _open[filename] = File(descriptor, identity, until, _isMidLine(descriptor))
    return file


def _openFile(filename: str) -> int:
    how = os.O_APPEND | os.O_CREAT
    try:
        return os.open(filename, os.O_RDWR | how, 0o640)  # its last octet is read
    except PermissionError:
        return os.open(filename, os.O_WRONLY | how, 0o640)


def _isMidLine(descriptor: int) -> bool:
    """Return whether the last line of the file has no end, and no process is writing it."""
    if _hasOpenLine(descriptor):
        sleep(WRITE_TIME)
        return _hasOpenLine(descriptor)
    return False


def _hasOpenLine(descriptor: int) -> bool:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or not status.st_size:
        return False
    try:
        return os.pread(descriptor, 1, status.st_size - 1) not in (b"\n", b"")
    except OSError:  # it may be written, but not read
        return False


def _identityOf(filename: str) -> Identity | None:
    try:
        status = os.stat(filename)
    except OSError:  # opening it says what is wrong, if anything is
        return None
    return status.st_dev, status.st_ino


def _close(filename: str) -> None:
    os.close(_open.pop(filename).descriptor)
