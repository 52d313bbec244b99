"""TLS alerts: the peer learns why a handshake has failed.

Example usage
-------------
    sendAlertsTo(sock.fileno())
    await loop.start_tls(transport, protocol, withAlerts(context), server_side=True)

How does it work?
-----------------
OpenSSL writes an alert that contains the reason of a failure (RFC 8446, section 6.2). Event
loops drop it: they close the connection before they send what OpenSSL has written. Here the
object that performs the handshake sends the alert at the moment of the failure.

An event loop gets that object from an SSLContext, so withAlerts() returns a context that wraps
the original one. The object finds its connection in a context variable. uvloop asks for the
object in the context in which the connection was made, and asyncio in the context in which the
handshake was started, so the variable is set in both.
"""

from __future__ import annotations

import os
import ssl
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

_descriptor: ContextVar[int | None] = ContextVar("_descriptor", default=None)


class AlertingContext(ssl.SSLContext):
    """AlertingContext(original): an SSLContext for event loops, with the settings of `original`."""

    original: ssl.SSLContext

    def __new__(cls, original: ssl.SSLContext) -> AlertingContext:
        self = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        self.original = original
        return self

    def __init__(self, original: ssl.SSLContext) -> None:
        """Set nothing: the settings of `original` apply."""

    def wrap_bio(
        self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any
    ) -> Any:
        """Return the object that performs a handshake. Event loops call it at its start."""
        sslObject = self.original.wrap_bio(incoming, outgoing, *args, **options)
        descriptor = _descriptor.get()
        return sslObject if descriptor is None else Handshake(sslObject, outgoing, descriptor)


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


@lru_cache(maxsize=16)  # a program has few contexts, and creating one takes long
def withAlerts(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return a context like `context` whose failed handshakes send their alerts."""
    return AlertingContext(context)


def sendAlertsTo(descriptor: int) -> None:
    """Send the alerts of handshakes that start in this context to the socket `descriptor`."""
    _descriptor.set(descriptor)
