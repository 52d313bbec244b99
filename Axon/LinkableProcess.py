"""Microprocesses whose boxes can be linked, and which have children.

How does it work?
-----------------
`link` asks the postoffice of this microprocess, which remembers the linkages that it has made
(Axon.Postoffice). The place of a box in the chains of linkages (Axon.Postbox) is created when
the box is first linked. A parent watches its children: it is woken when one of them ends.

Termination: at the end of a microprocess the linkages that it has made are removed, and its
inboxes release the components that wait for room in them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NoReturn

from Axon import Core
from Axon.AxonExceptions import emptyInbox, noSuchBox, wiringError
from Axon.Box import UNUSED, closeSinks, createSink, outbox, postbox, realsink
from Axon.Children import Children
from Axon.ComponentCheck import whyNoComponent
from Axon.Inboxes import InboxesOfComponent
from Axon.Linkage import BoxPair, linkage
from Axon.Microprocess import microprocess
from Axon.OutboxPlaces import Places, allPlaces, findPlace, placesOf, withPlace
from Axon.Postoffice import postoffice

__all__ = ["linkableprocess"]


class linkableprocess(microprocess):
    """A microprocess with boxes and children; Axon.Component.component sends and receives."""

    inboxes = InboxesOfComponent()
    outboxes: dict[str, Any]  # the sink in which the messages of each outbox end

    # component.__init__ sets these: an __init__ here would cost 3 % of each new component.
    _postoffice: postoffice | None
    _children: Children | None
    _linkedOutboxes: Places

    def placesOfInboxes(self) -> dict[str, realsink]:
        """Return the inboxes by name, as they are stored; UNUSED represents an unused one."""
        raise NotImplementedError

    # Linkages

    @property
    def postoffice(self) -> postoffice:
        """The postoffice that makes this component's linkages; it is created when it is read."""
        if self._postoffice is None:
            self._postoffice = postoffice()
        return self._postoffice

    @postoffice.setter
    def postoffice(self, office: postoffice | None) -> None:
        self._postoffice = office

    def link(
        self, source: BoxPair, sink: BoxPair, *optionalargs: Any, **kwoptionalargs: Any
    ) -> linkage:
        """Link (component, box name) to (component, box name), and return the linkage.

        For the other arguments see Axon.Postoffice.postoffice.link.
        """
        return self.postoffice.link(source, sink, *optionalargs, **kwoptionalargs)

    def unlink(self, thecomponent: Any = None, thelinkage: linkage | None = None) -> None:
        """Remove a linkage, or all linkages with a component, if this component made them."""
        if self._postoffice is not None:
            self._postoffice.unlink(thecomponent, thelinkage)

    def placeOfBox(self, boxname: str, isInbox: bool) -> postbox:
        """Return the place of an inbox or outbox among the linkages (Axon.Box.postbox).

        `placeOfSink.addsource(placeOfSource)` links two boxes without a postoffice; only
        `removesource` removes such a linkage. Raises KeyError if there is no such box.
        """
        if isInbox:
            inboxes = self.placesOfInboxes()
            sink = inboxes[boxname]
            return createSink(self, inboxes, boxname) if sink is UNUSED else sink
        places = self._linkedOutboxes
        place = findPlace(places, boxname) if places else None
        if place is None:
            if boxname not in self.outboxes:
                raise KeyError(boxname)
            place = outbox(self, boxname)
            self._linkedOutboxes = withPlace(places, place) if places else (place,)
        return place

    def linkedOutboxes(self) -> Collection[outbox]:
        """Return the outboxes that have been linked, as places among the linkages."""
        return allPlaces(self._linkedOutboxes)

    def sourcesOfLinkages(self) -> Collection[postbox]:
        """Return the boxes where the linkages start that this component has made."""
        office = self._postoffice
        return () if office is None else office.sources()

    def unlinkOutboxes(self, *boxnames: str) -> None:
        """Remove the linkages that start at these outboxes, or at all if none is named."""
        places = self._linkedOutboxes
        if not boxnames:
            self._linkedOutboxes = ()
        for place in allPlaces(places):
            if place.target is not None and (not boxnames or place.boxname in boxnames):
                place.target.removesource(place)

    def forgetOutboxes(self, isForgotten: Callable[[outbox], bool]) -> None:
        """Forget the places of outboxes for which `isForgotten` is true; they are unlinked."""
        kept = [place for place in self.linkedOutboxes() if not isForgotten(place)]
        self._linkedOutboxes = placesOf(kept)

    # Children

    @property
    def children(self) -> list[Any]:
        """This component's children, a list of its own; it is created when it is read."""
        return self._ownChildren().asList()

    @children.setter
    def children(self, children: list[Any] | None) -> None:
        self._children = None if children is None else Children(children)

    def _ownChildren(self) -> Children:
        if self._children is None:
            self._children = Children([])
        return self._children

    def hasChildren(self) -> bool:
        """Return whether this component has children."""
        return self._children is not None and len(self._children) > 0

    def addChildren(self, *children: Any) -> None:
        """Make components children of this one, which is woken when one of them ends."""
        for child in children:
            if not isinstance(child, microprocess) or not child.init:
                raise wiringError(f"{self.name} cannot add a child: {whyNoComponent(child)}")
            self._ownChildren().append(child)
            child.addWatcher(self)

    def removeChild(self, child: Any) -> None:
        """Remove a child, and the linkages that this component has made with it.

        Do nothing if `child` is not a child of this component.
        """
        isWatched = hasattr(child, "isWatchedBy") and child.isWatchedBy(self)
        if isWatched or child in self._ownChildren():  # one that has ended has no watchers
            self.dropChild(child)

    def dropChild(self, child: Any) -> None:
        """Remove `child`, which must be a child, in constant time even if there are many."""
        if hasattr(child, "removeWatcher"):
            child.removeWatcher(self)
        self._ownChildren().remove(child)
        self.unlink(child)

    def childComponents(self) -> list[Any]:
        """Return this component's children, in the order in which they were added."""
        return list(self.children)

    # Inboxes

    def deliver(self, message: Any, boxname: str = "inbox") -> None:
        """Put `message` into the inbox `boxname` of this component.

        A parent can use it to send to a child without a linkage. Raises noSuchBox (a KeyError), and
        noSpaceInBox if the inbox has a size and is full.
        """
        sink = self._endOf(boxname)
        sink.append(message)
        sink.task.messageArrived(sink.isUrgent)

    _deliver = deliver  # the historical name

    def _endOf(self, boxname: str) -> realsink:
        """Return the sink in which messages to an inbox arrive. Raise noSuchBox."""
        if boxname not in self.placesOfInboxes():
            self._wrongBox(boxname, "inbox")
        end: realsink = self.placeOfBox(boxname, True).end()
        return end

    def setInboxSize(self, boxname: str, size: int | None) -> None:
        """Limit the inbox to `size` messages; a send to a full one raises noSpaceInBox."""
        self._endOf(boxname).setSize(size)

    def setInboxCapacity(self, boxname: str, capacity: int | None) -> None:
        """Hold components that send to the inbox while it has `capacity` messages or more.

        The capacity applies to all linkages that lead to the inbox, now or later. None
        removes it. Raises noSuchBox (a KeyError), and ValueError if it is less than 1.
        """
        self._endOf(boxname).setCapacity(capacity)

    # The end

    def _closeDownMicroprocess(self) -> Any:
        if self._postoffice is not None:
            self._postoffice.unlinkAll()
        closeSinks(self, self.placesOfInboxes())
        for place in allPlaces(self._linkedOutboxes):
            if place.target is None:  # an unlinked one would keep this component alive
                self.forgetOutboxes(lambda place: not place.isLinked())
                break

    # Errors

    def _wrongBox(self, boxname: str, direction: str) -> NoReturn:
        inboxes, outboxes = getattr(self, "_inboxes", None), getattr(self, "outboxes", None)
        if inboxes is None or outboxes is None:
            raise wiringError(whyNoComponent(self))
        boxes, opposite = (inboxes, outboxes) if direction == "inbox" else (outboxes, inboxes)
        raise noSuchBox(self.name, boxname, direction, boxes, opposite) from None

    def _cannotTake(self, boxname: str) -> NoReturn:
        if boxname not in getattr(self, "_inboxes", ()):
            self._wrongBox(boxname, "inbox")
        raise emptyInbox(
            f"the inbox {boxname!r} of {self.name} is empty; check dataReady({boxname!r}) first"
        )


Core.replace(linkableprocess, "hasChildren", _closeDownMicroprocess="closeDown")
