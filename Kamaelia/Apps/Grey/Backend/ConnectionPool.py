"""Idle connections to the real servers, which are kept open for the next mail.

Example usage
-------------
    pool = ConnectionPool(SpamMeHandler).activate()
    pool.keep(relaySession, connection)             # when a client has left
    relaySession = pool.take(server, settings)      # for the next one, or None

How does it work?
-----------------
A ServerCore runs one beside its handlers (ConcreteMailHandler.companions), and the handlers find
it in their `smtp_pool`. Sessions are shared only where all clients look the same to the server:
see Manner.isShareable. The connection that was used last is taken first, so the others become
old and are closed. A connection that ends, or on which the server says anything, is forgotten.
From the first `keep` on, the pool watches a connection until it ends, also while a handler uses
it.

Termination: when it is stopped, or after a message on "control". It sends QUIT on each connection
and accepts no more.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Apps.Grey.Backend.RelaySession import NO_LINK, RelaySession
from Kamaelia.Apps.Grey.Backend.ServerConnection import ServerConnection
from Kamaelia.Support.Failover import ServerAddress
from Kamaelia.Support.Protocol.SMTP.Relay import Relay

# Postfix accepts 100 commands in a session that deliver nothing, and Exim 10, before it refuses
# more (smtpd_junk_command_limit, smtp_accept_max_nonmail). RSET is one.
MOST_RESETS = 5
# Postfix's own client uses a connection for so many seconds (smtp_connection_reuse_time_limit),
# so that the server can reload its configuration and balance its load.
LONGEST_USE = 300.0


class ConnectionPool(component):
    """ConnectionPool(settings) -> keeps connections that handlers with these settings release.

    settings: a class of mail handlers; its `smtp_pool` is this component while it runs.
    """

    Inboxes = {"inbox": "not used", "control": "any message: stop"}
    Outboxes = {"outbox": "not used", "signal": "the message from control"}

    def __init__(self, settings: Any) -> None:
        super().__init__()
        self.settings = settings
        self._kept: dict[ServerAddress, list[RelaySession]] = {}
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
            for relaySession in list(self._all()):
                self._forget(relaySession)

    # Called by handlers

    def mayKeep(self, relay: Relay) -> bool:
        """Return whether a session may be kept, as far as the mails in it decide that."""
        most = self.settings.smtp_max_mails
        isFull = most and relay.dots >= most
        return self._isOpen and not isFull and relay.resets <= MOST_RESETS and relay.isClean()

    def keep(self, relaySession: RelaySession, connection: ServerConnection) -> None:
        """Take over a session, and its open connection whose boxes are not linked.

        It is closed if there are enough, or if it has been open for too long.
        """
        now, settings = self._now(), self.settings
        relaySession.link, relaySession.connection = NO_LINK, connection
        if not connection.isWatchedBy(self):
            connection.addWatcher(self)
        waiting = self._kept.setdefault(relaySession.server, [])
        until = min(now + settings.smtp_idle_time, relaySession.since + LONGEST_USE)
        if until <= now or len(waiting) >= settings.smtp_idle_connections:
            self._close(relaySession)
            return
        relaySession.until = until
        waiting.append(relaySession)
        connection.release()
        if not self._hasTimer:
            self._hasTimer = True
            self.unpause()

    def take(self, server: ServerAddress, settings: tuple[str, ...]) -> RelaySession | None:
        """Return a session with this server, on a connection that can be used, or None.

        settings: the SESSION_SETTINGS of the handler that continues it.
        """
        waiting = self._kept.get(server, [])
        for relaySession in reversed(waiting):
            if relaySession.settings != settings:
                continue
            waiting.remove(relaySession)
            if relaySession.connection.resume():
                return relaySession
            relaySession.connection.abort()
        return None

    def drop(self, server: ServerAddress) -> None:
        """Close all connections to a server that has failed: others are probably broken, too."""
        for relaySession in list(self._kept.get(server, ())):
            self._forget(relaySession)

    # Its own turns

    def childEnded(self, child: Any) -> None:
        """Forget a connection that has ended."""
        super().childEnded(child)
        for waiting in self._kept.values():
            waiting[:] = [each for each in waiting if each.connection is not child]

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """Limit an error to the connection in which it occurred."""
        return True

    def childComponents(self) -> list[Any]:
        """Return the idle connections. They are no children, so that they may outlive it."""
        return [*super().childComponents(), *(each.connection for each in self._all())]

    def _closeOld(self) -> float | None:
        """Close what was idle for too long. Return the seconds until the next is, or None."""
        now = self._now()
        for relaySession in list(self._all()):
            if relaySession.until <= now:
                self._forget(relaySession)
        return min((relaySession.until - now for relaySession in self._all()), default=None)

    def _forget(self, relaySession: RelaySession) -> None:
        self._kept[relaySession.server].remove(relaySession)
        relaySession.connection.resume()
        self._close(relaySession)

    def _close(self, relaySession: RelaySession) -> None:
        """Send QUIT and close a connection that is not kept, whose boxes are not linked."""
        relaySession.connection.deliver(relaySession.relay.quit())
        relaySession.connection.deliver(producerFinished(self), "control")

    def _all(self) -> Iterator[RelaySession]:
        for waiting in self._kept.values():
            yield from waiting

    def _now(self) -> float:
        return float(self.scheduler.timers.clock.now())


__kamaelia_components__ = (ConnectionPool,)
