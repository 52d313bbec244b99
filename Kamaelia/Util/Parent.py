"""A component that has children: the common part of all chassis.

Example usage
-------------
    class Both(parent):
        def main(self):
            self.adopt(Left(), Right())
            yield from self.waitForChildren()

How does it work?
-----------------
When a child has ended, the linkages that its parent made with it are removed, so that no
message accumulates in an inbox without a reader. A waiting parent sleeps. The end of a child
wakes it, and so does a message to its own inboxes, but not a message that passes through them.

A parent is told which child has ended and does not search its children, so n children end in
time proportional to n.

A chassis with a plan (plannedParts, plannedLinkages) can be drawn and checked before it runs.

Termination: waitForChildren() returns when every child has ended.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from Axon.Component import component
from Axon.YieldCheck import waitMethod

# Source and sink, each a component and a box, and further arguments of component.link.
PlannedLinkage = tuple[tuple[Any, str], tuple[Any, str], dict[str, Any]]


def hasPlan(system: Any) -> bool:
    """Return whether a component says what it will have: plannedParts() and plannedLinkages()."""
    return hasattr(type(system), "plannedParts")


class parent(component):
    """A component that has children."""

    _ended: Any = ()  # the children that have ended and have not been removed: the keys of a dict

    def plannedParts(self) -> Mapping[str, Any]:
        """Return the components that this chassis has when it starts, by name."""
        return {}

    def plannedLinkages(self) -> Iterable[PlannedLinkage]:
        """Yield the linkages that this chassis makes when it starts."""
        return ()

    def makePlannedLinkages(self) -> None:
        """Make the linkages that plannedLinkages() yields."""
        for source, sink, options in self.plannedLinkages():
            self.link(source, sink, **options)

    def adopt(self, *children: Any) -> None:
        """Make components children of this one, and activate them in order."""
        self.addChildren(*children)
        for child in children:
            child.activate()

    def addChildren(self, *children: Any) -> None:
        """Make components children of this one, which is woken when one of them ends."""
        super().addChildren(*children)
        for child in children:
            if child.isStopped():
                self.childEnded(child)

    def childEnded(self, child: Any) -> None:
        self._ended = self._ended or {}
        self._ended[child] = None
        super().childEnded(child)

    def removeChild(self, child: Any) -> None:
        """Remove a child and the linkages with it, as component.removeChild does."""
        if child in self._ended:
            del self._ended[child]
        super().removeChild(child)

    def endedChildren(self) -> list[Any]:
        """Return the children that have ended and have not been removed, in that order."""
        return list(self._ended)

    def childrenDone(self) -> bool:
        """Remove the children that have ended; return True if none is left."""
        ended, self._ended = self._ended, ()
        for child in ended:
            self.dropChild(child)
        return not self.hasChildren()

    @waitMethod("waitForChildren")
    def waitForChildren(self) -> Iterator[int]:
        """Wait until every child has ended (with `yield from`)."""
        while not self.childrenDone():
            yield from self.waitForChange()

    def discardUnread(self, *boxnames: str) -> None:
        """Discard the messages in inboxes that have no reader any more."""
        for boxname in boxnames:
            for _ in self.Inbox(boxname):
                pass


__kamaelia_components__ = (parent,)
