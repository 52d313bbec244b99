"""Components: microprocesses with named inboxes and outboxes, which others link.

Example usage
-------------
    class Total(component):
        Inboxes = {"inbox": "numbers", "control": "producerFinished: no more numbers"}
        Outboxes = {"outbox": "one number, the sum", "signal": "the message from control"}

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
A component sends to its own outboxes and takes messages from its own inboxes. It does not
know which components are at the other ends: a third component links them, mostly a chassis
such as Pipeline. `send` puts the message into the inbox at the far end immediately, and wakes
the component that has that inbox.

Termination: a component ends when `main()` ends. The linkages that it has made are removed
then, and the components whose child it is are woken.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Generator,
    Mapping,
)
from typing import TYPE_CHECKING, Any, ClassVar

from Axon import Core, HistoricalNames
from Axon.AxonExceptions import noSpaceInBox
from Axon.Box import (
    NULL,
    UNUSED,
    makeInbox,
    makeOutbox,
    realsink,
    takeDirectly,
)
from Axon.BoxMethods import BoxMethods
from Axon.ComponentCheck import (
    checkBoxNames,
    checkMain,
    checkSettings,
    isMethod,
)
from Axon.HistoricalNames import *  # noqa: F403 - for programs that import them from here
from Axon.Hooks import plainResult
from Axon.idGen import numId
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.LinkableProcess import linkableprocess
from Axon.Linkage import linkage
from Axon.MessageWaits import hasNews
from Axon.Microprocess import microprocess
from Axon.OutboxPlaces import FEW, withPlace
from Axon.Postoffice import postoffice
from Axon.ProcessDefaults import NullScheduler
from Axon.Scheduler import scheduler
from Axon.SystemTest import runSystemTest
from Axon.Trace import traceRecvs, traceSends
from Axon.YieldCheck import waitMethod

__all__ = [  # makeInbox and the others: programs import them from here
    "TraceAllRecvs",
    "TraceAllSends",
    "component",
    "linkage",
    "makeInbox",
    "makeOutbox",
    "noSpaceInBox",
    "postoffice",
    "producersConsumersSystemTest",
    "scheduler",
]
__all__ += HistoricalNames.__all__

TraceAllSends = False  # set before components are created: print each message that is sent
TraceAllRecvs = False  # the same for each message that is taken

OLD_STYLE = ("main", "initialiseComponent", "mainBody", "closeDownComponent")


def _checkSettings(made: component, settings: dict[str, Any]) -> None:
    """Raise an error for a setting that `made` must not have, and remember the other names.

    That is wiringError if it would replace a method, and TypeError if the name is misspelt.
    """
    from Axon.Settings import refuseMisspeltKeywords  # here, because it imports inspect

    kind = type(made)
    methods = [name for name in settings if isMethod(kind, name)]
    checkSettings(made, settings, methods)
    refuseMisspeltKeywords(kind, settings)
    kind._knownSettings |= settings.keys() - set(methods)


class component(BoxMethods, linkableprocess):
    """component(**attributes) -> a microprocess with boxes; each keyword becomes an attribute."""

    Inboxes: ClassVar[Collection[str]] = {
        "inbox": "messages to process",
        "control": "producerFinished or shutdownMicroprocess: stop",
    }
    Outboxes: ClassVar[Collection[str]] = {
        "outbox": "the results",
        "signal": "producerFinished or shutdownMicroprocess for other components",
    }
    Usescomponents: ClassVar[list[Any]] = []

    _knownSettings: ClassVar[frozenset[str]] = frozenset()  # those that need no further check
    _planOfCore: ClassVar[Any] = None  # what the compiled core knows of the class

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._knownSettings = frozenset()
        cls._planOfCore = None

    def __init__(self, *args: Any, **argd: Any) -> None:
        super().__init__()
        self._postoffice = self._children = None  # see linkableprocess
        self._linkedOutboxes = ()
        if argd:
            if not self._knownSettings.issuperset(argd):
                _checkSettings(self, argd)
            for name, value in argd.items():
                setattr(self, name, value)
        inboxes, outboxes = self.Inboxes, self.Outboxes
        if type(inboxes) is str or type(outboxes) is str:
            checkBoxNames(self, "Inboxes", inboxes)
            checkBoxNames(self, "Outboxes", outboxes)
        self._inboxes: dict[str, realsink] = dict.fromkeys(inboxes, UNUSED)
        self.outboxes = dict.fromkeys(outboxes, NULL)
        if TraceAllSends:
            traceSends(self)
        if TraceAllRecvs:
            traceRecvs(self)

    def __str__(self) -> str:
        inboxes = {boxname: len(sink) for boxname, sink in self._inboxes.items()}
        outboxes = {boxname: len(sink) for boxname, sink in self.outboxes.items()}
        return f"Component {self.name} [ inboxes : {inboxes} outboxes : {outboxes} ]"

    # Messages

    def takeDirectly(self, boxname: str, take: Callable[[Any], Any]) -> None:
        """Call `take(message)` for each message to an inbox, within the turn of its sender.

        It is for components at the edge of the system, such as connections: this inbox stores no
        message. `take` returns None, or a gate at which the sender is held (Axon.WriteGate). An
        error in `take` is raised in the sender. Raises KeyError if there is no such inbox.
        """
        takeDirectly(self._inboxes, self._task, boxname, take)

    def replaceInboxes(self, inboxes: Mapping[str, realsink]) -> None:
        """Use `inboxes`, by name, as the inboxes of this component."""
        self._inboxes = dict(inboxes)

    # Shutdown

    def isShuttingDown(self) -> bool:
        """Return whether "control" holds a producerFinished or shutdownMicroprocess.

        It is passed on to "signal", a shutdownMicroprocess before a producerFinished, because it
        means that messages may be missing. Other messages are discarded. Call this after "inbox"
        has been read, or the last messages are lost.
        """
        end = None
        while self.dataReady("control") and not isinstance(end, shutdownMicroprocess):
            message = self.recv("control")
            isEnd = isinstance(message, producerFinished) and end is None
            if isEnd or isinstance(message, shutdownMicroprocess):
                end = message
        if end is not None:
            self.send(end, "signal")
        return end is not None

    @waitMethod("passOnShutdown")
    def passOnShutdown(self) -> Generator[int, None, None]:
        """`yield from` this to wait for a shutdown message and pass it on to "signal"."""
        while not self.isShuttingDown():
            yield from self.waitForMessage("control")

    # For `async def main`

    @waitMethod("receive")
    async def receive(self, boxname: str = "inbox") -> Any:
        """Wait for one message from the inbox, take it, and return it."""
        while not self.dataReady(boxname):
            await self.waitForWakeUp()
        return self.recv(boxname)

    @waitMethod("anyMessage")
    async def anyMessage(self) -> str:
        """Wait until an inbox has a message, and return the first such inbox in declared order.

        As in waitForMessage(), messages that an earlier wait has reported do not end this wait,
        unless a message was taken from the same inbox since.
        """
        while not hasNews(self):
            await self.waitForWakeUp()
        return str(self.anyReady())

    @waitMethod("messages")
    async def messages(self, boxname: str = "inbox") -> AsyncIterator[Any]:
        """`async for` each message from the inbox, until "control" receives a producerFinished or
        shutdownMicroprocess, which is passed on to "signal" after the last message.
        """
        while True:
            for message in self.Inbox(boxname):
                yield message
            if self.isShuttingDown():
                return
            if not self.dataReady(boxname):
                await self.waitForWakeUp()

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
        self.cancelPause()  # otherwise a pause() in this turn would delay the end
        yield last

    def _checkBody(self) -> None:
        """Raise TypeError if this class has no body, but a method with a similar name."""
        if type(self).mainBody is component.mainBody:
            checkMain(self, component, OLD_STYLE)

    def initialiseComponent(self) -> Any:
        """Prepare an old-style component; called once, in its first turn. Override it."""
        return 1

    def mainBody(self) -> Any:
        """Do the work of one turn; called until it returns a false value. Override it."""
        return None

    def closeDownComponent(self) -> Any:
        """Clean up an old-style component; called once, in its last turn. Override it."""
        return 1


if not TYPE_CHECKING and Core.compiled is not None:
    del component.__init__  # BoxMethods has it, compiled
    Core.compiled.provideComponents(
        globals(),
        microprocess,
        numId,
        NullScheduler,
        _checkSettings,
        checkBoxNames,
        withPlace,
        FEW,
    )


def producersConsumersSystemTest() -> None:
    """Check that messages pass through pipelines of components. Raise RuntimeError if not."""
    runSystemTest(component)
