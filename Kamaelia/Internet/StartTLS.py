"""STARTTLS for a connection: what came in the clear is dropped, what is sent meanwhile is kept."""

from __future__ import annotations

from collections.abc import Callable
from ssl import SSLContext, create_default_context
from typing import Any

from Kamaelia.Internet.Addresses import notResolved
from Kamaelia.Internet.Alerts import sendAlertsTo, withAlerts


def certificateName(name: str | None) -> str | None:
    """Return `name`. Raises OSError if no certificate can have it.

    Python's ssl module raises UnicodeError, ValueError or TypeError when it is too late
    for an event loop to close the socket.
    """
    try:
        if name is not None and (name[:1] in ("", ".") or "\0" in name):
            raise ValueError("it is empty, begins with a dot or contains a NUL")
        if name is not None:
            name.encode("idna")
    except ValueError as error:
        raise notResolved(name, error) from error
    return name


class StartTLS:
    """What a ConnectedSocketAdapter knows of TLS: mixed into it."""

    name: Any
    inboxes: Any
    outboxes: Any
    scheduler: Any
    send: Any
    transport: Any
    _task: Any
    _transmit: Callable[[Any], None]
    _unsent: Any
    _isReading: bool
    _isOver: bool
    _isClosing: bool
    connection_lost: Callable[[Exception | None], None]
    patience: float
    close: Callable[[float], None]

    isServer = False
    serverHostname: str | None = None
    sslContext: SSLContext | None = None
    _handshake: Any = None
    _isToClose = False  # as soon as the handshake is done

    def isEncrypted(self) -> bool:
        """Whether TLS has begun."""
        transport = self.transport
        return transport is not None and transport.get_extra_info("sslcontext") is not None

    def _beginTLS(self, message: Any) -> None:
        """Begin TLS, whatever `message` is; only an SSLContext is used as one.

        RFC 3207, section 4.2: nothing that was said before counts afterwards.
        """
        if self._isOver or self._isClosing or self._handshake is not None:
            return
        context = message if isinstance(message, SSLContext) else self.sslContext
        if context is None and self.isServer:
            raise TypeError(
                f"{self.name} needs an SSLContext with a certificate on 'makessl', not {message!r}"
            )
        kept: list[Any] = []
        self._transmit = kept.append
        self.transport.pause_reading()
        unread = self.outboxes["outbox"]
        if unread:
            unread.clear()
        self._unsent, self._isReading = None, True
        work = self._shakeHands(context or create_default_context(), kept)
        self._handshake = self.scheduler.loop.create_task(work)

    async def _shakeHands(self, context: SSLContext, kept: list[Any]) -> None:
        plain, transport, reason = self.transport, None, None
        try:
            name = None if self.isServer else certificateName(self.serverHostname)
            sendAlertsTo(plain.get_extra_info("socket").fileno())
            transport = await self.scheduler.loop.start_tls(
                plain,
                self,
                withAlerts(context),
                server_side=self.isServer,
                server_hostname=name,
            )
        except (OSError, ValueError) as error:  # ValueError: a name is missing
            reason = error.with_traceback(None)  # whose frames would keep all of TLS
        self._handshake = None
        if self._isOver or transport is None:
            plain.abort()
            self.connection_lost(reason)
            return
        self.transport, self._transmit = transport, transport.write
        for data in kept:
            self._transmit(data)
        self.send(True, "sslready")
        if self._isToClose:
            self.close(self.patience)
        self._task.nudge()
