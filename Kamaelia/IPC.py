"""What network components and the selector tell each other, beyond Axon.Ipc.

Example usage
-------------
    self.send(newReader(self, ((self, "ReadReady"), sock)), "_selectorSignal")
    if isinstance(self.recv("control"), socketShutdown): ...

How does it work?
-----------------
They are plain values, told apart with isinstance. Those that are a notify carry
what they are about as `.object`, and who says so as `.caller`.
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
    """socketShutdown(caller=None, message=None) -> the connection is closed; message: why."""


class serverShutdown(shutdownMicroprocess):
    """serverShutdown() -> a server is to stop accepting, and to end."""


# About connections


class newCSA(notify):
    """newCSA(caller, CSA, sock=None) -> there is a new connection; `.object` is its adapter."""

    def __init__(self, caller: Any, CSA: Any, sock: Any = None) -> None:
        super().__init__(caller, CSA)
        self.sock = sock

    def handlesWriting(self) -> bool:
        """Whether something can be sent to it."""
        return True


class shutdownCSA(notify):
    """shutdownCSA(caller, CSA) -> a connection has ended; `.object` is its adapter."""

    def __init__(self, caller: Any, CSA: Any) -> None:
        super().__init__(caller, CSA)

    def shutdown(self) -> bool:
        """Always true: this is an end."""
        return True


class newServer(notify):
    """newServer(caller, CSA, sock=None) -> there is a new listening socket; `.object` owns it."""

    def __init__(self, caller: Any, CSA: Any, sock: Any = None) -> None:
        super().__init__(caller, CSA)
        self.sock = sock

    def handlesWriting(self) -> bool:
        """Whether something can be sent to it."""
        return False


# To the selector


class _selectable(notify):
    """`.object` is ((component, inbox), descriptor): whom to tell, and of what."""

    def __init__(self, caller: Any, CSA: Any) -> None:
        super().__init__(caller, CSA)


class newReader(_selectable):
    """newReader(caller, ((component, inbox), sock)) -> tell the inbox when `sock` can be read."""


class newWriter(_selectable):
    """newWriter(caller, ((component, inbox), sock)) -> tell the inbox when `sock` takes data."""


class newExceptional(_selectable):
    """newExceptional(caller, ((component, inbox), sock)) -> tell the inbox of urgent data."""


class removeReader(_selectable):
    """removeReader(caller, sock) -> no more word of when `sock` can be read."""


class removeWriter(_selectable):
    """removeWriter(caller, sock) -> no more word of when `sock` can be written."""


class removeExceptional(_selectable):
    """removeExceptional(caller, sock) -> no more word of urgent data."""
