"""Changes the user of the process: permanently, or within a block to check permissions.

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
    """Change the user of this process permanently; "" changes nothing.

    Raise MistakesFound if the user does not exist, and PermissionError if this process is
    neither root's nor the user's.
    """
    entry = _entryOf(user)
    if entry is None or os.getuid() == entry.pw_uid:
        return
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


@contextmanager
def actingAs(user: str) -> Iterator[None]:
    """Use the permissions of `user` within the block if the process is root's.

    Raise MistakesFound if the user does not exist.
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
    """Return the user's entry in the password database, or None for ""."""
    if not user:
        return None
    try:
        import pwd  # does not exist on all systems
    except ImportError:
        raise _mistake("user: this system cannot change to another user") from None
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise _mistake(f"the user {user!r} does not exist: create it, or name another") from None


def _mistake(what: str) -> MistakesFound:
    return MistakesFound([Mistake(what)])
