"""Idle connections to the real servers, which are kept open for the next mail.

Example usage
-------------
    pool = ConnectionPool(SpamMeHandler).activate()
    pool.keep(KeptConnection(server, connection, relay, since)) # when a client has left
    kept = pool.take(server, manner)                            # for the next one, or None

How does it work?
-----------------
A ServerCore runs one beside its handlers (ConcreteMailHandler.companions), and the handlers find
it in their `smtp_pool`. Sessions are shared only where all clients look the same to the server:
see isShareable. The connection that was used last is taken first, so the others become old and
are closed. A connection that ends, or on which the server says anything, is forgotten. From the
first `keep` on, the pool watches a connection until it ends, also while a handler uses it.

Termination: when it is stopped, or after a message on "control". It sends QUIT on each connection
and accepts no more.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Apps.Grey.Backend.ServerConnection import ServerConnection
from Kamaelia.Support.Failover import ServerAddress
from Kamaelia.Support.Protocol.SMTP.Opening import Manner, mannerOf
from Kamaelia.Support.Protocol.SMTP.Relay import Relay

# Postfix accepts 100 commands in a session that deliver nothing, and Exim 10, before it refuses
# more (smtpd_junk_command_limit, smtp_accept_max_nonmail). RSET is one.
MOST_RESETS = 5
# Postfix's own client uses a connection for so many seconds (smtp_connection_reuse_time_limit),
# so that the server can reload its configuration and balance its load.
LONGEST_USE = 300.0


@dataclass(slots=True, eq=False)
class KeptConnection:
    """A connection with its session, open since `since`; it is idle until `until` at most."""

    server: ServerAddress
    connection: ServerConnection
    relay: Relay
    since: float
    until: float = 0.0


def mannerFor(settings: Any, servername: str) -> Manner:
    """Return the manner of sessions that serve any client, with these settings of a handler."""
    return mannerOf(
        settings.smtp_helo or servername,
        settings.smtp_tls,
        protocol=settings.smtp_protocol,
        telling=settings.smtp_client_address,
        client=None,  # given, so that it is the same object as that of a relay
    )


def isShareable(manner: Manner) -> bool:
    """Return whether a session of this manner may serve one client after another.

    With XCLIENT, XFORWARD or a PROXY header, the server has been told about one client. With TLS,
    each session verifies the certificate.
    """
    return manner.telling == "no" and manner.tls == "no"


def isCleanSession(relay: Relay) -> bool:
    """Return whether the server cannot tell the session from one that was opened now.

    A server counts the refusals in a session and then delays its replies or closes it
    (smtpd_soft_error_limit of Postfix), so one client would pay for another.
    """
    isIdle = relay.isReady and not relay.waiting and not relay.isInText
    isGood = relay.brokenBy is None and not relay.hasRefused
    return isIdle and isGood and isShareable(relay.manner)


class ConnectionPool(component):
    """ConnectionPool(settings) -> keeps connections that handlers with these settings release.

    settings: a class of mail handlers; its `smtp_pool` is this component while it runs.
    """

    Inboxes = {"inbox": "not used", "control": "any message: stop"}
    Outboxes = {"outbox": "not used", "signal": "the message from control"}

    def __init__(self, settings: Any) -> None:
        super().__init__()
        self.settings = settings
        self._kept: dict[ServerAddress, list[KeptConnection]] = {}
        self._isOpen = False
        self._hasTimer = False

    def main(self) -> Generator[int, None, None]:
        self._isOpen = True
        self.settings.smtp_pool = self
        try:
            while not self.dataReady("control"):
                seconds = self._closeOld()
                self._hasTimer = seconds is not None
                yield from self.waitForChange(seconds)
            self.send(self.recv("control"), "signal")
        finally:
            self._isOpen = False
            if self.settings.smtp_pool is self:
                self.settings.smtp_pool = None
            for kept in list(self._all()):
                self._forget(kept)

    # Called by handlers

    def mayKeep(self, relay: Relay) -> bool:
        """Return whether a session may be kept, as far as the mails in it decide that."""
        most = self.settings.smtp_max_mails
        isFull = bool(most) and relay.dots >= most
        return self._isOpen and not isFull and relay.resets <= MOST_RESETS and isCleanSession(relay)

    def keep(self, kept: KeptConnection) -> bool:
        """Take over an open connection whose boxes are not linked. Return whether it is kept."""
        now, settings, connection = self._now(), self.settings, kept.connection
        if not connection.isWatchedBy(self):
            connection.addWatcher(self)
        until = min(now + settings.smtp_idle_time, kept.since + LONGEST_USE)
        waiting = self._kept.setdefault(kept.server, [])
        isFull = len(waiting) >= settings.smtp_idle_connections
        if isFull or until <= now:
            return False
        kept.until = until
        waiting.append(kept)
        connection.release()
        if not self._hasTimer:
            self._hasTimer = True
            self.unpause()
        return True

    def take(self, server: ServerAddress, manner: Manner) -> KeptConnection | None:
        """Return a connection to this server that can be used, or None."""
        waiting = self._kept.get(server, [])
        for kept in reversed(waiting):
            if kept.relay.manner is not manner:  # equal ones are the same object, see mannerOf
                continue
            waiting.remove(kept)
            if kept.connection.resume():
                return kept
            kept.connection.abort()
        return None

    def close(self, kept: KeptConnection) -> None:
        """Send QUIT and close a connection that is not kept, whose boxes are not linked."""
        kept.connection.deliver(kept.relay.quit())
        kept.connection.deliver(producerFinished(self), "control")

    def drop(self, server: ServerAddress) -> None:
        """Close all connections to a server that has failed: others are probably broken, too."""
        for kept in list(self._kept.get(server, ())):
            self._forget(kept)

    # Its own turns

    def childEnded(self, child: Any) -> None:
        """Forget a connection that has ended."""
        super().childEnded(child)
        for waiting in self._kept.values():
            waiting[:] = [kept for kept in waiting if kept.connection is not child]

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """Limit an error to the connection in which it occurred."""
        return True

    def childComponents(self) -> list[Any]:
        """Return the idle connections. They are no children, so that they may outlive it."""
        return [*super().childComponents(), *(kept.connection for kept in self._all())]

    def _closeOld(self) -> float | None:
        """Close what was idle for too long. Return the seconds until the next is, or None."""
        now = self._now()
        for kept in list(self._all()):
            if kept.until <= now:
                self._forget(kept)
        return min((kept.until - now for kept in self._all()), default=None)

    def _forget(self, kept: KeptConnection) -> None:
        self._kept[kept.server].remove(kept)
        kept.connection.resume()
        self.close(kept)

    def _all(self) -> Iterator[KeptConnection]:
        for waiting in self._kept.values():
            yield from waiting

    def _now(self) -> float:
        return float(self.scheduler.timers.clock.now())


__kamaelia_components__ = (ConnectionPool,)
