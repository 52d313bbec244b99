"""STARTTLS: a TLS handshake on a connection that exists already.

How does it work?
-----------------
What is sent during the handshake is kept and sent afterwards, encrypted. What the peer has
sent before is dropped by the connection: RFC 3207, section 4.2, and its counterparts for
other protocols require that nothing from before the handshake counts afterwards.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Task, Transport
from collections.abc import Callable
from ssl import SSLContext, create_default_context

from Kamaelia.Internet.Addresses import notResolved
from Kamaelia.Internet.Connection import Connection
from Kamaelia.Internet.TLSAlerts import withAlerts

#: Called at the end with the encrypted transport, or with None and the reason.
Done = Callable[[Transport | None, Exception | None], None]


class TLSHandshake:
    """TLSHandshake(adapter, transport, context, done): one handshake on the plain `transport`."""

    def __init__(
        self,
        adapter: Connection,
        transport: Transport,
        context: SSLContext,
        done: Done,
    ) -> None:
        self._adapter = adapter
        self._transport = transport
        self._context = context
        self._done = done
        self._task: Task[None] | None = None
        self.unsent: list[bytes] = []  # what was sent meanwhile

    def start(self, loop: AbstractEventLoop) -> None:
        """Start the handshake on the event loop."""
        self._transport.pause_reading()
        self._task = loop.create_task(self._run(loop))

    def cancel(self) -> None:
        """Stop the handshake. `done` is not called then."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, loop: AbstractEventLoop) -> None:
        transport, reason = None, None
        adapter = self._adapter
        try:
            name = None if adapter.isServer else certificateName(adapter.serverHostname)
            descriptor = self._transport.get_extra_info("socket").fileno()
            transport = await loop.start_tls(
                self._transport,
                adapter,
                withAlerts(self._context, descriptor),
                server_side=adapter.isServer,
                server_hostname=name,
            )
        except (OSError, ValueError) as error:  # ValueError: a client needs a name
            reason = error.with_traceback(None)  # its frames would keep the TLS objects alive
        self._done(transport, reason)


def contextFor(adapter: Connection, message: object) -> SSLContext:
    """Return the context for TLS: `message`, if it is one, or the default of the adapter.

    Raises TypeError if there is none on the side of a server.
    """
    context = message if isinstance(message, SSLContext) else adapter.sslContext
    if context is not None:
        return context
    if adapter.isServer:
        raise TypeError(
            f"{adapter.name} needs an SSLContext with a certificate on 'makessl', not {message!r}"
        )
    return create_default_context()


def certificateName(name: str | None) -> str | None:
    """Return `name`. Raises OSError if no certificate can have this name.

    Python's ssl module raises UnicodeError, ValueError or TypeError for it, at a time when the
    event loop can no longer close the socket.
    """
    try:
        if name is not None and (name[:1] in ("", ".") or "\0" in name):
            raise ValueError("it is empty, begins with a dot or contains a NUL")
        if name is not None:
            name.encode("idna")
    except ValueError as error:
        raise notResolved(name, error) from error
    return name
