"""One component after the other, each created when it is asked for.

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
The factory makes a component of each message to "next". This component has the
inbox and the outbox of the Carousel. There is never more than one: a message that
comes to "next" while a component runs waits until this one has ended. It is told
to end (shutdownMicroprocess), and what comes to "inbox" from then on is for its
successor. When a component has ended and no message is in "next", "NEXT" asks for one.

Termination: a producerFinished is passed on to the running component; the Carousel
ends when that has ended and every message in "next" has had its component. A
shutdownMicroprocess discards the messages in "next". Either is then sent on.
"""

from collections.abc import Callable, Iterator
from typing import Any

from Axon.ComponentCheck import madeComponent
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent

__all__ = ["Carousel"]


class Carousel(parent):
    """Carousel(componentFactory[, make1stRequest]) -> runs what the factory makes, one at a time.

    componentFactory: called with each message to "next"; returns a component.
    make1stRequest: True to send "NEXT" at the beginning, too.
    """

    Inboxes = {
        "inbox": "goes to the component",
        "next": "what to make the next component of",
        "control": "when to stop",
    }
    Outboxes = {
        "outbox": "comes from the component",
        "signal": "the message that ended the Carousel",
        "requestNext": '"NEXT" when another message to "next" is wanted',
    }

    def __init__(
        self, componentFactory: Callable[[Any], Any], make1stRequest: bool = False
    ) -> None:
        super().__init__()
        self.factory = componentFactory
        self.make1stRequest = make1stRequest
        self._current: Any = None
        self._inward: Any = None  # the linkage from "inbox", until the component is told to end
        self._last: Any = None

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
        """Create the next component, or tell the one that runs to end first."""
        if self._current is None:
            self.instantiateNewChild(self.recv("next"))
            if self._last is not None and not self.dataReady("next"):
                self.shutdownChild(self._last)
        if self.dataReady("next") and self._inward is not None:
            self.unlink(thelinkage=self._inward)
            self._inward = None
            self.shutdownChild(shutdownMicroprocess(self))

    def requestNext(self) -> None:
        """Ask for the message of which the next component is made."""
        self.send("NEXT", "requestNext")

    def instantiateNewChild(self, args: Any) -> None:
        """Create the next component."""
        self._current = child = madeComponent(self.factory(args), "componentFactory", self)
        self._inward = self.link((self, "inbox"), (child, "inbox"), passthrough=1)
        self.link((child, "outbox"), (self, "outbox"), passthrough=2)
        self.adopt(child)

    def handleChildTerminations(self) -> None:
        """Part from the component if it has ended, and ask for another one if none waits."""
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
        """Send `shutdownMsg` to the component that runs, if there is one."""
        if self._current is not None:
            self._current.deliver(shutdownMsg, "control")


__kamaelia_components__ = (Carousel,)
