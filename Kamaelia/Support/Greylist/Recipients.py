"""What a real server has said about recipients: which of them it knows.

Example usage::

    >>> cache = RecipientCache(known=3600.0, unknown=600.0)
    >>> stored = cache.put("bob@example.org", Reply(550, "5.1.1 User unknown"), 0.0)
    >>> cache.get("bob@example.org", 599.0).refusal
    Reply(550, '5.1.1 User unknown')
    >>> cache.get("bob@example.org", 600.0) is None
    True

How does it work?

Only a permanent refusal of the address itself means that a recipient is unknown (RFC 3463 sections
3.2, 3.3 and 3.5). Other refusals concern the client, the sender or the server's own state: they say
nothing about the recipient and are not cached. At most MOST recipients are stored; the one that was
stored first is dropped for a new one.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import NamedTuple

from Kamaelia.Support.Protocol.SMTP.Reply import Reply

MOST = 10_000

# Subject and detail of enhanced status codes: no such mailbox, system or address, a mailbox that
# has moved or is disabled, and a domain without mail (RFC 7505). Exchange Online says 5.4.1.
OF_ADDRESS = re.compile(r"5\.(?:1\.(?:[012346]|10)|2\.1|4\.1)")
WITHOUT_STATUS = frozenset({550, 551, 553})  # RFC 5321 section 4.2.3, where no such code follows


class Knowledge(NamedTuple):
    """What is known about a recipient: `refusal` is None if the server accepts it."""

    refusal: Reply | None


def isUnknown(reply: Reply) -> bool:
    """Return whether a reply to RCPT means that the server does not know the recipient."""
    if not reply.isForGood:
        return False
    if reply.status == "5.0.0" and not reply.text.startswith("5.0.0"):
        return reply.code in WITHOUT_STATUS
    return OF_ADDRESS.fullmatch(reply.status) is not None


class RecipientCache:
    """RecipientCache(known, unknown, most) -> remembers replies to RCPT, by recipient.

    known, unknown: for how many seconds an accepted or an unknown recipient is remembered; 0: not.
    """

    def __init__(self, known: float, unknown: float, most: int = MOST) -> None:
        self.known = known
        self.unknown = unknown
        self.most = most
        self._replies: OrderedDict[str, tuple[Knowledge, float]] = OrderedDict()  # with its end

    def get(self, key: str, now: float) -> Knowledge | None:
        """Return what is known about a recipient, or None."""
        knowledge, end = self._replies.get(key, (None, now))
        if end > now:
            return knowledge
        self._replies.pop(key, None)
        return None

    def put(self, key: str, reply: Reply, now: float) -> Knowledge:
        """Remember a reply to RCPT, and return what it means."""
        refusal = reply if isUnknown(reply) else None
        seconds = self.known if refusal is None else self.unknown
        if seconds > 0 and (reply.isPositive or refusal is not None):
            self._replies[key] = Knowledge(refusal), now + seconds
            self._replies.move_to_end(key)
            if len(self._replies) > self.most:
                self._replies.popitem(last=False)
        return Knowledge(refusal)

    def inherit(self, before: RecipientCache) -> None:
        """Take over what an earlier cache remembers."""
        self._replies = before._replies
