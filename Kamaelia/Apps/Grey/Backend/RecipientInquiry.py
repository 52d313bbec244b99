"""Asks a real server whether it knows recipients, before greylisting decides about them.

Example usage
-------------
    RecipientInquiry(directory, SpamMeHandler).activate()

How does it work?
-----------------
It takes one question after the other from a RecipientDirectory, says MAIL FROM:<> and RCPT TO, and
drops the mail with RSET. No data is ever sent. The session ends when it is idle for
`smtp_idle_time`, and after MOST_RESETS questions, because servers count commands that deliver
nothing, and delay or refuse clients with many refused recipients. If one real server fails, the
next is asked.

Termination: shutdownMicroprocess or producerFinished on "control".
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from Axon.Component import component
from Kamaelia.Apps.Grey.Backend.ConnectionPool import MOST_RESETS
from Kamaelia.Apps.Grey.Backend.ServerDialogue import ServerDialogue
from Kamaelia.Apps.Grey.Backend.ServerSettings import serversFor
from Kamaelia.Apps.Grey.Policy.RecipientDirectory import RecipientDirectory
from Kamaelia.Support.Protocol.SMTP.Address import Envelope
from Kamaelia.Support.Protocol.SMTP.Relay import Relay
from Kamaelia.Support.Protocol.SMTP.Reply import NOT_REACHED, Reply

AT_ONCE = 4  # connections on which a process asks


class RecipientInquiry(ServerDialogue):
    """RecipientInquiry(directory, settings) -> answers the directory's questions.

    settings: a mail handler's class, or an instance.
    """

    def __init__(self, directory: RecipientDirectory, settings: Any) -> None:
        super().__init__(settings)
        self.directory = directory

    def main(self) -> Generator[int, None, None]:
        self.directory.attach(self)
        try:
            while not self.dataReady("control"):
                question = self.directory.nextQuestion(self)
                if question is None:
                    yield from self._waitForQuestion()
                else:
                    yield from self._answer(*question)
            self.send(self.recv("control"), "signal")
        finally:
            self.directory.detach(self)
            self.close()

    def _waitForQuestion(self) -> Generator[int, None, None]:
        """Wait. End the session if it is idle, or if the server says anything meanwhile."""
        if self.relay is None:
            yield from self.waitForChange(None)
            return
        until = self.now() + self.settings.smtp_idle_time
        yield from self.waitForChange(self.settings.smtp_idle_time)
        hasSpoken = any(self.dataReady(each) for each in ("tcp_inbox", "tcp_control"))
        if hasSpoken or self.now() >= until:
            self.close()

    def _answer(self, key: str, path: str) -> Generator[int, None, None]:
        reply: Reply | None = None
        try:
            if self.relay is not None:  # the server may have ended it meanwhile
                reply = yield from self._ask(self.relay, path)
            if reply is None:
                self.close()
                relay = yield from self._openAny()
                reply = (yield from self._ask(relay, path)) if relay is not None else None
        finally:
            if reply is None:  # also after an error: nobody else answers this question
                self.directory.failed(key)
        if reply is not None:
            self.directory.answer(key, reply)
        if reply is None or self.relay is None or self.relay.resets >= MOST_RESETS:
            self.close()

    def _openAny(self) -> Generator[int, None, Relay | None]:
        """Open a session with the first server that works; return None if there is none."""
        settings = self.settings
        for server in settings.smtp_health.inOrder(serversFor(settings), self.now()):
            broken = yield from self.open(server)
            if broken is None and self.relay is not None and self.relay.isReady:
                settings.smtp_health.worked(server)
                return self.relay
            self.close()
            if self.dataReady("control"):
                return None
            if broken is not None:
                settings.smtp_health.failed(server, self.now())
                self.warn(server, broken)
        return None

    def _ask(self, relay: Relay, path: str) -> Generator[int, None, Reply | None]:
        """Return the server's reply to RCPT; one for now if it cannot be asked about the path;
        None if the session breaks.
        """
        parameters = {} if path.isascii() else {"SMTPUTF8": ""}
        if parameters.keys() - relay.extensions.keys():
            return NOT_REACHED
        reply = yield from self.say(relay.mail(Envelope("<>", parameters)))
        if reply is None:
            return None
        if not reply.isPositive:
            self.close()
            return NOT_REACHED
        reply = yield from self.say(relay.rcpt(Envelope(path, {})))
        if reply is None or (yield from self.say(relay.reset())) is None:
            self.close()
        return reply


def inquiriesFor(directory: RecipientDirectory | None, settings: Any) -> list[component]:
    """Return the components that answer the questions of a directory."""
    return (
        [] if directory is None else [RecipientInquiry(directory, settings) for _ in range(AT_ONCE)]
    )


__kamaelia_components__ = (RecipientInquiry,)
