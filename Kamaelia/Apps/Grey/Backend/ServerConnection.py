"""A connection to a real server, as the settings of a mail handler describe it.

Example usage
-------------
    connection = connectionTo(server, handler)

How does it work?
-----------------
It is a TCPClient. While no session uses it, its outbox leads to its own inbox "unasked". If the
server sends anything meanwhile, the state of the session is unknown, so the connection ends.

Termination: as TCPClient.
"""

from __future__ import annotations

from typing import Any

from Axon.Box import linkAll, linkPlaces
from Axon.Component import component
from Kamaelia.Internet.ConnectionState import OPEN
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Support.Failover import ServerAddress


class ServerConnection(TCPClient):
    """ServerConnection(host, port...) -> a TCPClient that can be kept between two sessions."""

    Inboxes = {
        **TCPClient.Inboxes,
        "unasked": "bytes from the server that no session has asked for: the connection ends",
    }

    def linkTo(self, handler: component, hasTLS: bool) -> None:
        """Link the tcp boxes of `handler` to this connection.

        The linkages are made without a postoffice, because each client makes and removes them.
        """
        linkAll(
            (handler, "tcp_outbox", self, "inbox"),
            (handler, "tcp_signal", self, "control"),
            (self, "outbox", handler, "tcp_inbox"),
            (self, "signal", handler, "tcp_control"),
        )
        if hasTLS:
            linkAll(
                (handler, "tcp_makessl", self, "makessl"),
                (self, "sslready", handler, "tcp_sslready"),
            )

    def unlinkFrom(self, handler: component) -> None:
        """Remove these linkages. If this is a child of the handler, it remains one."""
        self.unlinkOutboxes("outbox", "signal", "sslready")
        handler.unlinkOutboxes("tcp_outbox", "tcp_signal", "tcp_makessl")

    def mayBeKept(self) -> bool:
        """Return whether it is open, and nothing waits to be sent or read."""
        transport = self.transport
        if transport is None or self.connectionState is not OPEN or not transport.is_reading():
            return False
        return not transport.get_write_buffer_size() and not self.dataReady("unasked")

    def release(self) -> None:
        """Expect nothing from the server. Call it when the outbox is not linked."""
        linkPlaces(self, "outbox", self, "unasked")

    def resume(self) -> bool:
        """Free the outbox for a session. Return whether the connection can be used."""
        self.unlinkOutboxes("outbox")
        return self.mayBeKept()

    def handleMessages(self) -> None:
        """Do the work of a turn. End the connection if the server has spoken unasked."""
        super().handleMessages()
        if self.dataReady("unasked"):
            self.abort()


def isBroken(connection: Any) -> bool:
    """Return whether the end of this connection is known to its transport, and soon reported."""
    transport = connection.transport if isinstance(connection, ServerConnection) else None
    return transport is not None and transport.is_closing()


def connectionTo(server: ServerAddress, settings: Any) -> ServerConnection:
    """Return the connection to this server, neither linked nor activated.

    settings: has smtp_tls_name and smtp_timeouts, such as a mail handler or its class.
    """
    host, port, path = server
    return ServerConnection(
        host,
        port,
        path=path,
        serverHostname=settings.smtp_tls_name or host,
        connect_timeout=settings.smtp_timeouts.get("connect", 30),
    )


__kamaelia_components__ = (ServerConnection,)
__kamaelia_prefabs__ = (connectionTo,)
