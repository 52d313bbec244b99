"""TLS handshakes that fail send their alert to the peer.

Example usage
-------------
    sendAlertsTo(sock.fileno())
    await loop.start_tls(transport, protocol, withAlerts(context), server_side=True)

How does it work?
-----------------
OpenSSL writes an alert that says why a handshake fails (RFC 8446, section 6.2). Event
loops drop it: they close the connection before they have sent what OpenSSL wrote. Here
the object that takes part in the handshake sends it at the moment of the failure.

An event loop asks the SSLContext for that object. So withAlerts() makes a context, one for
each original, that asks the original. The connection is known by a context variable. An
event loop asks in the context in which the connection (uvloop) or the handshake (asyncio)
was begun, so it is set in both.
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
    """AlertingContext(original) -> an SSLContext for event loops, with the original's settings."""

    original: ssl.SSLContext

    def __new__(cls, original: ssl.SSLContext) -> AlertingContext:
        self = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        self.original = original
        return self

    def __init__(self, original: ssl.SSLContext) -> None:
        """Take no settings: those of the original count."""

    def wrap_bio(self, incoming: Any, outgoing: Any, *args: Any, **more: Any) -> Any:
        """What an event loop asks for at the beginning of a handshake."""
        taking = self.original.wrap_bio(incoming, outgoing, *args, **more)
        descriptor = _descriptor.get()
        return taking if descriptor is None else Handshake(taking, outgoing, descriptor)


class Handshake:
    """An SSLObject that sends what is left to say when its handshake fails."""

    __slots__ = ("_descriptor", "_outgoing", "_taking", "read", "write")

    def __init__(self, taking: ssl.SSLObject, outgoing: ssl.MemoryBIO, descriptor: int) -> None:
        self._taking, self._outgoing, self._descriptor = taking, outgoing, descriptor
        self.read, self.write = taking.read, taking.write  # called for each piece of data

    def do_handshake(self) -> None:
        try:
            self._taking.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError:
            with suppress(OSError):  # the peer has gone, or takes nothing
                os.write(self._descriptor, self._outgoing.read())
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._taking, name)


@lru_cache(maxsize=16)  # a program has a few contexts, and one takes long to make
def withAlerts(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return a context like this one for handshakes that send their alerts."""
    return AlertingContext(context)


def sendAlertsTo(descriptor: int) -> None:
    """Send the alerts of handshakes that begin in this context to this connection."""
    _descriptor.set(descriptor)
