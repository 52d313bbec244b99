"""A chassis with one component at a time, each created on request.

Example usage
-------------
    player = Carousel(lambda path: Pipeline(Reader(path), Decoder()), make1stRequest=True)
    Graphline(
        LIST=Chooser(paths), PLAYER=player,
        linkages={
            ("PLAYER", "requestNext"): ("LIST", "inbox"),
            ("LIST", "outbox"): ("PLAYER", "next"),
            ("LIST", "signal"): ("PLAYER", "control"),
        },
    )

How does it work?
-----------------
The factory creates a component from each message in "next". This component has the inbox and the
outbox of the Carousel. If a message arrives in "next" while a component runs, the component is
told to end (shutdownMicroprocess), and later messages to "inbox" are for its successor, which is
created when it has ended. "NEXT" is sent when a component has ended and "next" is empty.

Termination: producerFinished is passed on to the running component; the Carousel ends when every
message in "next" has had its component. shutdownMicroprocess discards the messages in "next".
"""

from collections.abc import Callable, Iterator
from typing import Any

from Axon.ComponentCheck import madeComponent
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent

__all__ = ["Carousel"]


class Carousel(parent):
    """Carousel(componentFactory[, make1stRequest]): runs components from a factory, one at a time.

    componentFactory: called with each message from "next"; returns a component.
    make1stRequest: True to send "NEXT" at the beginning, too.
    """

    Inboxes = {
        "inbox": "any message, for the running component",
        "next": "any message: the argument of the factory for the next component",
        "control": "producerFinished or shutdownMicroprocess: end",
    }
    Outboxes = {
        "outbox": "the messages of the running component",
        "signal": "the message that has ended the Carousel",
        "requestNext": '"NEXT": the request for another message in "next"',
    }

    def __init__(
        self, componentFactory: Callable[[Any], Any], make1stRequest: bool = False
    ) -> None:
        super().__init__()
        self.factory = componentFactory
        self.make1stRequest = make1stRequest
        self._current: Any = None
        self._inward: Any = None  # the linkage from "inbox", until the component is told to end
        self._last: Any = None  # the message from "control" that ends the Carousel

    def main(self) -> Iterator[int]:
        if self.make1stRequest:
            self.requestNext()
        while True:
            self.checkControl()
            if isinstance(self._last, shutdownMicroprocess):
                self.discardUnread("next")
            self.handleChildTerminations()
            if self.dataReady("next"):
                self._makeWay()
            elif self._current is None and self._last is not None:
                break
            yield from self.waitForChange()
        self.send(self._last, "signal")

    def _makeWay(self) -> None:
        """Create the next component, or first tell the running component to end."""
        if self._current is None:
            self.instantiateNewChild(self.recv("next"))
            if self._last is not None and not self.dataReady("next"):
                self.shutdownChild(self._last)
        if self.dataReady("next") and self._inward is not None:
            self.unlink(thelinkage=self._inward)
            self._inward = None
            self.shutdownChild(shutdownMicroprocess(self))

    def requestNext(self) -> None:
        """Request the message for the next component."""
        self.send("NEXT", "requestNext")

    def instantiateNewChild(self, args: Any) -> None:
        """Create the next component, with `args` as the argument of the factory."""
        self._current = child = madeComponent(self.factory(args), "componentFactory", self)
        self._inward = self.link((self, "inbox"), (child, "inbox"), passthrough=1)
        self.link((child, "outbox"), (self, "outbox"), passthrough=2)
        self.adopt(child)

    def handleChildTerminations(self) -> None:
        """Remove the component if it has ended, and request another one if no message waits."""
        if self.childrenDone() and self._current is not None:
            self._current = self._inward = None
            if self._last is None and not self.dataReady("next"):
                self.requestNext()

    def checkControl(self) -> None:
        """Act on the messages in "control"."""
        for message in self.Inbox("control"):
            isFirst = self._last is None
            if isinstance(message, shutdownMicroprocess) or (
                isinstance(message, producerFinished) and isFirst
            ):
                self._last = message
                self.shutdownChild(message)

    def shutdownChild(self, shutdownMsg: Any) -> None:
        """Send `shutdownMsg` to the running component, if there is one."""
        if self._current is not None:
            self._current.deliver(shutdownMsg, "control")


__kamaelia_components__ = (Carousel,)
