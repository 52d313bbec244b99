"""Exceptions for network components and for parsers of requests.

How does it work?
-----------------
They all are AxonExceptions. The library itself sends the end of a connection as a message,
socketShutdown; a program may raise these.
"""

from typing import Any

from Axon.AxonExceptions import AxonException

__all__ = [
    "BadRequest",
    "connectionClosedown",
    "connectionDied",
    "connectionDiedReceiving",
    "connectionDiedSending",
    "connectionServerShutdown",
    "socketSendFailure",
]


class socketSendFailure(AxonException):
    """A socket could not send."""


class connectionClosedown(AxonException):
    """A connection has been closed."""


class connectionDied(connectionClosedown):
    """A connection has been closed by an error."""


class connectionDiedSending(connectionDied):
    """A connection has been closed by an error while data was sent."""


class connectionDiedReceiving(connectionDied):
    """A connection has been closed by an error while data was received."""


class connectionServerShutdown(connectionClosedown):
    """A connection has been closed because its server ends."""


class BadRequest(AxonException):
    """BadRequest(request, innerexception): `exception` occurred while `request` was parsed."""

    def __init__(self, request: Any, innerexception: Any) -> None:
        super().__init__(request, innerexception)
        self.request = request
        self.exception = innerexception
