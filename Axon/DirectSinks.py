"""Direct sinks: inboxes that store nothing, but pass each message on as it arrives.

How does it work?
-----------------
The component's function is the sink's `append`, so that a message costs one call. A sink with
listeners changes its class to `tappeddirectsink`; the others pay nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from Axon import Core
from Axon.Multiset import withItem, withoutItem
from Axon.Postbox import NO_TASK, postbox
from Axon.Sinks import Listener, addListener, realsink, removeListener, told


class DirectFields:
    """The fields of a direct sink, and what changes them."""

    __slots__ = (
        "__weakref__",
        "append",
        "boxname",
        "feeders",
        "owner",
        "reported",
        "sources",
        "target",
    )

    ends = None

    def __init__(self, task: Any, boxname: str, take: Callable[[Any], Any]) -> None:
        self.append = take
        self.owner, self.boxname, self.target = task, boxname, None
        self.sources: Any = ()
        self.feeders: Any = ()
        self.reported = 0

    def setTake(self, take: Callable[[Any], Any]) -> None:
        """Pass each message to `take` from now on."""
        _setTake(self, take)

    def addFeeder(self, task: Any) -> None:
        """Add `task`, an outbox of which leads here from now on."""
        self.feeders = withItem(self.feeders, task)

    def removeFeeder(self, task: Any) -> None:
        """Undo one call of addFeeder()."""
        self.feeders = withoutItem(self.feeders, task)


if not TYPE_CHECKING and Core.compiled is not None:
    DirectFields = Core.compiled.DirectFields


class directsink(DirectFields, postbox):
    """directsink(task, boxname, take) -> an inbox that passes each message to `take` at once.

    For components at the edge of the system, such as a connection: what is sent
    to them leaves the system within the sender's turn. `take(message)` returns None or a gate.
    """

    __slots__ = ()

    task = NO_TASK  # no message that arrives wakes a component
    isInbox = True
    isUrgent = False
    capacity = size = None
    feeder = None  # as with several feeders, see Axon.Sinks
    waiting = ()

    def addListener(self, listener: Listener) -> None:
        """Call `listener(self, message)` for each message before it is taken."""
        addListener(self, listener)
        self.__class__ = tappeddirectsink

    def removeListener(self, listener: Listener) -> None:
        """Undo one call of addListener()."""
        removeListener(self, listener)
        if id(self) not in told:
            self.__class__ = directsink

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
_takeOf: Callable[[DirectFields], Callable[[Any], Any]] = vars(DirectFields)["append"].__get__
_setTake: Callable[[DirectFields, Callable[[Any], Any]], None]
_setTake = vars(DirectFields)["append"].__set__


class tappeddirectsink(directsink):
    """A direct sink that has listeners."""

    __slots__ = ()

    def append(self, message: Any) -> Any:
        for listener in told[id(self)]:
            listener(self, message)
        return _takeOf(self)(message)


if Core.compiled is not None:
    Core.compiled.provideDirectSinks(directsink)
