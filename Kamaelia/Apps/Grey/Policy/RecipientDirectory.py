"""Which recipients the real server knows: asked before greylisting, and remembered.

Example usage
-------------
    directory = RecipientDirectory(known=3600, unknown=600, timeout=5, most=60)
    refusal = directory.ask("<bob@example.org>", "192.0.2.7")    # None, a Reply, or a future

How does it work?
-----------------
A question that the cache does not answer waits for a RecipientInquiry, which runs beside the
handlers and says RCPT to the real server. Several callers with the same question share it. A server
that cannot be asked, or not in time, makes every answer None for PAUSE seconds: then greylisting
decides first, as without a directory.

A network that has named `most` unknown recipients in a minute is told to try again later about
recipients that are not in the cache, so it can neither search for addresses at the server's expense
nor add triples.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Protocol

from Kamaelia.Support.Greylist.Keys import recipientKey
from Kamaelia.Support.Greylist.NetworkRate import NetworkRate
from Kamaelia.Support.Greylist.Recipients import RecipientCache
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

MINUTE = 60.0
PAUSE = 10.0  # seconds without questions after one that the real server did not answer
MOST_WAITING = 1000  # recipients that wait to be asked about
TOO_MANY_UNKNOWN = Reply(
    450, "4.7.0 Too many unknown recipients from your network, please try again later"
)

Waiting = tuple["asyncio.Future[Reply | None]", str]  # an answer, and the client that waits for it


class Inquiry(Protocol):
    """What a directory asks of a component that asks the real server."""

    def unpause(self) -> None:
        """Take a turn: there is a question."""


class RecipientDirectory:
    """RecipientDirectory(known, unknown, timeout, most) -> refusals of unknown recipients.

    known, unknown: seconds for which the server's answers are remembered. timeout: seconds for an
    answer. most: unknown recipients from one network a minute; 0: no limit.
    """

    def __init__(
        self, known: float = 3600.0, unknown: float = 600.0, timeout: float = 5.0, most: int = 60
    ) -> None:
        self.timeout = timeout
        self.cache = RecipientCache(known, unknown)
        self._rate = NetworkRate(most, MINUTE)
        self._questions: deque[tuple[str, str]] = deque()  # key and path
        self._waiting: dict[str, list[Waiting]] = {}  # by key
        self._inquiries: dict[Inquiry, bool] = {}  # whether each is idle
        self._silentUntil = 0.0

    def inherit(self, before: RecipientDirectory) -> None:
        """Take over what an earlier directory remembers."""
        self.cache.inherit(before.cache)

    # Callers

    def ask(self, recipient: str, peer: str) -> Any:
        """Return the refusal of a recipient, None if there is none, or a future with either."""
        key, now = keyOf(recipient), self._now()
        known = self.cache.get(key, now)
        if known is not None:
            if known.refusal is not None:
                self._rate.count(peer, now)
            return known.refusal
        if self._rate.isReached(peer, now):
            return TOO_MANY_UNKNOWN
        isBusy = len(self._questions) >= MOST_WAITING
        if not self._inquiries or isBusy or now < self._silentUntil:
            return None
        return self._future(key, recipient, peer)

    def _future(self, key: str, recipient: str, peer: str) -> asyncio.Future[Reply | None]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reply | None] = loop.create_future()
        timer = loop.call_later(self.timeout, self._late, future)
        future.add_done_callback(lambda _: timer.cancel())
        if key not in self._waiting:
            self._waiting[key] = []
            self._questions.append((key, recipient))
            self._wake()
        self._waiting[key].append((future, peer))
        return future

    def _wake(self) -> None:
        for inquiry, isIdle in self._inquiries.items():
            if isIdle:
                self._inquiries[inquiry] = False
                inquiry.unpause()
                return

    def _late(self, future: asyncio.Future[Reply | None]) -> None:
        if not future.done():
            self._silentUntil = self._now() + PAUSE
            future.set_result(None)

    # Inquiries

    def attach(self, inquiry: Inquiry) -> None:
        """Note a component that asks the real server."""
        self._inquiries[inquiry] = False

    def detach(self, inquiry: Inquiry) -> None:
        """Note that a component has ended. Without any, nothing more can be asked."""
        del self._inquiries[inquiry]
        if not self._inquiries:
            self._questions.clear()
            for key in list(self._waiting):
                self._tell(key, None)

    def nextQuestion(self, inquiry: Inquiry) -> tuple[str, str] | None:
        """Return the key and the path of a recipient to ask about; None: wait for unpause()."""
        self._inquiries[inquiry] = not self._questions
        return self._questions.popleft() if self._questions else None

    def answer(self, key: str, reply: Reply) -> None:
        """Take the real server's reply to RCPT."""
        self._silentUntil = 0.0
        self._tell(key, self.cache.put(key, reply, self._now()).refusal)

    def failed(self, key: str) -> None:
        """Note that the real server could not be asked."""
        self._silentUntil = self._now() + PAUSE
        self._tell(key, None)

    def _tell(self, key: str, refusal: Reply | None) -> None:
        for future, peer in self._waiting.pop(key, []):
            if refusal is not None:
                self._rate.count(peer, self._now())
            if not future.done():
                future.set_result(refusal)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def keyOf(recipient: str) -> str:
    """Return the key of a recipient, or its text if it has none."""
    try:
        return recipientKey(recipient)
    except ValueError:
        return recipient
