"""A file descriptor that one component uses, and that threads may use on its behalf.

How does it work?
-----------------
A call in a thread and close() exclude each other: if a thread is at work when the owner closes the
descriptor, the thread closes it afterwards. Otherwise the system could give the number to another
file while the thread still reads or writes. Errors carry the name of the file.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Generator
from contextlib import suppress
from os import PathLike
from threading import Lock
from typing import Any, TypeVar

from Axon.Component import component
from Kamaelia.File.Waits import Job, inThread

T = TypeVar("T")
Path = str | bytes | PathLike[str] | PathLike[bytes]

ALWAYS = os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY  # O_NONBLOCK: a FIFO is opened at once
PERMISSIONS = 0o666  # of a new file, before the umask


class Descriptor:
    """Descriptor(number, name[, isOwned]): an open file.

    name: for errors. isOwned: False to leave it open at close(), such as standard input.
    """

    def __init__(self, number: int, name: Any, isOwned: bool = True) -> None:
        self.number = number
        self.name = name
        self._isOwned = isOwned
        self._isClosed = False
        self._mayClose = isOwned
        self._isInUse = Lock()
        self.isRegular = stat.S_ISREG(os.fstat(number).st_mode)

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """Return function(number, *args), in any thread. Raises OSError with the file's name."""
        try:
            with self._isInUse:
                if self._isClosed:
                    raise OSError(errno.EBADF, "it has been closed")
                return function(self.number, *args)
        except BlockingIOError:
            raise
        except OSError as error:
            raise named(error, self.name) from None
        finally:
            if self._isClosed:
                self._release()

    def job(self, process: component, function: Callable[..., T], *args: Any) -> Job[T]:
        """Return a Job that makes such a call in a thread, for `process`."""
        return Job(process, lambda: self.call(function, *args))

    def close(self) -> None:
        """Close the descriptor, or let the thread that uses it now do it."""
        self._isClosed = True
        self._release()

    def _release(self) -> None:
        """Close the number once, unless a thread uses it."""
        if self._isInUse.acquire(blocking=False):
            try:
                mayClose, self._mayClose = self._mayClose, False
                if mayClose:
                    with suppress(OSError):
                        os.close(self.number)
            finally:
                self._isInUse.release()

    def closeChecked(self, process: component) -> Generator[int, None, None]:
        """`yield from` this to close it in a thread. Raises OSError if the data is not safe.

        Some file systems report only now that they have no room for what was written.
        """
        if self._mayClose and not self._isClosed:
            self._mayClose = False
            yield from self.job(process, os.close).result()
            self._isClosed = True


def openFile(process: component, path: Path, flags: int) -> Generator[int, None, Descriptor]:
    """`yield from` this to open a file without blocking. Raises OSError with its name."""
    opening = _Opening(path, flags)
    try:
        return (yield from inThread(process, opening.open))
    except GeneratorExit:  # the run ends while the thread is at work
        opening.abandon()
        raise


class _Opening:
    """A call of os.open() in a thread, whose result is closed if it is not needed any more."""

    def __init__(self, path: Path, flags: int) -> None:
        self._path, self._flags = path, flags
        self._lock = Lock()
        self._descriptor: Descriptor | None = None
        self._isAbandoned = False

    def open(self) -> Descriptor:
        """Open the file; called in the thread."""
        descriptor = _opened(self._path, self._flags)
        with self._lock:
            self._descriptor = descriptor
            if self._isAbandoned:
                descriptor.close()
        return descriptor

    def abandon(self) -> None:
        """Close the file, now or when it has been opened."""
        with self._lock:
            self._isAbandoned = True
            if self._descriptor is not None:
                self._descriptor.close()


def _opened(path: Path, flags: int) -> Descriptor:
    try:
        number = os.open(path, flags | ALWAYS, PERMISSIONS)
    except ValueError:
        raise OSError(errno.EINVAL, "a path cannot contain a null byte", path) from None
    try:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        return Descriptor(number, path)
    except BaseException:
        os.close(number)
        raise


def checkedPath(path: Any) -> Path:
    """Return `path`. Raises TypeError if it is no path."""
    if isinstance(path, str | bytes | PathLike):
        return path
    raise TypeError(f"a path is text, bytes or a PathLike, not {type(path).__name__}")


def named(error: OSError, name: Any) -> OSError:
    """Return `error` as an error of the file `name`."""
    if error.errno is None or error.filename is not None:
        return error
    return OSError(error.errno, os.strerror(error.errno), name)
