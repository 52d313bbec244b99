"""The historical import path of Kamaelia.Exceptions."""

from Kamaelia.Exceptions import (
    BadRequest,
    connectionClosedown,
    connectionDied,
    connectionDiedReceiving,
    connectionDiedSending,
    connectionServerShutdown,
    socketSendFailure,
)

__all__ = [
    "BadRequest",
    "connectionClosedown",
    "connectionDied",
    "connectionDiedReceiving",
    "connectionDiedSending",
    "connectionServerShutdown",
    "socketSendFailure",
]
