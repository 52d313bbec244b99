"""Messages between network components, and to the Selector, in addition to those of Axon.Ipc.

Example usage
-------------
    self.send(newReader(self, ((self, "ReadReady"), sock)), "_selectorSignal")
    if isinstance(self.recv("control"), socketShutdown): ...

How does it work?
-----------------
The messages are plain values, which isinstance tells apart. A subclass of notify has its subject
in `.object` and its sender in `.caller`.
"""

from typing import Any

from Axon.Ipc import notify, producerFinished, shutdownMicroprocess

__all__ = [
    "newCSA",
    "newExceptional",
    "newReader",
    "newServer",
    "newWriter",
    "removeExceptional",
    "removeReader",
    "removeWriter",
    "serverShutdown",
    "shutdownCSA",
    "socketShutdown",
]


# Through "signal" and "control"


class socketShutdown(producerFinished):
    """socketShutdown([caller][, message]): a connection has ended. message: the error, or None."""


class serverShutdown(shutdownMicroprocess):
    """serverShutdown(): the order to a server to accept no more connections, and to end."""


# Connections


class newCSA(notify):
    """newCSA(caller, CSA[, sock]): there is a new connection, whose adapter is `.object`."""

    def __init__(self, caller: Any, CSA: Any, sock: Any = None) -> None:
        super().__init__(caller, CSA)
        self.sock = sock

    def handlesWriting(self) -> bool:
        """Return True: data can be sent to a connection."""
        return True


class shutdownCSA(notify):
    """shutdownCSA(caller, CSA): a connection has ended, whose adapter is `.object`."""

    def __init__(self, caller: Any, CSA: Any) -> None:
        super().__init__(caller, CSA)

    def shutdown(self) -> bool:
        """Return True: this is the end of a connection."""
        return True


class newServer(notify):
    """newServer(caller, CSA[, sock]): there is a new listening socket, owned by `.object`."""

    def __init__(self, caller: Any, CSA: Any, sock: Any = None) -> None:
        super().__init__(caller, CSA)
        self.sock = sock

    def handlesWriting(self) -> bool:
        """Return False: no data can be sent to a listening socket."""
        return False


# Requests to the Selector


class _selectable(notify):
    """_selectable(caller, request): the base of the requests; `.object` is the request."""

    def __init__(self, caller: Any, CSA: Any) -> None:
        super().__init__(caller, CSA)


class newReader(_selectable):
    """newReader(caller, ((component, inbox), sock)): report when `sock` can be read."""


class newWriter(_selectable):
    """newWriter(caller, ((component, inbox), sock)): report when `sock` can be written."""


class newExceptional(_selectable):
    """newExceptional(caller, ((component, inbox), sock)): report when urgent data has arrived."""


class removeReader(_selectable):
    """removeReader(caller, sock): withdraw the request of newReader."""


class removeWriter(_selectable):
    """removeWriter(caller, sock): withdraw the request of newWriter."""


class removeExceptional(_selectable):
    """removeExceptional(caller, sock): withdraw the request of newExceptional."""
