"""Paths that have a key: a path of a mail server, or what stands in its place.

Example usage::

    >>> keyedSender("<ann@example.org>"), keyedSender("<>"), keyedSender("<root>")
    ('<ann@example.org>', '<>', '<root@invalid>')
    >>> keyedRecipient("<postmaster>")
    '<postmaster>'

How does it work?

A mail server that is asked about, or whose records are imported, may name local users without a
domain, or text that is no address. Such text becomes the local part of an address in the domain
"invalid", which nobody can have (RFC 2606).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from Kamaelia.Support.Greylist.Keys import recipientKey, senderKey

NO_ADDRESS = "@invalid>"  # the end of a path that stands for text that is no address
LONGEST_LOCAL_PART = 64  # RFC 5321 section 4.5.3.1.1
NOT_IN_WORDS = re.compile(r"[^\w.+-]")


def keyedSender(path: str) -> str:
    """Return the path of a sender, or one in its place if it has no key."""
    return _keyed(path, senderKey)


def keyedRecipient(path: str) -> str:
    """Return the path of a recipient, or one in its place if it has no key."""
    return _keyed(path, recipientKey)


def _keyed(path: str, keyOf: Callable[[str], str]) -> str:
    try:
        keyOf(path)
    except ValueError:
        word = NOT_IN_WORDS.sub("_", path[1:-1])[:LONGEST_LOCAL_PART]
        return f"<{word or '_'}{NO_ADDRESS}"
    return path
