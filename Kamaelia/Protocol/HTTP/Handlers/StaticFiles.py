"""Files for HTTP responses: how they are found, and those that stay in memory.

Example usage
-------------
    files = StaticFiles("htdocs")
    found = files.recall("docs/page.html") or files.find("docs/page.html")      # find() in a thread

How does it work?
-----------------
find() opens a file and checks where it is, by its descriptor: a symbolic link may lead out of the
folder only if that is allowed. The content of a small file stays in memory. recall() returns it, if
the file has not changed, which one call of stat() tells. It does so only for a second after a
thread has looked at the file. The system has the file's attributes in memory in that time, so the
call does not block.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from errno import EACCES
from stat import S_ISDIR, S_ISREG
from time import monotonic

from Kamaelia.Protocol.HTTP.MimeTypes import workoutMimeType
from Kamaelia.Support.Protocol.HTTP.Dates import httpDate

SMALL = 64 * 1024  # bytes of a file that stays in memory
MOST_KEPT = 16 * 1024 * 1024  # bytes in memory, for all files of a process
OVERHEAD = 1024  # bytes, about, that a file occupies beside its content
FRESH = 1.0  # seconds

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | getattr(os, "O_NOCTTY", 0)


class IsFolder(OSError):
    """The path is that of a folder."""


class FoundFile:
    """A file that was found: open, or with its content."""

    __slots__ = (
        "checked",
        "content",
        "descriptor",
        "etag",
        "fields",
        "kind",
        "modified",
        "path",
        "signature",
        "size",
    )  # fmt: skip

    def __init__(self, path: str, facts: os.stat_result, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.size = facts.st_size
        self.modified = facts.st_mtime
        self.signature = signatureOf(facts)
        self.etag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
        #: The header fields about the file
        self.fields = [
            ("Last-Modified", httpDate(facts.st_mtime)),
            ("ETag", self.etag),
            ("Accept-Ranges", "bytes"),
        ]
        self.kind = workoutMimeType(path)
        self.content: bytes | None = None  # if it is small
        self.checked = 0.0

    def read(self, start: int, size: int) -> bytes:
        """Return up to `size` bytes from the position `start`. Call it in a thread."""
        return os.pread(self.descriptor, size, start)

    def close(self) -> None:
        """Close the file, if it is open."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def signatureOf(facts: os.stat_result) -> tuple[int, ...]:
    """Return what changes when a file is changed or replaced."""
    return facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino, facts.st_dev


class ContentCache:
    """The contents of small files, those used last."""

    def __init__(self, mostBytes: int = MOST_KEPT) -> None:
        self.mostBytes = mostBytes
        self._files: OrderedDict[tuple[str, bool], FoundFile] = OrderedDict()
        self._size = 0

    def get(self, key: tuple[str, bool]) -> FoundFile | None:
        """Return a file that is known, and has not changed since; None if that is not certain."""
        found = self._files.get(key)
        if found is None or monotonic() - found.checked > FRESH:
            return None
        try:
            facts = os.stat(found.path)
        except OSError:
            return None
        return found if signatureOf(facts) == found.signature else None

    def put(self, key: tuple[str, bool], found: FoundFile) -> None:
        """Keep `found`, whose content has been read."""
        self.drop(key)
        self._files[key] = found
        self._size += OVERHEAD + found.size
        while self._size > self.mostBytes:
            _, oldest = self._files.popitem(last=False)
            self._size -= OVERHEAD + oldest.size

    def drop(self, key: tuple[str, bool]) -> None:
        """Forget a file."""
        before = self._files.pop(key, None)
        if before is not None:
            self._size -= OVERHEAD + before.size


CACHE = ContentCache()


class StaticFiles:
    """StaticFiles(folder[, followsLinks]): the files below a folder.

    followsLinks: whether symbolic links may lead to files outside of the folder.
    """

    def __init__(self, folder: str, followsLinks: bool = False) -> None:
        folder = os.fspath(folder)
        self.folder = folder.rstrip("/") if folder.startswith("/") else os.path.abspath(folder)
        self.followsLinks = followsLinks

    def recall(self, path: str) -> FoundFile | None:
        """Return the file at `path` with its content, or None if only find() can tell."""
        return CACHE.get((f"{self.folder}/{path}", self.followsLinks))

    def find(self, path: str) -> FoundFile:
        """Open the file at `path`, relative to the folder. Call it in a thread.

        Raises IsFolder if it is a folder, and OSError if there is no such file, or if it may not be
        read, is not a regular file, or is not in the folder.
        """
        whole = f"{self.folder}/{path}"
        descriptor = os.open(whole, _FLAGS)
        try:
            facts = os.fstat(descriptor)
            if not self.followsLinks and not self._isInside(whole, descriptor, facts):
                raise PermissionError(EACCES, f"it leads out of {self.folder}", whole)
            if S_ISDIR(facts.st_mode):
                raise IsFolder(whole)
            if not S_ISREG(facts.st_mode):
                raise PermissionError(EACCES, "it is not a regular file", whole)
            found = FoundFile(whole, facts, descriptor)
            if facts.st_size <= SMALL:
                found.content = found.read(0, facts.st_size)
        except BaseException:
            os.close(descriptor)
            raise
        if found.content is not None:
            found.close()
        return found

    def remember(self, path: str, found: FoundFile) -> None:
        """Keep the content of a small file that find() has returned."""
        if found.content is not None and len(found.content) == found.size:
            found.checked = monotonic()
            CACHE.put((f"{self.folder}/{path}", self.followsLinks), found)

    def _isInside(self, whole: str, descriptor: int, facts: os.stat_result) -> bool:
        """Return whether an open file is below the folder, all links resolved."""
        root = os.path.realpath(self.folder)
        try:
            real = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:  # there is no such file system
            real = os.path.realpath(whole)
            if not os.path.samestat(os.stat(real), facts):
                return False
        return real == root or real.startswith(root.rstrip("/") + "/")
