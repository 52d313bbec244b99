"""Records of links over sockets that have ended, for readers that are killed afterwards.

Example usage
-------------
    record = EndRecord("127.0.0.1:4000", "lines")
    end = record.found()                # (kind, position), if the reader before was killed
    record.keep("finished", 1001)       # this reader has reached the end

How does it work?
-----------------
When a reader has told the writer that it has received the end, the writer leaves. If the reader is
killed after that and started again, no writer is left to tell it of the end. So it keeps a file
before it tells the writer; the last line counts. A process that exits in order appends a mark, and
one that is killed does not. The C library appends it when it flushes its files, which is the last
thing that an exit does. The file is locked while its process lives; a process keeps a few. It is in
$XDG_RUNTIME_DIR/kamaelia, or in a folder of this user beside other temporary files. A link also
works if no file can be kept.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import multiprocessing
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment, unused-ignore]


MARK = b"left in order\n"
LONGEST = 1024  # bytes of the last line, at most
MOST = 8  # records that a process keeps; the oldest is dropped for a new one


class _Mark(NamedTuple):
    """A locked file, and the stream of the C library that appends MARK to it when it is closed."""

    file: int
    stream: ctypes.c_void_p


_kept: dict[str, _Mark] = {}  # by the name of the file, the oldest first


class EndRecord:
    """EndRecord(address, name): the record of the link `name` of a reader at `address`."""

    def __init__(self, address: str, name: str) -> None:
        self._name = hashlib.sha256(f"{address}\n{name}".encode()).hexdigest()[:32]
        self._file: int | None = None  # locked
        self._isKept = False

    def found(self) -> tuple[str, int] | None:
        """Return (kind, position) of the end that a reader reached before it was killed."""
        if self._name in _kept:  # by an earlier reader in this process
            return None
        try:
            file = self._opened(os.O_RDWR)
            lines = [] if file is None else _endOf(file).splitlines(keepends=True)
            if not lines or lines[-1] == MARK:
                return None
            fields = json.loads(lines[-1])
            return str(fields["kind"]), int(fields["position"])
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, kind: str, position: int) -> None:
        """Store that the link has ended, until this process exits in order."""
        if self._isKept:
            return
        with suppress(OSError):
            file = self._opened(os.O_RDWR | os.O_CREAT)
            if file is not None:
                os.write(file, b"%s\n" % json.dumps({"kind": kind, "position": position}).encode())
                self._isKept = True
                if self._name not in _kept:
                    _keepUntilExit(self._name, file)

    def forget(self) -> None:
        """Remove what an earlier reader has stored: there is a new writer."""
        with suppress(OSError):
            file = self._opened(os.O_RDWR)
            if file is not None:
                os.ftruncate(file, 0)

    def close(self) -> None:
        """Let another reader have the record, unless a reader in this process has stored an end."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def _opened(self, flags: int) -> int | None:
        """Return the file, locked by this process, or None if this process can keep none.

        Raise OSError if there is no file, or another process has locked it.
        """
        # a child of multiprocessing does not exit through the C library
        if fcntl is None or multiprocessing.parent_process() is not None:
            return None
        if self._file is None and self._name in _kept:
            self._file = os.dup(_kept[self._name].file)
        if self._file is None:
            file = os.open(_folder() / self._name, flags | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
                raise
            self._file = file
        return self._file


def _endOf(file: int) -> bytes:
    return os.pread(file, LONGEST, max(0, os.fstat(file).st_size - LONGEST))


def _folder() -> Path:
    """Return the folder of the records, which belongs to this user alone."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        folder = Path(runtime) / "kamaelia"
    else:
        folder = Path(tempfile.gettempdir()) / f"kamaelia-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o022:
        raise PermissionError(f"{folder} is not a folder of this user alone")
    return folder


def _keepUntilExit(name: str, file: int) -> None:
    """Keep a file locked, and let the C library append MARK at an exit in order."""
    library = ctypes.CDLL(None)
    if len(_kept) >= MOST:
        oldest = _kept.pop(next(iter(_kept)))
        library.fclose(oldest.stream)  # which appends the mark
    library.fdopen.restype = ctypes.c_void_p
    copy = os.dup(file)
    stream = ctypes.c_void_p(library.fdopen(copy, b"a"))
    library.fputs(MARK, stream)
    _kept[name] = _Mark(copy, stream)
