"""Exceptions for network components and for parsers of requests.

How does it work?
-----------------
The library itself sends the end of a connection as a message, socketShutdown; a program may raise
these. They are AxonExceptions, except BadRequest, which is raised by plain code (requestLine).
"""

from Axon.AxonExceptions import AxonException
from Kamaelia.Support.Data.requestLine import BadRequest

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
