"""A list of items through which commands step.

Example usage
-------------
    Pipeline(Buttons(), Chooser(["one.png", "two.png"], loop=True), Display()).run()

How does it work?
-----------------
The first item is sent at the beginning. "NEXT", "PREV", "FIRST" and "LAST" move to another item
and send it; "SAME" sends the current item again. If there is no such item, nothing is sent.

Termination: at a shutdownMicroprocess. A ForwardIteratingChooser also ends, with a
producerFinished, at a "NEXT" after the last item.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["Chooser", "ForwardIteratingChooser"]


class _chooser(component):
    Inboxes = {
        "inbox": "a command: NEXT, PREV, FIRST, LAST or SAME",
        "control": "shutdownMicroprocess: stop",
    }
    Outboxes = {
        "outbox": "the current item, after each command",
        "signal": "the shutdown message from control",
    }

    moves: dict[str, str] = {}  # names of methods, by message
    isOver = False  # whether there is no further item

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
        """Return the current item. Raise IndexError if there is none."""
        raise IndexError("there are no items")

    def shutdown(self) -> bool:
        """Pass a shutdownMicroprocess on; return True if there was one."""
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                self.send(message, "signal")
                return True
        return False


class Chooser(_chooser):
    """A list of items through which commands step in both directions.

    loop: True if the first item follows the last one.
    """

    moves = {"NEXT": "gotoNext", "PREV": "gotoPrev", "FIRST": "gotoFirst", "LAST": "gotoLast"}

    def __init__(self, items: Iterable[Any] = (), loop: bool = False) -> None:
        super().__init__()
        self.items = list(items)
        self.index = 0
        self.loop = loop

    def getCurrentChoice(self) -> Any:
        """Return the current item. Raise IndexError if there is none."""
        return self.items[self.index]

    def gotoNext(self) -> bool:
        """Move to the next item; return False at the end."""
        return self._goto(self.index + 1)

    def gotoPrev(self) -> bool:
        """Move to the previous item; return False at the beginning."""
        return self._goto(self.index - 1)

    def gotoFirst(self) -> bool:
        """Move to the first item; return False if there is none."""
        return self._goto(0)

    def gotoLast(self) -> bool:
        """Move to the last item; return False if there is none."""
        return self._goto(len(self.items) - 1)

    def _goto(self, index: int) -> bool:
        if self.loop and self.items:
            index %= len(self.items)
        isThere = 0 <= index < len(self.items)
        if isThere:
            self.index = index
        return isThere


class ForwardIteratingChooser(_chooser):
    """An iterable, which may be endless, through which commands step forwards.

    The commands are "NEXT" and "SAME".
    """

    moves = {"NEXT": "gotoNext"}  # names of methods, by message

    def __init__(self, items: Iterable[Any] = ()) -> None:
        super().__init__()
        self.items = iter(items)
        self._current = list(self._take())

    def _take(self) -> Iterator[Any]:
        for item in self.items:
            yield item
            return

    def getCurrentChoice(self) -> Any:
        """Return the current item. Raise IndexError if there is none."""
        return self._current[0]

    def gotoNext(self) -> bool:
        """Move to the next item; at the end, return False, send producerFinished and end."""
        following = list(self._take())
        if following:
            self._current = following
        elif not self.isOver:
            self.isOver = True
            self.send(producerFinished(self), "signal")
        return bool(following)


__kamaelia_components__ = (Chooser, ForwardIteratingChooser)
