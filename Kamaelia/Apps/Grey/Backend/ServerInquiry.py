"""Asks a real server regularly for its extensions, so that the proxy can offer the same.

Example usage
-------------
    ServerInquiry(server, SpamMeHandler).activate()

How does it work?
-----------------
It opens a session without a client and without a mail, records the reply to EHLO in the handlers'
`smtp_offers`, and sends QUIT. A server that does not answer is asked again at growing intervals,
and one that has answered after `smtp_offer_interval` seconds. Sessions with mails record the
replies, too. The first failure of several is logged as a warning.

Termination: shutdownMicroprocess or producerFinished on "control".
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Apps.Grey.Backend.ConnectionPool import ConnectionPool, isShareable, mannerFor
from Kamaelia.Apps.Grey.Backend.ServerConnection import connectionTo
from Kamaelia.Apps.Grey.Backend.ServerSettings import serversFor
from Kamaelia.Support.Failover import ServerAddress
from Kamaelia.Support.Protocol.SMTP.Relay import BeginTLS, Broken, Ready, Relay, Send

LOG = logging.getLogger("Kamaelia.Apps.Grey")
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0  # seconds before a server that failed is asked again

Wait = Generator[int, None, "Broken | None"]


class ServerInquiry(component):
    """ServerInquiry(server, settings): records the server's extensions in `settings.smtp_offers`.

    settings: a mail handler's class, or an instance.
    """

    Inboxes = {
        "inbox": "not used",
        "control": "shutdownMicroprocess or producerFinished: stop",
        "tcp_inbox": "bytes from the server",
        "tcp_control": "the connection has ended",
        "tcp_sslready": "TLS has begun",
    }
    Outboxes = {
        "outbox": "not used",
        "signal": "the message from control",
        "tcp_outbox": "bytes for the server",
        "tcp_signal": "producerFinished or shutdownMicroprocess: end the connection",
        "tcp_makessl": "an SSLContext, or True: begin TLS",
    }

    def __init__(self, server: ServerAddress, settings: Any) -> None:
        super().__init__()
        self.server = server
        self.settings = settings

    def main(self) -> Generator[int, None, None]:
        pause = FIRST_PAUSE
        while True:
            broken = yield from self._inquire()
            if broken is None:
                pause, seconds = FIRST_PAUSE, self.settings.smtp_offer_interval
            else:
                seconds, pause = pause, min(2 * pause, LONGEST_PAUSE)
            yield from self.waitForMessage("control", timeout=seconds)
            if self.dataReady("control"):
                self.send(self.recv("control"), "signal")
                return

    def _inquire(self) -> Wait:
        """Open one session and close it. Return the reason if it could not be opened."""
        connection = connectionTo(self.server, self.settings)
        links = (("tcp_outbox", "inbox"), ("tcp_signal", "control"), ("tcp_makessl", "makessl"))
        for outbox, inbox in links:
            self.link((self, outbox), (connection, inbox))
        links = (("outbox", "tcp_inbox"), ("signal", "tcp_control"), ("sslready", "tcp_sslready"))
        for outbox, inbox in links:
            self.link((connection, outbox), (self, inbox))
        self.addChildren(connection)
        connection.activate(Scheduler=self.scheduler)
        relay = self._newRelay()
        try:
            broken = yield from self._open(relay)
            if broken is None and relay.isReady:
                self.send(relay.quit(), "tcp_outbox")
                self.send(producerFinished(self), "tcp_signal")
            return broken
        finally:
            self.send(shutdownMicroprocess(), "tcp_signal")
            self.unlink(connection)
            for boxname in ("tcp_inbox", "tcp_control", "tcp_sslready"):
                for _ in self.Inbox(boxname):
                    """Discard what the closed connection has sent."""

    def _newRelay(self) -> Relay:
        settings = self.settings
        return Relay(
            settings.smtp_helo or settings.servername,
            settings.smtp_tls,
            settings.smtp_timeouts,
            protocol=settings.smtp_protocol,
            # A server that expects a PROXY header expects one here, too, without a client.
            telling="proxy" if settings.smtp_client_address == "proxy" else "no",
        )

    def _open(self, relay: Relay) -> Wait:
        now = self.scheduler.timers.clock.now
        if header := relay.header():
            self.send(header, "tcp_outbox")
        due = now() + relay.timeoutOf("connect") + relay.timeoutOf("greeting")
        while relay.brokenBy is None and not relay.isReady and not self.dataReady("control"):
            yield from self.waitForMessage(timeout=max(0.0, due - now()))
            if self._hear(relay):
                due = now() + (relay.timeout or relay.timeoutOf("TLS"))
            elif now() >= due:
                relay.timedOut()
        if relay.brokenBy is not None:
            self._failed(relay.brokenBy)
        elif relay.isReady:
            self._answered(relay)
        return relay.brokenBy

    def _hear(self, relay: Relay) -> bool:
        """Take the input from the server. Return whether the session has made progress."""
        hasGoneOn = False
        for data in self.Inbox("tcp_inbox"):
            for event in relay.receive(data):
                hasGoneOn = True
                if relay.brokenBy is None:
                    self._handleEvent(event)
        for _ in self.Inbox("tcp_sslready"):
            hasGoneOn = True
            self.send(relay.startedTLS(), "tcp_outbox")
        for ended in self.Inbox("tcp_control"):
            if not relay.isReady and isinstance(ended, producerFinished | shutdownMicroprocess):
                relay.hungUp(getattr(ended, "message", None))
        return hasGoneOn

    def _handleEvent(self, event: Any) -> None:
        if isinstance(event, Send):
            self.send(event.data, "tcp_outbox")
        elif isinstance(event, BeginTLS):
            self.send(self.settings.smtp_ssl or True, "tcp_makessl")
        else:
            assert isinstance(event, Ready)

    def _answered(self, relay: Relay) -> None:
        if self.settings.smtp_offers.record(self.server, relay.extensions):
            words = ", ".join(sorted(relay.extensions)) or "no extensions"
            LOG.info("real server %s offers %s", self.server, words)

    def _failed(self, broken: Broken) -> None:
        now = self.scheduler.timers.clock.now()
        if self.settings.smtp_health.isNews(self.server, broken.hint or broken.reason, now):
            LOG.warning("real server %s: %s", self.server, broken.explanation)


def companionsFor(settings: Any) -> list[component]:
    """Return the pool and the inquiries that all handlers with these settings share.

    Without them, each client has its own connection to the real server, and what the servers offer
    is learnt from the relay sessions.
    """
    found: list[component] = []
    if settings.smtp_idle_connections and isShareable(mannerFor(settings, settings.servername)):
        found.append(ConnectionPool(settings))
    if settings.smtp_offer_interval:
        found += [ServerInquiry(server, settings) for server in serversFor(settings)]
    return found


__kamaelia_components__ = (ServerInquiry,)
