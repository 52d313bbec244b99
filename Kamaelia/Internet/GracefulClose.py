"""The graceful end of a server's connection: nothing that was sent to the client is lost.

Example usage
-------------
    closeTransport(adapter, adapter.transport)

How does it work?
-----------------
The system answers data that arrives for a closed socket with a reset (RFC 1122, section
4.2.2.13), and a client that still sends may then lose the last reply. So a server ends its own
side first, and reads and drops what the client still sends until the client ends its side.

Termination: `LISTEN_TIMEOUT` seconds after all has been sent, or after `MOST_DROPPED` bytes.
"""

from __future__ import annotations

from asyncio import Transport
from typing import Final

from Kamaelia.Internet.CloseTimeouts import CloseTimeouts, closeTimeoutsOf
from Kamaelia.Internet.Connection import Connection
from Kamaelia.Internet.ConnectionState import CLOSING

LISTEN_TIMEOUT = 2.0  # seconds for the client to end its side once it has been sent everything
MOST_DROPPED: Final = 16 * 1024 * 1024  # bytes that the client may still send


def closeTransport(connection: Connection, transport: Transport) -> None:
    """Close `transport` when everything has been sent; gracefully on the side of a server.

    That is not needed when the client has ended its side, and not possible within TLS.
    """
    mayStillSend = connection.connectionState is CLOSING
    if connection.isServer and mayStillSend and transport.can_write_eof():
        GracefulClose(connection, transport, closeTimeoutsOf(connection.scheduler.loop)).begin()
    else:
        transport.close()


class GracefulClose:
    """GracefulClose(connection, transport, timeouts): the protocol of a connection while it closes.

    The connection gets `connection_lost` as soon as everything has been sent; the transport
    stays open for a while.
    """

    __slots__ = ("_connection", "_remaining", "_timeouts", "_transport")

    def __init__(
        self, connection: Connection, transport: Transport, timeouts: CloseTimeouts
    ) -> None:
        self._connection: Connection | None = connection
        self._timeouts = timeouts
        self._transport = transport
        self._remaining = MOST_DROPPED

    def begin(self) -> None:
        """End this side once everything has been sent, and drop what arrives."""
        transport = self._transport
        transport.set_protocol(self)  # type: ignore[arg-type]  # a compiled class inherits none
        try:
            transport.write_eof()
        except OSError:  # the client has reset the connection
            transport.abort()
            return
        transport.resume_reading()
        if transport.get_write_buffer_size():
            transport.set_write_buffer_limits(0)  # so that it calls resume_writing when all is sent
        else:
            self.resume_writing()

    def bytesToSend(self) -> int:
        """Return how many bytes still have to be sent."""
        return self._transport.get_write_buffer_size()

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Drop `data`; end the connection when it is too much."""
        self._remaining -= len(data)
        if self._remaining < 0:
            self.abort()

    def eof_received(self) -> bool:
        """Let the transport close when everything has been sent."""
        return False

    def pause_writing(self) -> None:
        """Do nothing: no more data is sent."""

    def resume_writing(self) -> None:
        """Tell the connection that it has ended: everything has been sent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._timeouts.start(self, LISTEN_TIMEOUT, mayRenew=False)
            connection.connection_lost(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the time limit, and pass the end on."""
        self._timeouts.cancel(self)
        if self._connection is not None:
            self._connection.connection_lost(error)
