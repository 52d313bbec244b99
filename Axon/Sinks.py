"""Sinks: the inboxes, in which messages wait.

How does it work?
-----------------
A sink is a deque. One with a size or a capacity changes its class to `guardedsink`, one whose
messages are observed to `tappedsink` (`tappedguardedsink` if it has a limit, too), and that of a
component that has ended to `endedsink`; the others pay nothing for it.

`reported` is the number of messages that a wait has reported. `recv` sets it to TAKEN; then the
next wait reports the remaining messages again.

`feeders` are the tasks whose outboxes lead to a sink. Mostly there is one, which is also in
`feeder`, so that `recv` needs no loop to wake it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from weakref import ref

from Axon import Core
from Axon.AxonExceptions import noSpaceInBox
from Axon.FeederSearches import searched
from Axon.LateMessages import LateMessages
from Axon.Multiset import withItem, withoutItem
from Axon.Postbox import NO_TASK, postbox

RUNNING, FEEDERS_WOKEN = 6, 32  # as in Axon.RunQueue, which this tower does not import
TAKEN = -1  # a sink's `reported` after a message was taken

Listener = Callable[[Any, Any], object]  # called with a sink and a message that arrives there

# The functions that are told of each message, by the id of the sink: a look-up by a weak reference
# would cost more than the rest. `_lives` removes the entry of a sink that has gone.
told: dict[int, tuple[Listener, ...]] = {}
_lives: dict[int, ref[Any]] = {}


class Storage(deque[Any]):
    """The fields and the storage of an inbox."""

    __slots__ = (
        "boxname",
        "capacity",
        "ends",  # the sink at the end of the chain of linkages that starts here
        "feeder",
        "feeders",
        "late",  # LateMessages, once the component has ended
        "reported",
        "size",
        "sources",
        "target",
        "task",
        "waiting",
    )

    def __init__(self, task: Any = None, boxname: str = "inbox") -> None:
        self.task: Any = NO_TASK if task is None else task
        self.boxname = boxname
        self.sources: Any = ()
        self.target: Any = None
        self.ends: Any = None
        self.feeders: Any = ()  # the tasks whose outboxes lead here
        self.feeder: Any = NO_TASK  # the only one of them; NO_TASK: there is none, None: several
        self.size: int | None = None
        self.capacity: int | None = None
        self.reported = 0  # how many of its messages a wait has reported, or TAKEN
        self.waiting: Any = ()  # the tasks that are held until there is room: a dict's keys

    # two sinks are never equal, even if they hold the same messages
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def addFeeder(self, task: Any) -> None:
        """Add `task`, an outbox of which leads here from now on."""
        if not self.feeders:
            self.feeders, self.feeder = (task,), task
        else:
            self.feeders, self.feeder = withItem(self.feeders, task), None
            searched.discard(id(self))

    def removeFeeder(self, task: Any) -> None:
        """Undo one call of addFeeder()."""
        self.feeders = withoutItem(self.feeders, task)
        if not self.feeders:
            self.feeder = NO_TASK

    def wakeFeeders(self) -> None:
        """Wake the tasks that feed this inbox and sleep in pause(): a message was taken."""
        owner = self.task
        if owner.state == RUNNING:
            if not owner.wish & FEEDERS_WOKEN:
                owner.wish |= FEEDERS_WOKEN
                searched.clear()
            elif id(self) in searched:
                return
            searched.add(id(self))
        for task in self.feeders:
            if not task.state:
                task.wake()

    def hasNews(self) -> bool:
        """Return whether a wait has something to report.

        That is a message that no wait has reported, or any message after one was taken.
        """
        waiting = len(self)
        return waiting > 0 and waiting != self.reported

    def noteReport(self) -> None:
        """Note that a wait has reported the messages that are here now."""
        self.reported = len(self)

    def closeDown(self, late: LateMessages) -> None:
        """Release the senders, and count the messages that still arrive in `late`."""
        self.late = late
        self.__class__ = endedsink
        self.open()

    def open(self) -> None:
        """Release all tasks that are held."""
        waiting, self.waiting = self.waiting, ()
        for task in waiting:
            task.release()

    def leadTo(self, sink: Any) -> None:
        """Move the messages to `sink`, in which messages to this inbox end from now on."""
        if sink is self:
            self.ends = None
            return
        self.ends = sink
        if self.capacity is not None and (sink.capacity is None or self.capacity < sink.capacity):
            sink.setCapacity(self.capacity)  # which holds for the whole chain
        if not self:
            return
        sink.extend(self)
        self.clear()
        self.reported = 0
        self.open()
        sink.task.messageArrived(sink.isUrgent)


if not TYPE_CHECKING and Core.compiled is not None:
    Storage = Core.compiled.Storage


class realsink(Storage, postbox):
    """realsink([task, boxname]) -> an inbox that stores messages, first in, first out.

    `append(message)` returns None, or the gate at which the sender has to wait.
    """

    __slots__ = ()

    isInbox = True

    @property
    def component(self) -> Any:
        """The component that has this inbox."""
        return self.task.process

    def pop(self, index: int = -1) -> Any:
        """Take the message at `index`, 0 being the oldest. Raise IndexError if there is none."""
        message = self[index]
        del self[index]
        self.reported = TAKEN
        return message

    def setSize(self, size: int | None) -> None:
        """Limit this inbox to `size` messages; one more raises noSpaceInBox. None: no limit."""
        self.size = size
        self._guard()

    def setCapacity(self, capacity: int | None) -> None:
        """Hold senders while `capacity` messages wait, until the inbox is half empty."""
        if capacity is not None and capacity < 1:
            raise ValueError(f"a capacity is at least 1 message, not {capacity!r}")
        self.capacity = capacity
        self._guard()

    def setShowTransit(self, showtransit: bool, tag: str | None = None) -> None:
        """Log each message that arrives under `tag`, or stop that."""
        for each in told.get(id(self), ()):
            if isinstance(each, _TransitLog):
                self.removeListener(each)
        if showtransit:
            self.addListener(_TransitLog(tag or "transit"))

    def addListener(self, listener: Listener) -> None:
        """Call `listener(self, message)` for each message that arrives, in the sender's turn.

        An error that it raises is raised in the sender.
        """
        addListener(self, listener)
        self._guard()

    def removeListener(self, listener: Listener) -> None:
        """Undo one call of addListener()."""
        removeListener(self, listener)
        self._guard()

    def _guard(self) -> None:
        """Take the class that the limits and the listeners require."""
        isPlain = self.size is None and self.capacity is None
        if id(self) in told:
            self.__class__ = tappedsink if isPlain else tappedguardedsink
        else:
            self.__class__ = realsink if isPlain else guardedsink
        if self.waiting and not self.isShut():
            self.open()

    @property
    def isUrgent(self) -> bool:
        """Whether a message to this inbox wakes a component that is held."""
        return self.boxname == "control"

    # The gate that holds senders

    @property
    def receiver(self) -> Any:
        """The task that must take messages so that the gate opens."""
        return self.task

    def isShut(self) -> bool:
        """Return whether senders have to wait."""
        return self.capacity is not None and len(self) >= self.capacity

    def hold(self, task: Any) -> None:
        """Hold `task` until there is room."""
        if not self.waiting:
            self.waiting = {}
        self.waiting[task] = None

    def removeSender(self, task: Any) -> None:
        """Release `task`, whose outbox no longer leads here."""
        if task in self.waiting:
            del self.waiting[task]
            task.removeGate(self)


class guardedsink(realsink):
    """A sink with a size or a capacity."""

    __slots__ = ()

    def append(self, message: Any) -> guardedsink | None:  # type: ignore[override]
        if self.size is not None and len(self) >= self.size:
            raise noSpaceInBox(len(self), self.size)
        Storage.append(self, message)
        return self if self.capacity is not None and len(self) >= self.capacity else None

    def popleft(self) -> Any:
        message = Storage.popleft(self)
        if self.waiting and len(self) * 2 <= (self.capacity or 0):
            self.open()
        return message


class tappedsink(realsink):
    """A sink that has listeners."""

    __slots__ = ()

    def append(self, message: Any) -> None:
        Storage.append(self, message)
        for listener in told[id(self)]:
            listener(self, message)


class tappedguardedsink(guardedsink):
    """A sink that has listeners, and a size or a capacity."""

    __slots__ = ()

    def append(self, message: Any) -> guardedsink | None:  # type: ignore[override]
        gate = guardedsink.append(self, message)
        for listener in told.get(id(self), ()):
            listener(self, message)
        return gate


class endedsink(tappedguardedsink):
    """The inbox of a component that has ended: it stores no more than its capacity."""

    __slots__ = ()

    def append(self, message: Any) -> None:
        isFull = self.capacity is not None and len(self) >= self.capacity
        self.late.count(isFull)
        if not isFull:
            tappedguardedsink.append(self, message)

    def extend(self, messages: Iterable[Any]) -> None:
        for message in messages:
            self.append(message)

    def isShut(self) -> bool:
        return False

    def _guard(self) -> None:
        """Keep this class, whatever the limits are."""

    @property
    def discarded(self) -> int:
        """How many messages the component has lost since it ended, for lack of capacity."""
        return self.late.discarded


def addListener(sink: Any, listener: Listener) -> None:
    """Add `listener` to those of `sink`, whose class has to change."""
    key = id(sink)
    told[key] = (*told.get(key, ()), listener)
    _changed()
    if key not in _lives:
        _lives[key] = ref(sink, lambda _: _forget(key))


def removeListener(sink: Any, listener: Listener) -> None:
    """Undo one call of addListener()."""
    remaining = list(told.get(id(sink), ()))
    remaining.remove(listener)
    if remaining:
        told[id(sink)] = tuple(remaining)
        _changed()
    else:
        _forget(id(sink))


def _forget(key: int) -> None:
    told.pop(key, None)
    _lives.pop(key, None)
    _changed()


def _changed() -> None:
    """Do nothing; the compiled core, which remembers what it has looked up, forgets it."""


class _TransitLog:
    """A listener that logs each message under a tag."""

    def __init__(self, tag: str) -> None:
        self._tag = tag

    def __call__(self, sink: Any, message: Any) -> None:
        import logging  # here, because few programs need it

        logging.getLogger("Axon.Box").info("%s: %r", self._tag, message)


if Core.compiled is not None:
    Core.compiled.provideSinks(NO_TASK, realsink)
    Core.compiled.provideListeners(tappedsink, told)
if not TYPE_CHECKING and Core.compiled is not None:
    _changed = Core.compiled.listenersChanged

# The placeholder, within a component, for an inbox that has no sink yet. It stays empty, and no
# program sees it. It has the class of most sinks, since the interpreter is faster with one class.
UNUSED = realsink()
