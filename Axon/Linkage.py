"""Linkages: connections from a box of one component to a box of another.

Example usage
-------------
    joint = self.link((producer, "outbox"), (consumer, "inbox"), capacity=100)
    self.unlink(thelinkage=joint)

How does it work?
-----------------
A linkage is data: it says which box is linked to which. Boxes (Axon.Box) carry the messages,
and a postoffice (Axon.Postoffice) makes and removes linkages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from Axon import Core
from Axon.AxonExceptions import ArgumentsClash, AxonException
from Axon.Base import AxonObject
from Axon.Box import postbox

__all__ = ["ArgumentsClash", "AxonException", "AxonObject", "linkage"]

BoxPair = tuple[Any, str]


class LinkageFields:
    """The fields of a linkage."""

    __slots__ = ("_from", "_to", "passthrough", "sink", "source")

    _from: postbox
    _to: postbox
    passthrough: int
    sink: Any
    source: Any


if not TYPE_CHECKING and Core.compiled is not None:
    LinkageFields = Core.compiled.LinkageFields


class linkage(LinkageFields, AxonObject):
    """linkage(source, sink[, sourcebox, sinkbox, passthrough]) -> a connection of two boxes.

    passthrough: 0 outbox to inbox, 1 inbox to inbox, 2 outbox to outbox.
    pipewidth, synchronous: set the sink's size (messages), see setSynchronous.
    """

    # __dict__ is created only for a program that sets its own attributes
    __slots__ = ("__dict__",)

    def __init__(
        self,
        source: Any,
        sink: Any,
        sourcebox: str = "outbox",
        sinkbox: str = "inbox",
        passthrough: int = 0,
        pipewidth: int = 0,
        synchronous: object = None,
    ) -> None:
        self.source, self.sink, self.passthrough = source, sink, passthrough
        self._from = source.placeOfBox(sourcebox, passthrough == 1)
        self._to = sink.placeOfBox(sinkbox, passthrough != 2)
        size = sizeOf(pipewidth, synchronous)
        if size is not None:
            self.setSynchronous(size)

    @classmethod
    def between(
        cls, source: Any, sink: Any, start: postbox, end: postbox, passthrough: int
    ) -> linkage:
        """Return the linkage of two boxes that have been looked up."""
        made = cls.__new__(cls)
        made.source, made.sink, made.passthrough = source, sink, passthrough
        made._from, made._to = start, end
        return made

    @property
    def sourcebox(self) -> str:
        """The name of the box at which this linkage starts."""
        return str(self._from.boxname)

    @property
    def sinkbox(self) -> str:
        """The name of the box at which this linkage ends."""
        return str(self._to.boxname)

    def join(self) -> None:
        """Put this linkage into effect."""
        self._to.addsource(self._from)

    def part(self) -> None:
        """Remove this linkage: no message takes it any longer."""
        self._to.removesource(self._from)

    def sourcePair(self) -> BoxPair:
        """Return (component, box name) of the start."""
        return self.source, self.sourcebox

    def sinkPair(self) -> BoxPair:
        """Return (component, box name) of the end."""
        return self.sink, self.sinkbox

    def getSourcebox(self) -> Any:
        """Return the box at which this linkage starts."""
        return self._from

    def getSinkbox(self) -> Any:
        """Return the box in which this linkage ends.

        `linkage.getSinkbox().addsource(linkage.getSourcebox())` puts a linkage into effect
        that was not made by a postoffice; `removesource` separates the boxes again.
        """
        return self._to

    def setSynchronous(self, pipewidth: int | None = None) -> None:
        """Limit the sink to `pipewidth` messages (None: 1); one more raises noSpaceInBox."""
        self._to.end().setSize(1 if pipewidth is None else pipewidth)

    def setCapacity(self, capacity: int) -> None:
        """Hold senders while the sink has `capacity` messages or more."""
        self._to.end().setCapacity(capacity)

    def setShowTransit(self, showtransit: bool, tag: str | None = None) -> None:
        """Set whether each message that takes this linkage is logged, under `tag`."""
        self.__dict__["showtransit"] = showtransit
        self._to.end().setShowTransit(showtransit, tag)

    @property
    def showtransit(self) -> bool:
        """Whether messages that take this linkage are logged; assignment calls setShowTransit."""
        return bool(self.__dict__.get("showtransit"))

    @showtransit.setter
    def showtransit(self, showtransit: object) -> None:
        self.setShowTransit(bool(showtransit))

    def short_str(self) -> str:
        """Return "(Class_1,outbox):(Class_2,inbox)"."""
        source, sink = (str(each.name).rpartition(".")[2] for each in (self.source, self.sink))
        return f"({source},{self.sourcebox}):({sink},{self.sinkbox})"

    def __str__(self) -> str:
        source, sink = self.source.name, self.sink.name
        return f"Link( source:[{source},{self.sourcebox}], sink:[{sink},{self.sinkbox}] )"

    def __repr__(self) -> str:
        return f"<linkage {self.short_str()}>"


def sizeOf(pipewidth: int, synchronous: object) -> int | None:
    """Return the size of the sink that these two arguments request, or None."""
    return pipewidth or (None if synchronous is None else 1)
