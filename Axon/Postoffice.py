"""The postoffice: makes linkages for one component, and remembers which it made.

A component has a postoffice from its first `link` on. The component that made a linkage
may remove it; when a component ends, its postoffice removes all that it made. The
linkages of other components are not touched.

How does it work?
-----------------
Its linkages are the keys of a dict, so that one of many is removed in constant time. The
first unlink(component) with many linkages creates an index by component.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from Axon import Core
from Axon.AxonExceptions import (
    AxonException,
    BoxAlreadyLinkedToDestination,
    noSuchBox,
    wiringError,
)
from Axon.Box import NULL, postbox
from Axon.ComponentCheck import whyNoComponent
from Axon.Linkage import BoxPair, linkage, sizeOf

__all__ = [  # what programs import from here, other modules' names included
    "AxonException",
    "BoxAlreadyLinkedToDestination",
    "linkage",
    "postoffice",
]

MANY = 16  # linkages: from so many on, those of one component are found through an index


class postoffice:
    """postoffice([debugname]) -> registers the linkages that it makes."""

    # __dict__ is created only for a program that sets its own attributes
    __slots__ = ("__dict__", "_index", "_made", "debugname")

    def __init__(self, debugname: str = "") -> None:
        self.debugname = debugname
        self._made: dict[linkage, None] = {}  # in the order in which they were made
        self._index: dict[int, dict[linkage, None]] | None = None  # by id(component)

    @property
    def linkages(self) -> list[linkage]:
        """The linkages that were made here and have not been removed, the oldest first."""
        return list(self._made)

    def __str__(self) -> str:
        return f"{{{{ POSTOFFICE: {self.debugname}links {self.linkages} }}}}"

    def link(
        self,
        source: BoxPair,
        sink: BoxPair,
        passthrough: int = 0,
        pipewidth: int = 0,
        synchronous: object = None,
        capacity: int | None = None,
    ) -> linkage:
        """Join (component, box name) to (component, box name) and return the linkage.

        passthrough: 0 outbox to inbox, 1 inbox to inbox, 2 outbox to outbox.
        capacity: senders are held at their next yield while this many messages wait.
        pipewidth, synchronous: the sink's size; a send into a full one raises noSpaceInBox.
        Raises noSuchBox (a KeyError), wiringError, BoxAlreadyLinkedToDestination.
        """
        try:
            (fromWhom, sourcebox), (toWhom, sinkbox) = source, sink
            start = fromWhom.placeOfBox(sourcebox, passthrough == 1)
            end = toWhom.placeOfBox(sinkbox, passthrough != 2)
        except (AttributeError, KeyError, TypeError, ValueError):
            _checkEnd(source, passthrough == 1)
            _checkEnd(sink, passthrough != 2)
            raise
        end.checkSource(start)
        made = linkage.between(fromWhom, toWhom, start, end, passthrough)
        size = sizeOf(pipewidth, synchronous)
        if capacity is not None or size is not None:
            _limit(made, capacity, size)
        made.join()
        self._made[made] = None
        if self._index is not None:
            self._enter(made)
        return made

    def unlink(self, thecomponent: Any = None, thelinkage: linkage | None = None) -> None:
        """Remove a linkage, or all linkages with a component, if they were made here."""
        if thelinkage is None:
            unwanted = self._linkagesWith(thecomponent)
        else:
            unwanted = [thelinkage] if thelinkage in self._made else []
        for each in unwanted:
            del self._made[each]
            if self._index is not None:
                self._drop(each)
        for each in unwanted:
            each.part()

    deregisterlinkage = unlink

    def islinkageregistered(self, linkage: linkage) -> bool:
        return linkage in self._made

    def sources(self) -> list[postbox]:
        """Return the boxes where the linkages start that were made here."""
        return [each.getSourcebox() for each in self._made]

    def unlinkAll(self) -> None:
        """Remove every linkage that was made here."""
        made, self._made, self._index = self._made, {}, None
        for each in made:
            each.part()

    # The index, so that a chassis parts from n components in linear time

    def _linkagesWith(self, component: Any) -> list[linkage]:
        if self._index is None:
            if len(self._made) < MANY:
                return [
                    each
                    for each in self._made
                    if component is each.source or component is each.sink
                ]
            self._index = {}
            for each in self._made:
                self._enter(each)
        return list(self._index.get(id(component), ()))

    def _enter(self, made: linkage) -> None:
        assert self._index is not None
        for each in (made.source, made.sink):
            self._index.setdefault(id(each), {})[made] = None

    def _drop(self, made: linkage) -> None:
        assert self._index is not None
        for each in (made.source, made.sink):
            entries = self._index.get(id(each), {})
            entries.pop(made, None)
            if not entries:
                self._index.pop(id(each), None)


def _checkEnd(end: Any, isInbox: bool) -> None:
    """Raise an error that names `end` and the reason if it cannot be linked."""
    if not isinstance(end, tuple) or len(end) != 2:
        raise wiringError(
            "a linkage joins (component, box name) to (component, box name);"
            f" {end!r} is no such pair"
        ) from None
    component, boxname = end
    fault = whyNoComponent(component)
    if fault:
        raise wiringError(f"cannot link {boxname!r}: {fault}") from None
    boxes = component.inboxes if isInbox else component.outboxes
    if boxname not in boxes:
        direction = "inbox" if isInbox else "outbox"
        opposite = component.outboxes if isInbox else component.inboxes
        raise noSuchBox(component.name, boxname, direction, boxes, opposite) from None


def _limit(made: linkage, capacity: int | None, size: int | None) -> None:
    """Sets the limits of the inbox in which `made` ends."""
    end = made.getSinkbox()
    if end.end() is NULL:
        raise wiringError(
            f"{end.component.name}'s {end.boxname!r} leads to no inbox yet, and only an inbox has"
            " a capacity or a size: link it first, or say it where it is linked to an inbox"
        )
    if size is not None:
        made.setSynchronous(size)
    if capacity is not None:
        made.setCapacity(capacity)


if not TYPE_CHECKING and Core.compiled is not None:
    Core.replace(
        postoffice, link="link", unlink="unlink", deregisterlinkage="unlink", unlinkAll="unlinkAll"
    )
    Core.compiled.providePostoffice(linkage, _checkEnd, _limit, sizeOf)
