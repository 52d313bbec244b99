"""Components: microprocesses with named inboxes and outboxes, which others link.

Example usage
-------------
    class Total(component):
        Inboxes = {"inbox": "numbers", "control": "producerFinished: there are no more"}
        Outboxes = {"outbox": "one number, the sum", "signal": "whatever came to control"}

        def main(self):
            total = 0
            while True:
                yield from self.waitForMessage()
                total += sum(self.Inbox())
                if self.dataReady("control"):
                    break
            self.send(total)
            yield from self.passOnShutdown()

How does it work?
-----------------
A component sends to its own outboxes and takes from its own inboxes; it does
not know who is at the other end. A third party says so: `link`, mostly made by
a chassis such as Pipeline. `send` puts the message into the inbox at the far
end at once, and wakes its owner.

Termination: when `main()` ends. Its own linkages are taken away then, and the
components whose child it is are woken.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from itertools import pairwise
from typing import Any, ClassVar, NoReturn

from Axon.AxonExceptions import emptyInbox, noSpaceInBox, noSuchBox, wiringError
from Axon.Box import (
    NULL,
    TAKEN,
    UNUSED,
    directsink,
    makeInbox,
    makeOutbox,
    outbox,
    postbox,
    realsink,
    storageOf,
)
from Axon.Children import Children
from Axon.ComponentCheck import checkBoxNames, checkMain, checkSettings, methodNames, whyNoComponent
from Axon.debug import debug
from Axon.Hooks import plainResult
from Axon.idGen import numId, strId
from Axon.Inboxes import InboxesOfComponent
from Axon.Ipc import (
    WaitComplete,
    errorInformation,
    ipc,
    newComponent,
    notify,
    producerFinished,
    reactivate,
    shutdown,
    shutdownMicroprocess,
    status,
    wouldblock,
)
from Axon.LateMessages import LateMessages
from Axon.Linkage import BoxPair, linkage
from Axon.Microprocess import microprocess
from Axon.Postoffice import postoffice
from Axon.RunQueue import HOLD, PAUSE, READY, REPORTED, RUNNING, WAIT, WAIT_FOR_CHANGE, WOKEN
from Axon.Scheduler import scheduler
from Axon.Trace import traceRecvs, traceSends
from Axon.UnreadBox import warnOfUnreadControl
from Axon.util import removeAll
from Axon.YieldCheck import Wait, waitMethod

__all__ = [  # what programs import from here, other modules' names included
    "TraceAllRecvs",
    "TraceAllSends",
    "WaitComplete",
    "component",
    "debug",
    "errorInformation",
    "ipc",
    "linkage",
    "makeInbox",
    "makeOutbox",
    "microprocess",
    "newComponent",
    "noSpaceInBox",
    "notify",
    "numId",
    "postoffice",
    "producerFinished",
    "producersConsumersSystemTest",
    "reactivate",
    "removeAll",
    "scheduler",
    "shutdown",
    "shutdownMicroprocess",
    "status",
    "strId",
    "wouldblock",
]

TraceAllSends = False  # set before components are made: print each message that is sent
TraceAllRecvs = False  # the same for each message that is taken

OLD_STYLE = ("main", "initialiseComponent", "mainBody", "closeDownComponent")

_ONCE = Wait("waitForMessage", 1)  # `yield from` these: sleep once, or not at all
_NOT_AT_ALL = Wait("waitForMessage")
FEW = 4  # linked outboxes that are a tuple; more are a dict


class component(microprocess):
    """component(**attributes) -> a microprocess with boxes; each keyword becomes an attribute."""

    Inboxes: ClassVar[Any] = {"inbox": "messages to work on", "control": "when to stop"}
    Outboxes: ClassVar[Any] = {
        "outbox": "what was made of them",
        "signal": "when others are to stop",
    }
    Usescomponents: ClassVar[list[Any]] = []

    _postoffice: Any = None
    _children: Any = None
    _methodNames: ClassVar[frozenset[str] | None] = None  # found when a setting is first given

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._methodNames = None

    def __init__(self, *args: Any, **argd: Any) -> None:
        super().__init__()
        self._postoffice: Any = None
        self._children: Any = None
        self._linkedOutboxes: Any = ()
        if argd:
            methods = self._methodNames
            if methods is None:
                methods = type(self)._methodNames = methodNames(type(self))
            if not methods.isdisjoint(argd):
                checkSettings(self, argd, methods)
            for name, value in argd.items():
                setattr(self, name, value)
        inboxes, outboxes = self.Inboxes, self.Outboxes
        if type(inboxes) is str or type(outboxes) is str:
            checkBoxNames(self, "Inboxes", inboxes)
            checkBoxNames(self, "Outboxes", outboxes)
        self._inboxes: dict[str, Any] = dict.fromkeys(inboxes, UNUSED)
        self.outboxes: dict[str, Any] = dict.fromkeys(outboxes, NULL)
        if TraceAllSends:
            traceSends(self)
        if TraceAllRecvs:
            traceRecvs(self)

    def __str__(self) -> str:
        inboxes = {boxname: len(sink) for boxname, sink in self._inboxes.items()}
        outboxes = {boxname: len(sink) for boxname, sink in self.outboxes.items()}
        return f"Component {self.name} [ inboxes : {inboxes} outboxes : {outboxes} ]"

    # Messages

    inboxes: Any = InboxesOfComponent()

    def send(self, message: Any, boxname: str = "outbox") -> None:
        """Puts `message` into the inbox at the far end of the outbox `boxname`, at once.

        Without a linkage it is discarded. Raises noSuchBox (a KeyError), and
        noSpaceInBox if that inbox has a size and is full. If it has a capacity
        and is full now, this component is held at its next yield.
        """
        try:
            sink = self.outboxes[boxname]
        except (KeyError, AttributeError):
            self._wrongBox(boxname, "outbox")
        gate = sink.append(message)
        task = sink.task
        state = task.state
        if state < READY:
            queue = task.queue  # task.wake(), but this is where the time goes
            task.state = queue.mark
            push = queue.push
            push(task)
        elif state >= RUNNING:
            task.messageArrived(sink.isUrgent)
        if gate is not None:
            self._task.hold(gate)

    def recv(self, boxname: str = "inbox") -> Any:
        """Takes the oldest message from the inbox.

        Raises noSuchBox (a KeyError) and emptyInbox (an IndexError).
        """
        try:
            sink = self._inboxes[boxname]
            message = sink.popleft()
        except (KeyError, IndexError, AttributeError):
            self._cannotTake(boxname)
        sink.reported = -1  # TAKEN; a literal is faster
        for task in sink.feeders:
            if not task.state:
                queue = task.queue
                task.state = queue.mark
                push = queue.push
                push(task)
        return message

    def dataReady(self, boxname: str = "inbox") -> int:
        """How many messages wait in the inbox."""
        try:
            return len(self._inboxes[boxname])
        except (KeyError, AttributeError):
            self._wrongBox(boxname, "inbox")

    def anyReady(self) -> Any:
        """The name of the first inbox, as declared, that holds a message; else False."""
        for boxname, sink in self._inboxes.items():
            if sink:
                return boxname
        return False

    def Inbox(self, boxname: str = "inbox") -> Iterator[Any]:
        """Takes the messages that wait in the inbox, one by one, and those that come meanwhile."""
        try:
            sink = self._inboxes[boxname]
        except (KeyError, AttributeError):
            self._wrongBox(boxname, "inbox")
        while sink:
            message = sink.popleft()
            sink.reported = -1  # TAKEN; a literal is faster
            for task in sink.feeders:
                if not task.state:
                    task.wake()
            yield message

    def deliver(self, message: Any, boxname: str = "inbox") -> None:
        """Put `message` where a message to the inbox `boxname` of this component would arrive.

        A parent uses it to send to a child without a linkage. Raises noSuchBox (a KeyError), and
        noSpaceInBox if the inbox has a size and is full.
        """
        if boxname not in self._inboxes:
            self._wrongBox(boxname, "inbox")
        sink = storageOf(self, boxname).end()
        sink.append(message)
        sink.task.messageArrived(sink.isUrgent)

    _deliver = deliver  # the historical name

    def setInboxSize(self, boxname: str, size: int | None) -> None:
        """Limit the inbox to `size` messages; a send into a full one raises noSpaceInBox."""
        if boxname not in self._inboxes:
            self._wrongBox(boxname, "inbox")
        storageOf(self, boxname).end().setSize(size)

    def setInboxCapacity(self, boxname: str, capacity: int | None) -> None:
        """Hold whoever sends to the inbox while it has `capacity` messages or more.

        The capacity holds for all linkages that lead to the inbox, now or later. None
        removes it. Raises noSuchBox (a KeyError), ValueError for less than one message.
        """
        if boxname not in self._inboxes:
            self._wrongBox(boxname, "inbox")
        storageOf(self, boxname).end().setCapacity(capacity)

    def takeDirectly(self, boxname: str, take: Callable[[Any], Any]) -> None:
        """Call `take(message)` for each message to an inbox, within the turn of its sender.

        For a component at the edge of the system, such as a connection: no message waits in this
        inbox. `take` returns None, or a gate at which the sender is held (Axon.WriteGate). What it
        raises is raised in the sender. Raises KeyError if there is no such inbox.
        """
        before = self._inboxes[boxname]
        if type(before) is directsink:
            before.append = take
            return
        sink = self._inboxes[boxname] = directsink(self._task, boxname, take)
        if before is not UNUSED:
            sink.standInFor(before)

    # Sleep

    def pause(self, timeout: float | None = None) -> object:
        """Sleep from the next yield on: until a message comes, one that this component sent is
        taken, a child ends, unpause() is called, or `timeout` seconds are over.
        """
        task = self._task
        if timeout is not None or task.deadline is not None:
            return self._sleep(PAUSE, timeout)
        task.wish |= PAUSE
        return 1

    def waitForMessage(
        self, boxname: str | None = None, timeout: float | None = None
    ) -> Iterable[int]:
        """`yield from` this to wait until the inbox (any inbox, if none is named) has a message.

        What an earlier wait has reported does not end a wait for any inbox, unless a message
        was taken from the same inbox since: the wait sleeps until something new arrives. A
        wait for one inbox that would report the same again takes one turn, and ends.

        Nothing else ends a wait but `timeout` seconds, after which no box may have a message.
        """
        if boxname is not None:
            return self._waitForBox(boxname, timeout)
        if timeout is not None:
            return self._waitForAny(timeout)
        task = self._task
        for sink in self._inboxes.values():
            if sink:
                if sink.reported != TAKEN:
                    if self._hasNews():
                        return _NOT_AT_ALL
                    break
                sink.reported = len(sink)
                return _NOT_AT_ALL
            sink.reported = 0
        task.wish = task.wish & HOLD | WAIT  # whatever woke it in this turn has been taken
        return _ONCE

    def _hasNews(self) -> bool:
        """Return whether a wait for any inbox has something to report, and note its report."""
        # In the turn that a wait has begun, that wait has reported all that is there.
        isReported = self._task.wish & (REPORTED | WOKEN) == REPORTED
        hasNews = False
        for sink in self._inboxes.values():
            if sink.reported == TAKEN or not isReported:
                hasNews = hasNews or sink.hasNews()
            sink.noteReport()
        if not hasNews and self._inboxes.get("control"):
            warnOfUnreadControl(self)
        return hasNews

    @waitMethod("waitForMessage")
    def _waitForAny(self, timeout: float) -> Generator[int, None, None]:
        now = self.scheduler.timers.clock.now
        until = now() + timeout
        hasNews = self._hasNews()
        while not hasNews and (left := until - now()) > 0:
            self._sleep(WAIT_FOR_CHANGE, left)
            yield 1
            hasNews = self._hasNews()

    @waitMethod("waitForMessage")
    def _waitForBox(self, boxname: str, timeout: float | None) -> Generator[int, None, None]:
        if self.dataReady(boxname):
            if not self._inboxes[boxname].hasNews():
                yield 1
        elif timeout is None:
            while not self.dataReady(boxname):
                self._sleep(WAIT_FOR_CHANGE, None)
                yield 1
        else:
            now = self.scheduler.timers.clock.now
            until = now() + timeout
            while not self.dataReady(boxname) and (left := until - now()) > 0:
                self._sleep(WAIT_FOR_CHANGE, left)
                yield 1
        self._inboxes[boxname].noteReport()

    # The end

    def isShuttingDown(self) -> bool:
        """Whether a producerFinished or shutdownMicroprocess came to "control"; it is sent on to
        "signal", and what came before it is dropped. Ask it last: "inbox" has been read then.
        """
        while self.dataReady("control"):
            message = self.recv("control")
            if isinstance(message, producerFinished | shutdownMicroprocess):
                self.send(message, "signal")
                return True
        return False

    @waitMethod("passOnShutdown")
    def passOnShutdown(self) -> Generator[int, None, None]:
        """`yield from` this to wait for a shutdown message and pass it on to "signal"."""
        while not self.isShuttingDown():
            yield from self.waitForMessage("control")

    # For `async def main`

    @waitMethod("receive")
    async def receive(self, boxname: str = "inbox") -> Any:
        """Waits for one message from the inbox, and takes it."""
        if boxname not in self._inboxes:
            self._wrongBox(boxname, "inbox")
        while not self._inboxes[boxname]:
            await self._task.body.wake()
        return self.recv(boxname)

    @waitMethod("messages")
    async def messages(self, boxname: str = "inbox") -> AsyncIterator[Any]:
        """`async for` each message from the inbox, until a producerFinished or shutdownMicroprocess
        comes to "control"; it is passed on to "signal" after the last message.
        """
        if boxname not in self._inboxes:
            self._wrongBox(boxname, "inbox")
        while True:
            for message in self.Inbox(boxname):
                yield message
            if self.isShuttingDown():
                return
            if not self.dataReady(boxname):
                await self._task.body.wake()

    # Wiring

    @property
    def postoffice(self) -> Any:
        """The postoffice that makes this component's linkages; it is created on first access."""
        if self._postoffice is None:
            self._postoffice = postoffice()
        return self._postoffice

    @postoffice.setter
    def postoffice(self, office: Any) -> None:
        self._postoffice = office

    def link(
        self, source: BoxPair, sink: BoxPair, *optionalargs: Any, **kwoptionalargs: Any
    ) -> linkage:
        """Joins (component, box) to (component, box); see Axon.Postoffice.postoffice.link."""
        made: linkage = self.postoffice.link(source, sink, *optionalargs, **kwoptionalargs)
        return made

    def unlink(self, thecomponent: Any = None, thelinkage: linkage | None = None) -> None:
        """Takes away a linkage, or all those with a component, if this component made them."""
        if self._postoffice is not None:
            self._postoffice.unlink(thecomponent, thelinkage)

    def placeOfBox(self, boxname: str, isInbox: bool) -> postbox:
        """Return the place of an inbox or outbox among the linkages (Axon.Box.postbox).

        `placeOfSink.addsource(placeOfSource)` links two boxes without a postoffice; then nothing
        removes the linkage but `removesource`. Raises KeyError if there is no such box.
        """
        if isInbox:
            return storageOf(self, boxname)  # type: ignore[no-any-return]
        places = self._linkedOutboxes
        if type(places) is dict:
            if boxname in places:
                return places[boxname]  # type: ignore[no-any-return]
        else:
            for place in places:
                if place.boxname == boxname:
                    return place  # type: ignore[no-any-return]
        if boxname not in self.outboxes:
            raise KeyError(boxname)
        place = outbox(self, boxname)
        if type(places) is dict:
            places[boxname] = place
        elif len(places) < FEW:
            self._linkedOutboxes = (*places, place)
        else:
            self._linkedOutboxes = {each.boxname: each for each in (*places, place)}
        return place

    def linkedOutboxes(self) -> Collection[outbox]:
        """Return the outboxes that have been linked, as places among the linkages."""
        linked = self._linkedOutboxes
        places: Collection[outbox] = linked.values() if type(linked) is dict else linked
        return places

    def placesOfInboxes(self) -> Mapping[str, Any]:
        """Return the inboxes as they are stored, in which UNUSED stands for an unused one."""
        return self._inboxes

    def sourcesOfLinkages(self) -> Collection[postbox]:
        """Return the boxes where the linkages start that this component has made."""
        office = self._postoffice
        return () if office is None else office.sources()

    def forgetOutboxes(self, isForgotten: Callable[[outbox], bool]) -> None:
        """Forget the places of outboxes for which `isForgotten` is true; they are unlinked."""
        kept = [place for place in self.linkedOutboxes() if not isForgotten(place)]
        isFew = len(kept) <= FEW
        self._linkedOutboxes = tuple(kept) if isFew else {each.boxname: each for each in kept}

    # Children

    @property
    def children(self) -> Any:
        """This component's children, a list of its own; it is created on first access."""
        return self._ownChildren().asList()

    @children.setter
    def children(self, children: Any) -> None:
        self._children = None if children is None else Children(children)

    def _ownChildren(self) -> Children:
        if self._children is None:
            self._children = Children([])
        return self._children  # type: ignore[no-any-return]

    def hasChildren(self) -> bool:
        """Return whether this component has children."""
        return self._children is not None and len(self._children) > 0

    def addChildren(self, *children: Any) -> None:
        """Make components children of this one, which is woken when one of them ends."""
        for child in children:
            if not hasattr(child, "_task"):
                raise wiringError(f"{self.name} cannot add a child: {whyNoComponent(child)}")
            self.children.append(child)
            child.addWatcher(self)

    def removeChild(self, child: Any) -> None:
        """Part from a child, and remove the linkages that this component made with it.

        If `child` is not a child of this component, do nothing.
        """
        isWatched = hasattr(child, "_task") and child.isWatchedBy(self)
        if isWatched or child in self._ownChildren():  # one that has ended has no watchers
            self.dropChild(child)

    def dropChild(self, child: Any) -> None:
        """Part from `child`, which must be a child, in constant time even if there are many."""
        if hasattr(child, "_task"):
            child.removeWatcher(self)
        self._ownChildren().remove(child)
        self.unlink(child)

    def childComponents(self) -> list[Any]:
        """Return this component's children, in the order in which they were added."""
        return list(self.children)

    # Life

    def main(self) -> Any:
        """Run an old-style component; most classes override this method.

        Call initialiseComponent(), then mainBody() once a turn while it returns a true value,
        then closeDownComponent(). What each of them returns is yielded, so a newComponent is
        activated. Raise TypeError if one of them is an async or a generator function.
        """
        self._checkBody()
        yield plainResult(self.initialiseComponent(), "initialiseComponent", self) or 1
        while going := plainResult(self.mainBody(), "mainBody", self):
            yield going
        last = plainResult(self.closeDownComponent(), "closeDownComponent", self)
        self._task.wish = 0  # a pause() in this turn must not keep alive what has ended
        yield last

    def _checkBody(self) -> None:
        """Raise a TypeError if this class has no body, but a method whose name is nearly one."""
        if type(self).mainBody is component.mainBody:
            checkMain(self, component, OLD_STYLE)

    def initialiseComponent(self) -> Any:
        """Called once, in the first turn. Yours to override."""
        return 1

    def mainBody(self) -> Any:
        """Called once a turn, until it gives something false. Yours to override."""
        return None

    def closeDownComponent(self) -> Any:
        """Called once, in the last turn. Yours to override."""
        return 1

    def _closeDownMicroprocess(self) -> Any:
        if self._postoffice is not None:
            self._postoffice.unlinkAll()
        late = None
        for sink in self._inboxes.values():
            if sink is not UNUSED and isinstance(sink, realsink):
                late = late or LateMessages(self)
                sink.closeDown(late)
        if self._linkedOutboxes:  # those that are free again would keep this alive
            self.forgetOutboxes(lambda place: not place.isLinked())

    # Mistakes

    def _cannotTake(self, boxname: str) -> NoReturn:
        if boxname not in getattr(self, "_inboxes", ()):
            self._wrongBox(boxname, "inbox")
        raise emptyInbox(f"the inbox {boxname!r} of {self.name} is empty")

    def _wrongBox(self, boxname: str, direction: str) -> NoReturn:
        inboxes, outboxes = getattr(self, "_inboxes", None), getattr(self, "outboxes", None)
        if inboxes is None or outboxes is None:
            raise wiringError(whyNoComponent(self))
        boxes, opposite = (inboxes, outboxes) if direction == "inbox" else (outboxes, inboxes)
        raise noSuchBox(self.name, boxname, direction, boxes, opposite) from None


class _Producer(component):
    def main(self) -> Generator[int, None, None]:
        for number in range(100):
            self.send(number)
            yield 1
        self.send(producerFinished(self), "signal")


class _Consumer(component):
    total = 0
    producers = 1

    def main(self) -> Generator[int, None, None]:
        while self.producers:
            yield from self.waitForMessage()
            for number in self.Inbox():
                self.total += number
                self.send(2 * number)
            self.producers -= len(list(self.Inbox("control")))
        self.send(producerFinished(self), "signal")


def producersConsumersSystemTest() -> None:
    """Two producers, a consumer for each, and one that adds up, in a scheduler of their own.

    Raises RuntimeError if the sum is wrong, or if they do not all end.
    """
    last = _Consumer(producers=2)
    for _ in range(2):
        chain = (_Producer(), _Consumer(), last)
        last.addChildren(*chain[:2])
        for source, sink in pairwise(chain):
            last.link((source, "outbox"), (sink, "inbox"))
            last.link((source, "signal"), (sink, "control"))
    system = component.schedulerClass()
    for each in (last, *last.children):
        each.activate(Scheduler=system)
    for _ in zip(range(10_000), system.main(), strict=False):  # so many turns are enough
        pass
    left = len(system.listAllThreads())
    if left or last.total != 2 * 2 * sum(range(100)):
        raise RuntimeError(f"the sum is {last.total}, not 19800, and {left} have not ended")
