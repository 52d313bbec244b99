"""One connection of a mail server to the milter.

Example usage
-------------
    service = PolicyService(greylist, LastStage(END))
    ServerCore(protocol=lambda **address: MilterHandler(service=service), port=10024).run()

How does it work?
-----------------
A milter is asked at RCPT, at DATA and at the end of each mail, as a policy service is, and gets the
same decisions. It sees every mail to its end, and inserts the X-Greylist header itself. It is sent
the text if DKIM counts in [suspicion].

Termination: as DelegationHandler, and when the mail server ends the session.
"""

from __future__ import annotations

from collections.abc import Generator

from Kamaelia.Apps.Grey.Delegation.DelegationHandler import DelegationHandler
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Support.Protocol.Milter import BadPacket, MilterSession


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
    reader: MilterSession

    def newReader(self) -> MilterSession:
        """Return a session that asks for the text of mails if a decision may need it."""
        return MilterSession(self.service.longestText)

    def answerAll(self) -> Generator[int, None, None]:
        """Answer all complete packets. Raise BadPacket."""
        session = self.reader
        for number, step in enumerate(session.steps()):
            if number:
                yield 1  # many packets at once do not delay other connections
            if isinstance(step, bytes):
                self.send(step)
            elif step is not None:
                action = self.actionFor(step)
                if isinstance(action, Later):
                    action = yield from self.actionAfter(action, step)
                self.noteAnswer(action, f"{action.code} {action.text}" if action.code else "")
                self.send(session.replyTo(step, action))
        self.isOver = session.isOver


__kamaelia_components__ = (MilterHandler,)
