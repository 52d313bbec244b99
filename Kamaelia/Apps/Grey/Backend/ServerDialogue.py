"""A session of the proxy's own with a real server, without a client and without a mail.

Example usage
-------------
    class ServerInquiry(ServerDialogue):
        def main(self):
            broken = yield from self.open(server)
            if broken is None:
                reply = yield from self.say(self.relay.reset())
            self.close()

How does it work?
-----------------
It makes a connection, greets the server, begins TLS if that is configured, and then says one
command after the other. A server that expects a PROXY header gets one without a client.

Termination: a subclass decides. It calls close(), also if its generator is closed.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Apps.Grey.Backend.ServerConnection import ServerConnection, connectionTo
from Kamaelia.Support.Failover import ServerAddress
from Kamaelia.Support.Protocol.SMTP.Relay import (
    BeginTLS,
    Broken,
    Relay,
    RelayEvent,
    Send,
)
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

LOG = logging.getLogger("Kamaelia.Apps.Grey")


class ServerDialogue(component):
    """ServerDialogue(settings) -> one session after another with a real server.

    settings: a mail handler's class, or an instance. relay: the session's protocol, or None.
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

    def __init__(self, settings: Any) -> None:
        super().__init__()
        self.settings = settings
        self.relay: Relay | None = None
        self._connection: ServerConnection | None = None
        self._reply: Reply | None = None

    def open(self, server: ServerAddress) -> Generator[int, None, Broken | None]:
        """Open a session. Return the reason if that fails, and None otherwise.

        A message on "control" ends the wait; then the relay is not ready.
        """
        connection = self._connection = connectionTo(server, self.settings)
        connection.linkTo(self, hasTLS=True)
        self.addChildren(connection)
        connection.activate(Scheduler=self.scheduler)
        relay = self.relay = self._newRelay()
        if header := relay.header():
            self.send(header, "tcp_outbox")
        due = self.now() + relay.timeoutOf("connect") + relay.timeoutOf("greeting")
        while relay.brokenBy is None and not relay.isReady and not self.dataReady("control"):
            yield from self.waitForMessage(timeout=max(0.0, due - self.now()))
            if self._hear(relay):
                due = self.now() + (relay.timeout or relay.timeoutOf("TLS"))
            elif self.now() >= due:
                relay.timedOut()
        return relay.brokenBy

    def say(self, words: bytes, timeout: float | None = None) -> Generator[int, None, Reply | None]:
        """Send a command of `relay`; return its reply, or None if the session breaks.

        timeout: seconds for the reply, instead of those of its stage.
        """
        relay = self.relay
        assert relay is not None
        self._reply = None
        self.send(words, "tcp_outbox")
        due = self.now() + ((relay.timeout or 0.0) if timeout is None else timeout)
        while self._reply is None and relay.brokenBy is None:
            if self.dataReady("control") or self.now() >= due:
                relay.timedOut()
                break
            yield from self.waitForMessage(timeout=max(0.0, due - self.now()))
            self._hear(relay)
        return self._reply

    def close(self) -> None:
        """End the session: with QUIT if it is open, and otherwise at once."""
        relay, connection = self.relay, self._connection
        self.relay = self._connection = None
        if relay is None or connection is None:
            return
        if relay.isReady and relay.brokenBy is None and not relay.waiting:
            self.send(relay.quit(), "tcp_outbox")
            self.send(producerFinished(self), "tcp_signal")
        self.send(shutdownMicroprocess(), "tcp_signal")
        connection.unlinkFrom(self)
        for boxname in ("tcp_inbox", "tcp_control", "tcp_sslready"):
            for _ in self.Inbox(boxname):
                """Discard what the closed connection has sent."""

    def now(self) -> float:
        """Return the time in seconds."""
        return float(self.scheduler.timers.clock.now())

    def warn(self, server: ServerAddress, broken: Broken) -> None:
        """Log a failure if it is the first of several."""
        if self.settings.smtp_health.isNews(server, broken.hint or broken.reason, self.now()):
            LOG.warning("real server %s: %s", server, broken.explanation)

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

    def _hear(self, relay: Relay) -> bool:
        """Take the input from the server. Return whether the session has made progress."""
        hasGoneOn = False
        for data in self.Inbox("tcp_inbox"):
            events = relay.receive(data)
            hasGoneOn |= bool(events)
            for event in events:
                self._handleEvent(event)
        for _ in self.Inbox("tcp_sslready"):
            hasGoneOn = True
            self.send(relay.startedTLS(), "tcp_outbox")
        for ended in self.Inbox("tcp_control"):
            if isinstance(ended, producerFinished | shutdownMicroprocess):
                relay.hungUp(getattr(ended, "message", None))
        return hasGoneOn

    def _handleEvent(self, event: RelayEvent) -> None:
        if isinstance(event, Send):
            self.send(event.data, "tcp_outbox")
        elif isinstance(event, BeginTLS):
            self.send(self.settings.smtp_ssl or True, "tcp_makessl")
        elif isinstance(event, Reply):
            self._reply = event


__kamaelia_components__ = (ServerDialogue,)
