"""The interface of a connection for the classes that do parts of its work.

ConnectedSocketAdapter implements it. AttachedHandler, GracefulClose, HalfClosed and TLSHandshake
use only this interface, and the adapter uses them.
"""

from __future__ import annotations

from asyncio import Transport
from ssl import SSLContext
from typing import Any, Protocol

from Kamaelia.Internet.ConnectionState import ConnectionState
from Kamaelia.Internet.WriteGate import GatedComponent


class Creator(Protocol):
    """What a connection tells the component that created it, usually a TCPServer."""

    def opened(self, adapter: Any) -> None:
        """Called when the connection has been made."""

    def closed(self, adapter: Any) -> None:
        """Called when the connection has ended."""

    def outlived(self, adapter: Any) -> bool:
        """Called when the connection has ended before its handler. Return True to take it over."""


class Connection(GatedComponent):
    """Connection(**attributes): the base of ConnectedSocketAdapter."""

    patience = 60.0  # seconds without progress after producerFinished
    isServer = False  # whether the peer is a client
    serverHostname: str | None = None  # the name in the server's certificate
    sslContext: SSLContext | None = None  # the default for "makessl"
    creator: Creator | None = None  # the server or client, which is told of the start and the end
    connectionState: ConnectionState
    transport: Transport | None  # once the connection has been made

    def isEncrypted(self) -> bool:
        """Return whether TLS has started."""
        transport = self.transport
        return transport is not None and not transport.can_write_eof()  # as only within TLS

    def bytesToSend(self) -> int:
        """Return how many bytes this process has not handed over to the system yet."""
        return self.transport.get_write_buffer_size() if self.transport is not None else 0

    def takeTLSDirectly(self) -> None:
        """Start TLS within the turn of the component that sends a message to "makessl"."""
        raise NotImplementedError

    def connection_lost(self, error: Exception | None) -> None:
        """Report the end of the connection. `error` is the reason, or None."""
        raise NotImplementedError


__kamaelia_components__ = (Connection,)
