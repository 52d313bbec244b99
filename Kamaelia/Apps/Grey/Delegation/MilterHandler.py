"""One connection of a mail server to the milter.

Example usage
-------------
    service = PolicyService(greylist, LastStage(END), deferral="451")
    ServerCore(protocol=lambda **address: MilterHandler(service=service), port=10024).run()

How does it work?
-----------------
A milter is asked at RCPT, at DATA and at the end of each mail, as a policy service is, and gets the
same decisions. It sees every mail to its end, and inserts the X-Greylist header itself.

Termination: as DelegationHandler, and when the mail server ends the session.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from Kamaelia.Apps.Grey.Delegation.DelegationHandler import DelegationHandler
from Kamaelia.Support.Protocol.Milter import CONTINUES, BadPacket, MilterSession, Verdict


class MilterHandler(DelegationHandler):
    """MilterHandler(service=...) -> answers the questions of one connection of a mail server."""

    Inboxes = {
        "inbox": "bytes of milter packets from the mail server",
        "control": "producerFinished or shutdownMicroprocess: the connection ends",
    }
    Outboxes = {
        "outbox": "bytes of milter packets for the mail server",
        "signal": "producerFinished: close the connection",
    }

    badInput = BadPacket

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self._session = MilterSession()

    def isWithinRequest(self) -> bool:
        """Return whether a packet has begun that is not complete."""
        return self._session.isWithinPacket

    def feed(self, data: bytes) -> None:
        """Take bytes of packets."""
        self._session.feed(data)

    def answerAll(self) -> Generator[int, None, None]:
        """Answer all complete packets. Raise BadPacket."""
        for step in self._session.steps():
            if isinstance(step, bytes):
                self.send(step)
            else:
                action = yield from self.actionFor(step)
                self.send(self._session.replyTo(step, verdictOf(action)))
            yield 1  # many packets at once do not delay other connections
        self.isOver = self._session.isOver


def verdictOf(action: str) -> Verdict:
    """Return the verdict that means the same as an action of a policy service."""
    word, _, rest = action.partition(" ")
    if word.isdecimal():
        return Verdict(int(word), rest)
    if word == "PREPEND":
        name, _, value = rest.partition(": ")
        return Verdict(header=(name, value))
    return CONTINUES


__kamaelia_components__ = (MilterHandler,)
