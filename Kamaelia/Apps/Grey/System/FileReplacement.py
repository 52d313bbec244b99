"""Replaces a file as a whole: the new text takes the name of the file when it is complete.

Example usage
-------------
    with replacementOf("/var/backups/grey.json") as file:
        file.write("...")

How does it work?
-----------------
The text is written to a file with a name of its own in the same folder, such as
"grey.json.x7_2k0ab.part". So of two writers at a time, neither touches what the other has not
finished. Each writer locks its part until the part has the name of the file. The part of a writer
that was killed is not locked, and the next writer removes it. Where the file system has no locks,
no part is removed.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import mkstemp
from typing import TextIO

SUFFIX = ".part"


@contextmanager
def replacementOf(path: str) -> Iterator[TextIO]:
    """Open a file whose text replaces that of `path` if no error is raised. Raise OSError."""
    folder, name = os.path.split(os.path.abspath(path))
    _removeAbandoned(folder, name)
    descriptor, part = _lockedPart(folder, name)
    with open(descriptor, "w", encoding="utf-8") as file:
        try:
            yield file
            file.flush()
            os.fsync(descriptor)
            os.replace(part, path)  # before the lock ends
        except BaseException:
            os.remove(part)
            raise


def _lockedPart(folder: str, name: str) -> tuple[int, str]:
    """Create a part, and lock it before another writer takes it for an abandoned one."""
    while True:
        descriptor, part = mkstemp(SUFFIX, f"{name}.", folder)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, part
        os.close(descriptor)


def _removeAbandoned(folder: str, name: str) -> None:
    """Remove the parts of writers that were killed."""
    pattern = re.compile(rf"{re.escape(name)}\.[a-z0-9_]{{8}}{re.escape(SUFFIX)}")
    with os.scandir(folder) as entries:
        parts = [each.path for each in entries if pattern.fullmatch(each.name)]
    for part in parts:
        with suppress(OSError):  # it is locked or gone, or belongs to somebody else
            _removeUnlocked(part)


def _removeUnlocked(part: str) -> None:
    descriptor = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.remove(part)
    finally:
        os.close(descriptor)
