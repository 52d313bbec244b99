"""For components that bring a file descriptor of their own: word of when it can be read or written.

Example usage
-------------
    selector, shutdown, newSelector = Selector.getSelectorServices(self.tracker)
    self.link((self, "_selectorSignal"), selector)
    self.send(newReader(self, ((self, "ReadReady"), sock)), "_selectorSignal")
    ...                                     # a message comes to "ReadReady"
    self.send(newReader(...), "_selectorSignal")    # asked again for the next time
    self.send(removeReader(self, sock), "_selectorSignal")

How does it work?
-----------------
The event loop watches the descriptor: no thread, no poll loop. Each request is
answered once, with "ready" in the inbox that it names, and then forgotten.

Termination: a shutdown message on "control".
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Internet.Gates import theLoopOf
from Kamaelia.IPC import (
    newExceptional,
    newReader,
    newWriter,
    removeExceptional,
    removeReader,
    removeWriter,
)

SERVICE, SHUTDOWN = "selector", "selectorshutdown"


class _Kind(NamedTuple):
    """What can be asked of the loop, and how."""

    add: str
    remove: str


READER, WRITER = _Kind("add_reader", "remove_reader"), _Kind("add_writer", "remove_writer")

ADD = {newReader: READER, newWriter: WRITER, newExceptional: READER}
REMOVE = {removeReader: READER, removeWriter: WRITER, removeExceptional: READER}


class Selector(component):
    """Selector() -> tells components of their descriptors; one for all, found as a service."""

    Inboxes = {
        "control": "producerFinished or shutdownMicroprocess: end",
        "inbox": "not used",
        "notify": "newReader, newWriter, newExceptional, and the same with remove",
    }
    Outboxes = {"outbox": "not used", "signal": "what came to control"}

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self._watched: dict[tuple[int, _Kind], Any] = {}

    def main(self) -> Generator[int, None, None]:
        loop = theLoopOf(self)
        try:
            while not self._isOver():
                yield from self.waitForMessage()
                for message in self.Inbox("notify"):
                    self.handleNotify(message)
        finally:
            for descriptor, kind in list(self._watched):
                getattr(loop, kind.remove)(descriptor)
            self._changeOutside(-len(self._watched))
            self._leaveTracker()

    def _isOver(self) -> bool:
        for message in self.Inbox("control"):
            if isinstance(message, producerFinished | shutdownMicroprocess):
                self.send(message, "signal")
                return True
        return False

    def handleNotify(self, message: Any) -> None:
        """Does what one message to "notify" asks for."""
        for cls, kind in ADD.items():
            if isinstance(message, cls):
                replyService, selectable = message.object
                self._watch(kind, replyService, selectable)
        for cls, kind in REMOVE.items():
            if isinstance(message, cls):
                self._unwatch(kind, message.object)

    def _watch(self, kind: _Kind, replyService: Any, selectable: Any) -> None:
        descriptor = _descriptorOf(selectable)
        if (descriptor, kind) not in self._watched:
            self._changeOutside(1)
        self._watched[descriptor, kind] = replyService
        add = getattr(self.scheduler.loop, kind.add)
        add(descriptor, self._isReady, descriptor, kind)

    def _unwatch(self, kind: _Kind, selectable: Any) -> None:
        descriptor = _descriptorOf(selectable)
        if self._watched.pop((descriptor, kind), None) is not None:
            getattr(self.scheduler.loop, kind.remove)(descriptor)
            self._changeOutside(-1)

    def _isReady(self, descriptor: int, kind: _Kind) -> None:
        who, boxname = self._watched[descriptor, kind]
        self._unwatch(kind, descriptor)
        who._deliver("ready", boxname)

    def _changeOutside(self, by: int) -> None:
        self.scheduler.outside += by

    # The service

    @staticmethod
    def setSelectorServices(selector: Selector, tracker: Any = None) -> None:
        """Makes `selector` the one that others find."""
        cat = tracker or coordinatingassistanttracker.getcat()
        cat.registerService(SERVICE, selector, "notify")
        cat.registerService(SHUTDOWN, selector, "control")
        selector._tracker = cat

    @staticmethod
    def getSelectorServices(tracker: Any = None) -> tuple[Any, Any, Selector | None]:
        """(where to send requests, where to send its shutdown, a new one to activate or None)."""
        cat = tracker or coordinatingassistanttracker.getcat()
        try:
            return cat.retrieveService(SERVICE), cat.retrieveService(SHUTDOWN), None
        except KeyError:
            selector = Selector()
            Selector.setSelectorServices(selector, cat)
            return (selector, "notify"), (selector, "control"), selector

    _tracker: Any = None

    def _leaveTracker(self) -> None:
        if self._tracker is not None:
            self._tracker.deRegisterService(SERVICE)
            self._tracker.deRegisterService(SHUTDOWN)
            self._tracker = None


def _descriptorOf(selectable: Any) -> int:
    return selectable if isinstance(selectable, int) else int(selectable.fileno())
