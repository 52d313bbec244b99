"""A conversation with a user, line by line; the base of the components of the bulletin board.

Example usage
-------------
    class Greeter(RequestResponseComponent):
        def main(self):
            self.send("What is your name? ")
            yield self.waitMsg()
            self.netPrint("Hello, " + self.getMsg()[:-2])

How does it work?
-----------------
waitMsg() waits for a line or the end. getMsg() returns the line, with its line end, and raises
GotShutdownMessage at the end. The caller catches that and passes the message on "control" on.

Termination: when main() of the subclass ends.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from Axon.Component import component
from Axon.Ipc import WaitComplete, producerFinished
from Kamaelia.Apps.Europython09.BB.Exceptions import GotShutdownMessage
from Kamaelia.File.Waits import inThread

__all__ = ["RequestResponseComponent"]

T = TypeVar("T")


class RequestResponseComponent(component):
    """A component that talks with a user. Subclasses define main()."""

    Inboxes = {"inbox": 'str: lines that end with "\\r\\n"', "control": "anything: end"}
    Outboxes = {"outbox": "str: text for the user", "signal": "the message from control"}

    State: dict[str, Any] = {}  # what the steps of one conversation share

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        if "State" not in vars(self):
            self.State = {}  # the class's dict would be shared by all users

    def waitMsg(self) -> WaitComplete:
        """Return what to yield to wait for a line or a message on "control"."""
        return WaitComplete(self._waitForLine())

    def _waitForLine(self) -> Generator[int, None, None]:
        while not (self.dataReady("inbox") or self.dataReady("control")):
            yield from self.waitForMessage()

    def checkControl(self) -> None:
        """Raise GotShutdownMessage if a message waits on "control"."""
        if self.dataReady("control"):
            raise GotShutdownMessage

    def getMsg(self) -> str:
        """Return the line. Raises GotShutdownMessage if there is none because the user has gone."""
        if not self.dataReady("inbox"):
            self.checkControl()
        line: str = self.recv("inbox")
        return line

    def netPrint(self, arg: str) -> None:
        """Send a line of text to the user."""
        self.send(arg + "\r\n")

    def inThread(self, function: Callable[[], T]) -> Generator[int, None, T]:
        """`yield from` this to call a function that reads or writes files, in a thread."""
        return (yield from inThread(self, function))

    def main(self) -> Generator[Any, None, None]:
        self.send("no protocol attached\r\n\r\n")
        self.send(producerFinished(), "signal")
        yield 1


__kamaelia_components__ = (RequestResponseComponent,)
