"""The user that a server runs as: become it for good, or only for a while to see what it may do.

Example usage
-------------
    with actingAs("kamaelia-grey"):
        isWritable = os.access("/var/lib/kamaelia-grey", os.W_OK, effective_ids=True)
    become("kamaelia-grey")
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from Kamaelia.Support.Mistakes import Mistake, MistakesFound


def become(user: str) -> None:
    """Give the privileges of root up for those of `user`, for good; "" changes nothing.

    Raises MistakesFound if there is no such user, and PermissionError if this
    process belongs to another user already.
    """
    entry = _entryOf(user)
    if entry is None or os.getuid() == entry.pw_uid:
        return
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


@contextmanager
def actingAs(user: str) -> Iterator[None]:
    """Have the permissions of `user` within the block, if root runs this; else change nothing.

    Raises MistakesFound if there is no such user.
    """
    entry = _entryOf(user)
    if entry is None or os.geteuid() != 0 or entry.pw_uid == 0:
        yield
        return
    groups, group = os.getgroups(), os.getegid()
    os.initgroups(user, entry.pw_gid)
    os.setegid(entry.pw_gid)
    os.seteuid(entry.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def _entryOf(user: str) -> Any:
    """The user in the system's list, or None for ""."""
    if not user:
        return None
    try:
        import pwd  # only here: not all systems have it
    except ImportError:
        raise _mistake("user: this system cannot change to another user") from None
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise _mistake(f"there is no user {user!r} here: make one, or name another") from None


def _mistake(what: str) -> MistakesFound:
    return MistakesFound([Mistake(what)])
