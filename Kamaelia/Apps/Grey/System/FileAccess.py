"""Permissions of this process on files and folders, and safe reads of files.

Example usage
-------------
    checkFolder("/var/lib/kamaelia-grey")    # or an OSError with a remedy
    text = readRegular("/etc/kamaelia-grey.clients")

How does it work?
-----------------
Nothing is written or created. A check by root must not leave files that belong to the wrong
user.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFREG: "a regular file",
}


def mayAccess(path: str | os.PathLike[str], mode: int) -> bool:
    """Return os.access() for the effective user of this process."""
    isEffective = os.access in os.supports_effective_ids
    return os.access(path, mode, effective_ids=isEffective)


def kindOf(path: str | os.PathLike[str]) -> str:
    """Return a description of the kind of file at `path`, or "" if it does not exist."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return ""
    return KINDS.get(stat.S_IFMT(mode), "something else")


def readRegular(file: str) -> str:
    """Return the text of a file in UTF-8. Raise OSError for a pipe or device, without blocking."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    with open(descriptor, encoding="utf-8") as opened:
        kind = KINDS.get(stat.S_IFMT(os.fstat(descriptor).st_mode), "something else")
        if kind != "a regular file":
            raise OSError(f"it is {kind}, not a regular file")
        return opened.read()


def checkRegular(file: str) -> None:
    """Raise OSError if `file` is not regular, because opening it might block."""
    kind = kindOf(file)
    if kind and kind != "a regular file":
        raise OSError(f"{file} is {kind}, not a regular file")


def checkFolder(folder: str | os.PathLike[str]) -> None:
    """Raise OSError if files cannot be created in this folder."""
    kind = kindOf(folder)
    if not kind:
        raise OSError(f"the folder {folder} does not exist: create it")
    if kind != "a folder":
        raise OSError(f"{folder} is {kind}, not a folder")
    if not mayAccess(folder, os.W_OK | os.X_OK):
        raise OSError(f"the folder {folder} is not writable by this user")


def checkLog(file: str) -> None:
    """Raise OSError if lines cannot be appended to this file, which need not exist yet."""
    kind = kindOf(file)
    if not kind:
        checkFolder(Path(file).absolute().parent)
    elif kind in ("a folder", "a socket", "a named pipe"):
        raise OSError(f"{file} is {kind}, not a file")
    elif not mayAccess(file, os.W_OK):
        raise OSError(f"{file} is not writable by this user")
