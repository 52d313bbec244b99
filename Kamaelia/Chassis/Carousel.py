"""One component after the other, each made when it is asked for.

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
Each message to next is what the factory makes a component of, which then has
the inbox and the outbox of the whole. One that still runs is told to shut down;
what it has yet to send leaves, and it gets no more. When the one that runs has
ended, "NEXT" asks for another.

Termination: at a producerFinished when what waits in next has been made and has
ended; at a shutdownMicroprocess the component gets it too. Either is passed on.
"""

from collections.abc import Callable, Iterator
from typing import Any

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent

__all__ = ["Carousel"]


class Carousel(parent):
    """Carousel(componentFactory[, make1stRequest]) -> runs what the factory makes, one at a time.

    componentFactory: called with each message to next, gives a component.
    make1stRequest: True to ask for the first one, too.
    """

    Inboxes = {
        "inbox": "goes to the component",
        "next": "what to make the next component of",
        "control": "when to stop",
    }
    Outboxes = {
        "outbox": "comes from the component",
        "signal": "whatever ended the whole",
        "requestNext": '"NEXT" when another is wanted',
    }

    def __init__(
        self, componentFactory: Callable[[Any], Any], make1stRequest: bool = False
    ) -> None:
        super().__init__()
        self.factory = componentFactory
        self.make1stRequest = make1stRequest
        self._current: Any = None
        self._inward: Any = None
        self._last: Any = None

    def main(self) -> Iterator[int]:
        if self.make1stRequest:
            self.requestNext()
        while not self._isOver():
            if self.dataReady("next"):
                self.instantiateNewChild(self.recv("next"))
                yield 1  # one a turn
            else:
                yield from self.waitForChange()
            self.checkControl()
            self.handleChildTerminations()
        self.send(self._last, "signal")

    def _isOver(self) -> bool:
        return self._last is not None and not self.children and not self.dataReady("next")

    def requestNext(self) -> None:
        """Asks for what the next component is to be made of."""
        self.send("NEXT", "requestNext")

    def instantiateNewChild(self, args: Any) -> None:
        """Makes the next component, in place of the one that runs, if any."""
        if self._current is not None:
            self.shutdownChild(shutdownMicroprocess(self))
            self.unlink(thelinkage=self._inward)
        self._current = child = self.factory(args)
        self._inward = self.link((self, "inbox"), (child, "inbox"), passthrough=1)
        self.link((child, "outbox"), (self, "outbox"), passthrough=2)
        self.adopt(child)

    def handleChildTerminations(self) -> None:
        """Parts from the components that have ended, and asks for another."""
        hasEnded = self._current is not None and self._current._isStopped()
        self.childrenDone()
        if hasEnded:
            self._current = None
            if self._last is None:
                self.requestNext()

    def checkControl(self) -> None:
        """Heeds what came to control."""
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                self._last = message
                self.discardUnread("next")
                self.shutdownChild(message)
            elif isinstance(message, producerFinished) and self._last is None:
                self._last = message

    def shutdownChild(self, shutdownMsg: Any) -> None:
        """Tells the component that runs to end."""
        if self._current is not None:
            self._current._deliver(shutdownMsg, "control")
