"""Files to which lines are appended, which stay open from one line to the next.

Example usage
-------------
    append("/var/log/kamaelia-grey.log", "a line")  # raises OSError
    note("/var/log/kamaelia-grey.log", "a line")  # logs an error instead

How does it work?
-----------------
When append() returns, the whole line is in the file, even if other processes write to the
same file (O_APPEND). A file that was moved or deleted is opened again within AGAIN seconds, so
logs can be rotated without a signal. The last MOST files stay open. If a file cannot be opened
or written, append() closes it and raises the OSError; the next call opens it again. If a file
ends in the middle of a line, as after a full disk, the line is ended first. Forked processes
may use the open files. Call these functions in one thread. A new file is not readable for all
users, because it contains the addresses of senders and recipients.
"""

from __future__ import annotations

import logging
import os
import stat
from time import monotonic, sleep
from typing import Final, NamedTuple

from Kamaelia.Support.PrintableText import printable

LOG: Final = logging.getLogger("Kamaelia.Apps.Grey")
MOST: Final = 16  # files that stay open
AGAIN: Final = 0.1  # seconds until the path of an open file is checked again
WRITE_TIME: Final = 0.001  # seconds for another process to finish the line that it is writing
Identity = tuple[int, int]


class File(NamedTuple):
    """An open file."""

    descriptor: int
    identity: Identity
    until: float  # the time of the next check of its path
    isMidLine: bool  # its last line has no end


_open: Final[dict[str, File]] = {}  # by name
_failing: Final[set[str]] = set()  # names whose failure has been logged


def note(filename: str, line: str) -> None:
    """Append a line. On failure, the line is lost, and the first failure of several is logged."""
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
    logPrintable(filename, printable(line))


def logPrintable(filename: str | None, line: str) -> None:
    """Write a line that has no control characters, as those of a Wording, like logLine()."""
    if filename is None:
        LOG.info("%s", line)
    else:
        note(filename, line)


def append(filename: str, line: str) -> None:
    """Append a line to a file, which is created if it does not exist. Raise OSError."""
    data = f"{line}\n".encode(errors="backslashreplace")
    file = _open.get(filename)
    if file is None or monotonic() >= file.until:
        file = _fileAt(filename)
    if file.isMidLine:
        data = b"\n" + data
        _open[filename] = file._replace(isMidLine=False)
    try:
        while (written := os.write(file.descriptor, data)) < len(data):
            data = data[written:]  # a disk or a pipe may take only a part at a time
    except OSError:
        _close(filename)
        raise


def mayAppend(filename: str) -> None:
    """Open the file. Raise OSError if append() would."""
    _fileAt(filename)


def closeAll() -> None:
    """Close all files, and forget which failures have been logged."""
    _failing.clear()
    while _open:
        _close(next(iter(_open)))


def _fileAt(filename: str) -> File:
    """Return the file that is now at this path, open."""
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
        return os.open(filename, os.O_RDWR | how, 0o640)  # to read its last octet
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
    except OSError:  # it is open for writing only
        return False


def _identityOf(filename: str) -> Identity | None:
    try:
        status = os.stat(filename)
    except OSError:  # opening it reports the error
        return None
    return status.st_dev, status.st_ino


def _close(filename: str) -> None:
    os.close(_open.pop(filename).descriptor)
