"""Unix sockets: checks of their paths, and removal of stale and of own sockets.

Example usage
-------------
    sock = openPath("/run/program/socket")
    ...
    sock.close()
    sock.removePath()

How does it work?
-----------------
Only a socket on which no process listens is stale and may be removed. Anything else at the path
is an error: a file, a directory, a symbolic link, a socket in use. At the end, the path is removed
only if it still names the socket that was bound here; another process may have bound its own
socket there. A path that begins with a NUL character is an abstract name of Linux, not a file.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from typing import Any

from Kamaelia.Internet.PlainSocket import PlainSocket

BACKLOG = 1024  # connections that the system keeps until they are accepted
MOST_BYTES = 107  # in the path of a socket on Linux (unix(7)); other systems have fewer

Identity = tuple[int, int, int]


class PathSocket(PlainSocket):
    """PathSocket(): a Unix socket that remembers which file it created."""

    __slots__ = ("_identity", "_path")

    def __init__(self) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self._path = ""
        self._identity: Identity | None = None

    def listenOn(self, path: str, mode: int | None = None) -> None:
        """Bind to `path`, remember the file that this creates, and listen.

        mode: the permissions of the file, which apply before anybody can connect.
        """
        if mode is not None:
            with suppress(OSError):  # Linux creates the file with these permissions
                os.fchmod(self.fileno(), mode)
        self.bind(path)
        if not isAbstract(path):
            found = os.lstat(path)
            if not stat.S_ISSOCK(found.st_mode):  # chmod would follow a link
                raise OSError(errno.EADDRINUSE, "another process has replaced the socket")
            if mode is not None and stat.S_IMODE(found.st_mode) != mode:
                os.chmod(path, mode)
            self._path = os.path.abspath(path)  # the working directory may change
            self._identity = _identityOf(found)
        self.listen(BACKLOG)
        self.setblocking(False)

    def removePath(self) -> None:
        """Remove the file if the path still names the one that this socket created."""
        identity, self._identity = self._identity, None
        if identity is None:
            return
        with suppress(OSError):  # the file or its directory has been removed
            if _identityOf(os.lstat(self._path)) == identity:
                os.unlink(self._path)


def checkedPath(path: Any) -> str:
    """Return `path` (str, bytes or os.PathLike) as a str.

    Raises TypeError for other types, and ValueError if no socket can have this path.
    """
    try:
        name = os.fsdecode(path)
    except TypeError:
        raise TypeError(f"the path of a Unix socket is a str or a Path, not {path!r}") from None
    if not name:
        raise ValueError("the path of a Unix socket is empty")
    if "\0" in name[1:]:
        raise ValueError(f"the path of a Unix socket contains a NUL character: {name!r}")
    return name


def isAbstract(path: str) -> bool:
    """Return whether `path` is a name in the abstract namespace of Linux, and not a file."""
    return path.startswith("\0")


def openPath(path: Any, mode: int | None = None) -> PathSocket:
    """Return a socket that listens at `path`. Replace a stale socket if there is one.

    mode: the permissions of the file; None: those that the umask of the process leaves.
    Raises OSError, which names the path, if that is not possible.
    """
    name = checkedPath(path)
    if not hasattr(socket, "AF_UNIX"):
        raise OSError(
            errno.EAFNOSUPPORT, f"cannot listen on {name}: this system has no Unix sockets"
        )
    sock = PathSocket()
    try:
        _checkLength(name)
        if not isAbstract(name):
            _removeStale(name)
        sock.listenOn(name, mode)
    except OSError as error:
        sock.close()
        sock.removePath()
        reason = error.strerror or str(error)
        what = f"cannot listen on {printablePath(name)}: {reason}"
        raise type(error)(error.errno, what) from error
    return sock


def printablePath(path: str) -> str:
    """Return `path` for a message. Abstract names begin with @, as in /proc/net/unix."""
    return f"@{path[1:]}" if isAbstract(path) else path


def _checkLength(path: str) -> None:
    size = len(os.fsencode(path))
    if size > MOST_BYTES:
        raise OSError(
            errno.ENAMETOOLONG, f"the path has {size} bytes, and at most {MOST_BYTES} are possible"
        )


def _removeStale(path: str) -> None:
    """Remove a socket on which no process listens. Raises OSError for anything else."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise OSError(errno.EADDRINUSE, f"{_kindOf(found.st_mode)} is there, not a socket")
    if _isListening(path):
        raise OSError(errno.EADDRINUSE, "another process listens there")
    if _identityOf(os.lstat(path)) != _identityOf(found):
        raise OSError(errno.EADDRINUSE, "another process has just created a socket there")
    os.unlink(path)


def _isListening(path: str) -> bool:
    """Return whether a process has a socket open at `path`. Never blocks."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return False
        except OSError as error:
            # EAGAIN: its queue is full. EPROTOTYPE: it is an open datagram socket.
            if error.errno not in (errno.EAGAIN, errno.EINPROGRESS, errno.EPROTOTYPE):
                raise
        return True


def _identityOf(found: os.stat_result) -> Identity:
    """Return what tells a file from a later one, even if that has the same inode number."""
    return found.st_dev, found.st_ino, found.st_mtime_ns


_KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def _kindOf(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "something else")
