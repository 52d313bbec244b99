"""Postboxes: the places of boxes in the chains of linkages.

How does it work?
-----------------
A postbox knows which others lead to it (`sources`) and to which one it leads (`target`).
Linking and unlinking tell each outbox that is concerned in which sink its messages end now
(`leadTo`). An inbox's sink (Axon.Sinks) is its postbox, too. An outbox that leads to no inbox
ends in `NULL`, which discards messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from Axon import Core
from Axon.AxonExceptions import BoxAlreadyLinkedToDestination, wiringError
from Axon.Multiset import withItem, withoutItem
from Axon.Observer import Observer

observers: tuple[Observer, ...] = ()  # told of linkages, and of boxes that come and go


class nullsink:
    """The end of an outbox that is not linked: it discards messages."""

    __slots__ = ("task",)

    feeders = ()
    isUrgent = False

    def __init__(self) -> None:
        self.task = NO_TASK

    def append(self, data: Any) -> None:
        """Discard `data`."""

    def pop(self, index: int = -1) -> Any:
        raise IndexError("an outbox that is not linked holds no messages")

    def setShowTransit(self, showtransit: bool, tag: str | None = None) -> None:
        """Do nothing: no message arrives here that could be logged."""

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class _NoTask:
    """A task that never sleeps, and which therefore no message wakes."""

    __slots__ = ("process", "state")

    def __init__(self) -> None:
        self.state = 4  # Axon.Task.READY, which this tower does not import
        self.process = None

    def messageArrived(self, isUrgent: bool) -> None:
        """Do nothing."""


NO_TASK = _NoTask()
NULL = nullsink()


class postbox:
    """A box's place among the linkages: which boxes lead here, and where this one leads."""

    __slots__ = ()

    if TYPE_CHECKING:  # what its kinds keep
        component: Any
        boxname: str
        isInbox: bool
        sources: Any  # the postboxes that lead here
        target: Any  # the postbox to which this one leads, if any
        ends: Any  # the sink at the end of the chain, if this knows it and leads elsewhere

    def checkSource(self, newsource: postbox) -> None:
        """Raise an error if `newsource` leads elsewhere already, or this box leads to it."""
        if newsource.target is not None:
            raise BoxAlreadyLinkedToDestination(
                f"{newsource.component.name}'s {newsource.boxname!r} already leads to"
                f" {newsource.target.component.name}'s {newsource.target.boxname!r};"
                " a box feeds one other"
            )
        if self.lastBox() is newsource:
            raise wiringError(
                f"{newsource.component.name}'s {newsource.boxname!r} would lead back to itself,"
                " and no message would arrive"
            )

    def addsource(self, newsource: postbox) -> None:
        """Lead `newsource` here from now on. Raise as checkSource() does."""
        if newsource.target is not None or self.target is not None or newsource is self:
            self.checkSource(newsource)
        newsource.target = self
        self.sources = withItem(self.sources, newsource) if self.sources else (newsource,)
        if self.isInbox and self.target is None and not newsource.sources:
            newsource.leadTo(self)  # the commonest linkage: from end to end
        else:
            newsource.resolve()
        if observers:
            for observer in observers:
                observer.linked(newsource, self)

    def removesource(self, oldsource: postbox) -> None:
        """Lead `oldsource` here no longer; do nothing if it does not."""
        if oldsource.target is not self:
            return
        self.sources = withoutItem(self.sources, oldsource)
        oldsource.target = None
        if oldsource.isInbox or oldsource.sources:
            oldsource.resolve()
        else:
            oldsource.leadTo(NULL)
        if observers:
            for observer in observers:
                observer.unlinked(oldsource, self)

    def isLinked(self) -> bool:
        """Return whether this box leads to another, or another leads to it."""
        return self.target is not None or bool(self.sources)

    def getSize(self) -> int | None:
        """Return the size of the sink at the end of the chain; None: no limit."""
        size: int | None = getattr(self.end(), "size", None)
        return size

    def setSize(self, size: int | None) -> None:
        """Set the size of the sink at the end of the chain; None: no limit."""
        self.end().setSize(size)

    def setShowTransit(self, showtransit: bool, tag: str | None = None) -> None:
        """Log each message that arrives at the end of the chain under `tag`, or stop that."""
        self.end().setShowTransit(showtransit, tag)

    def isFull(self) -> bool:
        size = self.getSize()
        return size is not None and len(self.end()) >= size

    def getnotifys(self) -> list[Any]:
        """Return the tasks that are woken when a message is taken at the end of the chain."""
        return list(self.end().feeders)

    def end(self) -> Any:
        """Return the sink at the end of the chain that starts here."""
        box = self.lastBox()
        return box if box.isInbox else NULL

    def lastBox(self) -> postbox:
        """Return the last box of the chain that starts here; inboxes know it (Axon.Sinks)."""
        box = self
        while box.target is not None:
            box = box.target if box.ends is None else box.ends
        return box

    def resolve(self) -> None:
        """Tell this box, and all that lead to it, in which sink they end now."""
        sink = NULL if self.target is None else self.target.end()
        if self.target is None and self.isInbox:
            sink = self
        pending = [self]
        while pending:
            box = pending.pop()
            pending += box.sources
            box.leadTo(sink)

    def leadTo(self, sink: Any) -> None:
        """Let the messages of this box end in `sink` from now on."""
        raise TypeError("a postbox is an inbox or an outbox")


class OutboxFields:
    """The fields of an outbox, and what changes them."""

    __slots__ = ("boxname", "component", "sources", "target")

    ends = None  # its component has the sink

    def __init__(self, component: Any, boxname: str) -> None:
        self.component = component
        self.boxname = boxname
        self.sources: Any = ()
        self.target: Any = None

    def leadTo(self, sink: Any) -> None:
        """Let the messages of this outbox end in `sink` from now on."""
        outboxes, task = self.component.outboxes, self.component.getTask()
        before = outboxes.get(self.boxname, NULL)
        if before is sink:
            return
        if before is not NULL:
            before.removeFeeder(task)
            if (before.waiting or task.gates) and task not in before.feeders:
                before.removeSender(task)
        if sink is not NULL:
            sink.addFeeder(task)
        outboxes[self.boxname] = sink


if not TYPE_CHECKING and Core.compiled is not None:
    OutboxFields = Core.compiled.OutboxFields


class outbox(OutboxFields, postbox):
    """The place of an outbox among the linkages.

    Its length is that of the sink in which it ends, which `component.outboxes` has.
    """

    __slots__ = ()

    isInbox = False

    def __len__(self) -> int:
        return len(self.end())

    def __bool__(self) -> bool:
        return True


def addObserver(observer: Observer) -> None:
    """Tell `observer` of linkages and of boxes that come and go, from now on."""
    global observers
    observers = (*observers, observer)


def removeObserver(observer: Observer) -> None:
    """Tell `observer` of nothing any longer."""
    global observers
    observers = tuple(each for each in observers if each is not observer)


def boxesChanged(component: Any) -> None:
    """Tell the observers that boxes of `component` have been added or removed."""
    for observer in observers:
        observer.boxesChanged(component)


if Core.compiled is not None:
    Core.compiled.provideLinkages(globals(), NULL, outbox)
