"""Boxes: where messages wait, and the chains through which they find that place.

This is the hot path of *where*. It knows nothing of turns: a sink has a `task` that
is told of messages, and `feeders` that may be told when one is taken.

How does it work?
-----------------
An inbox is a deque, a `realsink`. An outbox is nothing but the sink at the end
of the chain of linkages that starts there, looked up once, when the linkage is
made: `component.outboxes["outbox"]` *is* the inbox at the far end, and its
length is that inbox's. An outbox without a linkage leads to `NULL`.

An inbox's sink is its place in the chain, too. Both are created when they are first
needed: until then `UNUSED` takes the place of an inbox within its component, and
`component.inboxes` (Axon.Inboxes) creates the sink of each box that a program looks at.
Only linking and unlinking look at the chain. A sink with a size or a capacity changes
its class to `guardedsink`, that of an ended component to `endedsink`; the others pay
nothing for it.

A sink notes in `reported` how many of its messages a wait has reported. `recv` sets it
to TAKEN: then every message that is left is worth a report again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from Axon.AxonExceptions import BoxAlreadyLinkedToDestination, noSpaceInBox, wiringError
from Axon.LateMessages import LateMessages
from Axon.Multiset import withItem, withoutItem
from Axon.Observer import Observer

__all__ = [  # what programs import from here, other modules' names included
    "BoxAlreadyLinkedToDestination",
    "ShowAllTransits",
    "makeInbox",
    "makeOutbox",
    "noSpaceInBox",
    "nullsink",
    "postbox",
    "realsink",
]

TAKEN = -1  # a sink's `reported` after a message was taken

ShowAllTransits = False  # set before components are made: log each message that a sink takes
observers: tuple[Observer, ...] = ()  # told of linkages, and of boxes that come and go


class postbox:
    """A box's place among the linkages: which boxes lead here, and where this one leads."""

    __slots__ = ()

    if TYPE_CHECKING:  # what its kinds keep
        component: Any
        boxname: str
        isInbox: bool
        sources: Any  # the postboxes that lead here
        target: Any  # the postbox to which this one leads, if any

    def checkSource(self, newsource: postbox) -> None:
        """Raise an error if `newsource` leads elsewhere already, or this box leads to it."""
        if newsource.target is not None:
            raise BoxAlreadyLinkedToDestination(
                f"{newsource.component.name}'s {newsource.boxname!r} already leads to"
                f" {newsource.target.component.name}'s {newsource.target.boxname!r};"
                " a box feeds one other"
            )
        box: postbox | None = self
        while box is not None:
            if box is newsource:
                raise wiringError(
                    f"{box.component.name}'s {box.boxname!r} would lead back to itself,"
                    " and no message would arrive"
                )
            box = box.target

    def addsource(self, newsource: postbox) -> None:
        """Lead `newsource` here from now on. Raise as checkSource() does."""
        self.checkSource(newsource)
        newsource.target = self
        self.sources = withItem(self.sources, newsource)
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
        """Whether it leads somewhere, or another leads here."""
        return self.target is not None or bool(self.sources)

    def getSize(self) -> int | None:
        """The most that the sink at the end of the chain may hold; None: no limit."""
        size: int | None = getattr(self.end(), "size", None)
        return size

    def setSize(self, size: int | None) -> None:
        """The most that the sink at the end of the chain may hold."""
        self.end().setSize(size)

    def setShowTransit(self, showtransit: bool, tag: str | None = None) -> None:
        """Whether each message that comes to the end of the chain is logged, under `tag`."""
        self.end().setShowTransit(showtransit, tag)

    def isFull(self) -> bool:
        size = self.getSize()
        return size is not None and len(self.end()) >= size

    def getnotifys(self) -> list[Any]:
        """The tasks that are woken when a message is taken at the end of the chain."""
        return list(self.end().feeders)

    def end(self) -> Any:
        """The sink at the end of the chain that starts here."""
        box = self
        while box.target is not None:
            box = box.target
        return box if box.isInbox else NULL

    def resolve(self) -> None:
        """Tells this box, and all that lead to it, which sink they end in now."""
        sink = self.end()
        pending = [self]
        while pending:
            box = pending.pop()
            pending += box.sources
            box.leadTo(sink)

    def leadTo(self, sink: Any) -> None:
        """This box's messages end in `sink` from now on."""
        raise TypeError("a postbox is an inbox or an outbox")


class outbox(postbox):
    """The place of an outbox among the linkages.

    Its length is that of the sink in which it ends, which `component.outboxes` has.
    """

    __slots__ = ("boxname", "component", "sources", "target")

    isInbox = False

    def __init__(self, component: Any, boxname: str) -> None:
        self.component = component
        self.boxname = boxname
        self.sources = ()
        self.target = None

    def __len__(self) -> int:
        return len(self.end())

    def __bool__(self) -> bool:
        return True

    def leadTo(self, sink: Any) -> None:
        outboxes, task = self.component.outboxes, self.component._task
        before = outboxes.get(self.boxname, NULL)
        if before is sink:
            return
        if before is not NULL:
            before.feeders = withoutItem(before.feeders, task)
            if (before.waiting or task.gates) and task not in before.feeders:
                before.letGo(task)
        if sink is not NULL:
            sink.feeders = withItem(sink.feeders, task)
        outboxes[self.boxname] = sink


class realsink(deque[Any], postbox):
    """realsink([task, boxname]) -> an inbox that stores messages, first in, first out.

    `append(message)` gives None, or the gate at which the sender has to wait.
    """

    __slots__ = (
        "boxname",
        "capacity",
        "feeders",
        "late",  # LateMessages, once the component has ended
        "reported",
        "size",
        "sources",
        "target",
        "task",
        "waiting",
    )

    isInbox = True

    def __init__(self, task: Any = None, boxname: str = "inbox") -> None:
        self.task = NOBODY if task is None else task
        self.boxname = boxname
        self.sources = ()
        self.target = None
        self.feeders: Any = ()  # the tasks whose outboxes lead here
        self.size: int | None = None
        self.capacity: int | None = None
        self.reported = 0  # how many of its messages a wait has reported, or TAKEN
        self.waiting: Any = ()  # the tasks that are held until there is room: a dict's keys

    @property
    def component(self) -> Any:
        """Whose inbox this is."""
        return self.task.process

    # each sink is itself, whatever it holds
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def pop(self, index: int = -1) -> Any:
        """Take the message at `index`, 0 being the oldest. Raise IndexError if there is none."""
        message = self[index]
        del self[index]
        self.reported = TAKEN
        return message

    def hasNews(self) -> bool:
        """Return whether a wait has something to report.

        That is a message that no wait has reported, or any message after one was taken.
        """
        waiting = len(self)
        return waiting > 0 and waiting != self.reported

    def noteReport(self) -> None:
        """Note that a wait has reported the messages that are here now."""
        self.reported = len(self)

    def setSize(self, size: int | None) -> None:
        """The most it may hold (messages); None for no limit. One more raises noSpaceInBox."""
        self.size = size
        self._guard()

    def setCapacity(self, capacity: int | None) -> None:
        """Hold senders from this many messages on, until the inbox is half empty."""
        if capacity is not None and capacity < 1:
            raise ValueError(f"a capacity is at least 1 message, not {capacity!r}")
        self.capacity = capacity
        self._guard()

    def setShowTransit(self, showtransit: bool, tag: str | None = None) -> None:
        """Whether each message that comes is logged, under `tag`."""
        if showtransit:
            _shown[self] = tag or "transit"
        else:
            _shown.pop(self, None)
        self._guard()

    def _guard(self) -> None:
        isPlain = self.size is None and self.capacity is None and self not in _shown
        self.__class__ = realsink if isPlain else guardedsink
        if self.waiting and not self.isShut():
            self.open()

    def closeDown(self, late: LateMessages) -> None:
        """The component has ended: hold nobody, and count what still comes in `late`."""
        self.late = late
        self.__class__ = endedsink
        self.open()

    @property
    def isUrgent(self) -> bool:
        """Whether its messages get through to a component that is held."""
        return self.boxname == "control"

    def leadTo(self, sink: Any) -> None:
        if sink is self:
            return
        if self.capacity is not None and (sink.capacity is None or self.capacity < sink.capacity):
            sink.setCapacity(self.capacity)  # what was said of this inbox holds at the far end
        if not self:
            return
        sink.extend(self)
        self.clear()
        self.reported = 0
        self.open()
        sink.task.messageCame(sink.isUrgent)

    # The gate at which senders wait

    @property
    def keeper(self) -> Any:
        """Who has to take messages so that the gate opens."""
        return self.task

    def isShut(self) -> bool:
        return self.capacity is not None and len(self) >= self.capacity

    def hold(self, task: Any) -> None:
        """`task` waits here until there is room."""
        if not self.waiting:
            self.waiting = {}
        self.waiting[task] = None

    def letGo(self, task: Any) -> None:
        """`task`, which sends here no more, does not wait here either."""
        if task in self.waiting:
            del self.waiting[task]
            task.forgo(self)

    def open(self) -> None:
        """Those who were held go on."""
        waiting, self.waiting = self.waiting, ()
        for task in waiting:
            task.release()


class guardedsink(realsink):
    """A sink with a size, a capacity or a log of what comes."""

    __slots__ = ()

    def append(self, message: Any) -> guardedsink | None:  # type: ignore[override]
        if self.size is not None and len(self) >= self.size:
            raise noSpaceInBox(len(self), self.size)
        if self in _shown:
            _logTransit(_shown[self], message)
        deque.append(self, message)
        return self if self.capacity is not None and len(self) >= self.capacity else None

    def popleft(self) -> Any:
        message = deque.popleft(self)
        if self.waiting and len(self) * 2 <= (self.capacity or 0):
            self.open()
        return message


class endedsink(guardedsink):
    """The inbox of a component that has ended: it stores no more than its capacity."""

    __slots__ = ()

    def append(self, message: Any) -> None:
        isFull = self.capacity is not None and len(self) >= self.capacity
        self.late.count(isFull)
        if not isFull:
            guardedsink.append(self, message)

    def extend(self, messages: Iterable[Any]) -> None:
        for message in messages:
            self.append(message)

    def isShut(self) -> bool:
        return False

    def _guard(self) -> None:
        """Stay what it is, whatever its limits are."""

    @property
    def discarded(self) -> int:
        """How many messages the component has lost since it ended, for lack of capacity."""
        return self.late.discarded


class directsink(postbox):
    """directsink(task, boxname, take) -> an inbox whose messages `take` has at once.

    For components at the edge of the system, such as a connection: what is sent
    to them goes out within the sender's turn. `take(message)` gives None or a gate.
    """

    __slots__ = ("append", "boxname", "feeders", "owner", "reported", "sources", "target", "task")

    isInbox = True
    isUrgent = False
    capacity = size = None
    waiting = ()

    def __init__(self, task: Any, boxname: str, take: Callable[[Any], Any]) -> None:
        self.append = take
        self.task = NOBODY
        self.owner, self.boxname, self.target = task, boxname, None
        self.sources = self.feeders = ()
        self.reported = 0

    def standInFor(self, inbox: realsink) -> None:
        """What leads to `inbox`, and what waits there, comes here from now on."""
        inbox.target = self
        self.sources = (inbox,)
        inbox.resolve()

    @property
    def component(self) -> Any:
        """Whose inbox this is."""
        return self.owner.process

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def popleft(self) -> Any:
        raise IndexError("messages to this inbox are taken as they come")

    def extend(self, messages: Any) -> None:
        for message in messages:
            self.append(message)

    def leadTo(self, sink: Any) -> None:
        """Nothing waits here that would have to move on."""

    def setSize(self, size: int | None) -> None:
        """No limit is needed where nothing waits."""

    setCapacity = setSize

    def letGo(self, task: Any) -> None:
        """`task`, which sends here no more, is not held by this component either."""
        for gate in list(task.gates or ()):
            if gate.keeper is self.owner:
                task.forgo(gate)


class nullsink:
    """Where an outbox leads that nobody has linked: what comes is gone."""

    __slots__ = ("task",)

    feeders = ()
    isUrgent = False

    def __init__(self) -> None:
        self.task = NOBODY

    def append(self, data: Any) -> None:
        """Discards `data`."""

    def pop(self, index: int = -1) -> Any:
        raise IndexError("nothing ever waits where an outbox is not linked")

    def setShowTransit(self, showtransit: bool, tag: str | None = None) -> None:
        """Nothing arrives here, so that nothing can be shown."""

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class _Nobody:
    """A task that is never asleep, so that nobody wakes it."""

    __slots__ = ("process", "state")

    def __init__(self) -> None:
        self.state = 4  # Axon.Turns.READY
        self.process = None

    def messageCame(self, isUrgent: bool) -> None:
        """Nobody is there to hear of it."""


NOBODY = _Nobody()
NULL = nullsink()
# What stands, within a component, for an inbox that has no sink yet: it stays empty, and no
# program sees it. It is of the commonest class, because the interpreter is quicker with one class.
UNUSED = realsink()


_shown: WeakKeyDictionary[realsink, str] = (
    WeakKeyDictionary()
)  # sinks that log, and under which tag


def storageOf(component: Any, boxname: str) -> Any:
    """Return the sink of an inbox, which is created when it is first needed."""
    boxes = component._inboxes
    sink = boxes[boxname]
    if sink is UNUSED:
        sink = boxes[boxname] = realsink(component._task, boxname)
        if ShowAllTransits:
            sink.setShowTransit(True)
        if component._isStopped():
            others = (each.late for each in boxes.values() if type(each) is endedsink)
            sink.closeDown(next(others, None) or LateMessages(component))
    return sink


def makeInbox(notify: Any, size: int | None = None) -> realsink:
    """An inbox of nobody's; `notify` is the task that is told of messages."""
    sink = realsink(notify)
    if size is not None:
        sink.setSize(size)
    return sink


def makeOutbox(notify: Any = None) -> nullsink:
    """Where an outbox leads until it is linked."""
    return NULL


def _logTransit(tag: str, message: Any) -> None:
    import logging  # here, because only who looks for a message needs it

    logging.getLogger("Axon.Box").info("%s: %r", tag, message)


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
