"""A component that others are the children of: what all chassis have in common.

Example usage
-------------
    class Both(parent):
        def main(self):
            self.adopt(Left(), Right())
            yield from self.waitForChildren()

How does it work?
-----------------
The linkages that a parent made with a child go when that child has ended, so
that nothing is sent to one who will never read it. While it waits it sleeps: a
child's end wakes it, and so does a message, but none that passes it by.

Termination: waitForChildren() is over when every child has ended.
"""

from collections.abc import Iterator
from typing import Any

from Axon.Component import component


class parent(component):
    """parent(**attributes) -> a component that has children."""

    def adopt(self, *children: Any) -> None:
        """Makes components children of this one, and activates them in order."""
        self.addChildren(*children)
        for child in children:
            child.activate()

    def childrenDone(self) -> bool:
        """Parts from the children that have ended; True if none is left."""
        for child in self.childComponents():
            if child._isStopped():
                self.removeChild(child)
                self.unlink(child)
        return not self.children

    def waitForChildren(self) -> Iterator[int]:
        """`yield from` this to wait until every child has ended."""
        while not self.childrenDone():
            yield from self.waitForChange()

    def discardUnread(self, *boxnames: str) -> None:
        """Throws away what waits in inboxes that nobody reads any more."""
        for boxname in boxnames:
            for _ in self.Inbox(boxname):
                pass
