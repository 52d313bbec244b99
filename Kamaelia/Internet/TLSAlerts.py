"""TLS alerts: the peer learns why a handshake has failed.

Example usage
-------------
    context = withAlerts(context, sock.fileno())
    await loop.start_tls(transport, protocol, context, server_side=True)

How does it work?
-----------------
OpenSSL writes an alert that contains the reason of a failure (RFC 8446, section 6.2). Event
loops drop it: they close the connection before they send what OpenSSL has written. Here the
object that performs the handshake sends the alert at the moment of the failure.

An event loop gets that object from an SSLContext, so withAlerts() returns a context that wraps
the original one for one handshake. Creating a context takes a tenth of the time of a handshake,
so a context that has returned its object is used again.
"""

from __future__ import annotations

import os
import ssl
from contextlib import suppress
from typing import Any

MOST_UNUSED = 16  # contexts that are kept for the next handshakes


class AlertingContext(ssl.SSLContext):
    """AlertingContext(): an SSLContext for one handshake, with the settings of `original`."""

    original: ssl.SSLContext | None
    descriptor: int  # of the socket, to which alerts are sent

    def __new__(cls) -> AlertingContext:
        return super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)

    def __init__(self) -> None:
        """Set nothing: the settings of `original` apply."""

    def wrap_bio(
        self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any
    ) -> Any:
        """Return the object that performs the handshake. Event loops call it at its start."""
        original, self.original = self.original, None
        if original is None:
            raise ValueError("withAlerts() returns a context for one handshake")
        sslObject = original.wrap_bio(incoming, outgoing, *args, **options)
        handshake = Handshake(sslObject, outgoing, self.descriptor)
        if len(_unused) < MOST_UNUSED:
            _unused.append(self)
        return handshake


_unused: list[AlertingContext] = []


class Handshake:
    """Handshake(sslObject, outgoing, descriptor): an SSLObject that sends its alert on failure."""

    __slots__ = ("_descriptor", "_outgoing", "_sslObject", "read", "write")

    def __init__(self, sslObject: ssl.SSLObject, outgoing: ssl.MemoryBIO, descriptor: int) -> None:
        self._sslObject, self._outgoing, self._descriptor = sslObject, outgoing, descriptor
        self.read, self.write = sslObject.read, sslObject.write  # called for each piece of data

    def do_handshake(self) -> None:
        """Continue the handshake. Send the alert before an ssl.SSLError is raised."""
        try:
            self._sslObject.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError:
            with suppress(OSError):  # the peer has closed the connection, or does not read
                os.write(self._descriptor, self._outgoing.read())
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sslObject, name)


def withAlerts(context: ssl.SSLContext, descriptor: int) -> ssl.SSLContext:
    """Return a context like `context` for one handshake, which sends its alert if it fails.

    descriptor: that of the socket of the connection.
    """
    alerting = _unused.pop() if _unused else AlertingContext()
    alerting.original, alerting.descriptor = context, descriptor
    return alerting
