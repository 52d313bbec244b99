"""Sinks: the inboxes, in which messages wait.

How does it work?
-----------------
A sink is a deque. One with a size, a capacity or a log of its messages changes its class to
`guardedsink`, and that of a component that has ended to `endedsink`; the others pay nothing
for it. A `directsink` stores nothing.

A sink notes in `reported` how many of its messages a wait has reported. `recv` sets it
to TAKEN: then every message that is left is worth a report again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from Axon.AxonExceptions import noSpaceInBox
from Axon.LateMessages import LateMessages
from Axon.Postbox import NOBODY, postbox

TAKEN = -1  # a sink's `reported` after a message was taken

_shown: WeakKeyDictionary[realsink, str] = (
    WeakKeyDictionary()
)  # sinks that log, and under which tag


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


def _logTransit(tag: str, message: Any) -> None:
    import logging  # here, because only who looks for a message needs it

    logging.getLogger("Axon.Box").info("%s: %r", tag, message)


# What stands, within a component, for an inbox that has no sink yet: it stays empty, and no
# program sees it. It is of the commonest class, because the interpreter is quicker with one class.
UNUSED = realsink()
