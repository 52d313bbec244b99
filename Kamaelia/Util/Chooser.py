"""Steps through items when it is told to.

Example usage
-------------
    Pipeline(Buttons(), Chooser(["one.png", "two.png"], loop=True), Display()).run()

How does it work?
-----------------
The first item is sent at the beginning. "NEXT", "PREV", "FIRST" and "LAST" go to
another and send it, "SAME" sends it again; where there is none, nothing is sent.

Termination: at a shutdownMicroprocess; a ForwardIteratingChooser also when it is
asked for an item after the last, with a producerFinished.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["Chooser", "ForwardIteratingChooser"]


class _chooser(component):
    Inboxes = {"inbox": "where to go", "control": "shutdownMicroprocess"}
    Outboxes = {"outbox": "the item", "signal": "whatever ended it"}

    moves: dict[str, str] = {}
    isOver = False

    def main(self) -> Iterator[int]:
        self._show()
        while True:
            for order in self.Inbox():
                if order == "SAME" or (order in self.moves and self._isMoved(self.moves[order])):
                    self._show()
            if self.isOver or plainResult(self.shutdown(), "shutdown", self):
                return
            yield from self.waitForMessage()

    def _isMoved(self, move: str) -> bool:
        """Call the method `move`, and return whether there is an item to send."""
        return bool(plainResult(getattr(self, move)(), move, self))

    def _show(self) -> None:
        try:
            choice = self.getCurrentChoice()
        except IndexError:
            return
        self.send(choice)

    def getCurrentChoice(self) -> Any:
        """The item; IndexError if there is none."""
        raise IndexError("there is nothing to choose from")

    def shutdown(self) -> bool:
        """Passes a shutdownMicroprocess on; True if there was one."""
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                self.send(message, "signal")
                return True
        return False


class Chooser(_chooser):
    """Chooser([items][, loop]) -> steps through a list; with `loop` the first follows the last."""

    moves = {"NEXT": "gotoNext", "PREV": "gotoPrev", "FIRST": "gotoFirst", "LAST": "gotoLast"}

    def __init__(self, items: Iterable[Any] = (), loop: bool = False) -> None:
        super().__init__()
        self.items = list(items)
        self.index = 0
        self.loop = loop

    def getCurrentChoice(self) -> Any:
        """The item; IndexError if there is none."""
        return self.items[self.index]

    def gotoNext(self) -> bool:
        """Goes one on; False at the end."""
        return self._goto(self.index + 1)

    def gotoPrev(self) -> bool:
        """Goes one back; False at the beginning."""
        return self._goto(self.index - 1)

    def gotoFirst(self) -> bool:
        """Goes to the first item."""
        return self._goto(0)

    def gotoLast(self) -> bool:
        """Goes to the last item."""
        return self._goto(len(self.items) - 1)

    def _goto(self, index: int) -> bool:
        if self.loop and self.items:
            index %= len(self.items)
        isThere = 0 <= index < len(self.items)
        if isThere:
            self.index = index
        return isThere


class ForwardIteratingChooser(_chooser):
    """ForwardIteratingChooser([items]) -> steps through an iterable, which may have no end.

    It knows "NEXT" and "SAME".
    """

    moves = {"NEXT": "gotoNext"}

    def __init__(self, items: Iterable[Any] = ()) -> None:
        super().__init__()
        self.items = iter(items)
        self._current = list(self._take())

    def _take(self) -> Iterator[Any]:
        for item in self.items:
            yield item
            return

    def getCurrentChoice(self) -> Any:
        """The item; IndexError if there is none."""
        return self._current[0]

    def gotoNext(self) -> bool:
        """Goes one on; at the end it says so, and ends."""
        following = list(self._take())
        if following:
            self._current = following
        elif not self.isOver:
            self.isOver = True
            self.send(producerFinished(self), "signal")
        return bool(following)


__kamaelia_components__ = (Chooser, ForwardIteratingChooser)
