"""Direct sinks: inboxes that store nothing, but pass each message on as it arrives.

How does it work?
-----------------
The component's function is the sink's `append`, so that a message costs one call. A sink with
listeners changes its class to `tappeddirectsink`; the others pay nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from Axon.Multiset import withItem, withoutItem
from Axon.Postbox import NO_TASK, postbox
from Axon.Sinks import Listener, addListener, realsink, removeListener, told


class directsink(postbox):
    """directsink(task, boxname, take) -> an inbox that passes each message to `take` at once.

    For components at the edge of the system, such as a connection: what is sent
    to them leaves the system within the sender's turn. `take(message)` returns None or a gate.
    """

    __slots__ = (
        "__weakref__",
        "append",
        "boxname",
        "feeders",
        "owner",
        "reported",
        "sources",
        "target",
        "task",
    )

    isInbox = True
    isUrgent = False
    capacity = size = ends = None
    feeder = None  # as with several feeders, see Axon.Sinks
    waiting = ()

    def __init__(self, task: Any, boxname: str, take: Callable[[Any], Any]) -> None:
        self.append = take
        self.task = NO_TASK
        self.owner, self.boxname, self.target = task, boxname, None
        self.sources = self.feeders = ()
        self.reported = 0

    def setTake(self, take: Callable[[Any], Any]) -> None:
        """Pass each message to `take` from now on."""
        _setTake(self, take)

    def addListener(self, listener: Listener) -> None:
        """Call `listener(self, message)` for each message before it is taken."""
        addListener(self, listener)
        self.__class__ = tappeddirectsink

    def removeListener(self, listener: Listener) -> None:
        """Undo one call of addListener()."""
        removeListener(self, listener)
        if id(self) not in told:
            self.__class__ = directsink

    def addFeeder(self, task: Any) -> None:
        """Add `task`, an outbox of which leads here from now on."""
        self.feeders = withItem(self.feeders, task)

    def removeFeeder(self, task: Any) -> None:
        """Undo one call of addFeeder()."""
        self.feeders = withoutItem(self.feeders, task)

    def standInFor(self, inbox: realsink) -> None:
        """Take the place of `inbox`: its messages and its linkages lead here."""
        inbox.target = self
        self.sources = (inbox,)
        inbox.resolve()

    @property
    def component(self) -> Any:
        """The component that has this inbox."""
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
        """Do nothing: no message waits here that would have to move."""

    def setSize(self, size: int | None) -> None:
        """Do nothing: no message waits here that a limit could count."""

    setCapacity = setSize

    def removeSender(self, task: Any) -> None:
        """Release `task`, whose outbox no longer leads here, from gates of this component."""
        for gate in list(task.gates or ()):
            if gate.receiver is self.owner:
                task.removeGate(gate)


# The function of a direct sink, also in a class that defines append() itself.
_takeOf: Callable[[directsink], Callable[[Any], Any]] = vars(directsink)["append"].__get__
_setTake: Callable[[directsink, Callable[[Any], Any]], None] = vars(directsink)["append"].__set__


class tappeddirectsink(directsink):
    """A direct sink that has listeners."""

    __slots__ = ()

    def append(self, message: Any) -> Any:
        for listener in told[id(self)]:
            listener(self, message)
        return _takeOf(self)(message)
