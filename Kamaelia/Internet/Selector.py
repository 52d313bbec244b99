"""For components that bring a file descriptor of their own: word of when it can be read or written.

Example usage
-------------
    selector, shutdown, newSelector = Selector.getSelectorServices(self.tracker)
    self.link((self, "_selectorSignal"), selector)
    self.send(newReader(self, ((self, "ReadReady"), sock)), "_selectorSignal")
    ...                                     # sock comes to "ReadReady"
    self.send(newReader(...), "_selectorSignal")    # asked again for the next time
    self.send(removeReader(self, sock), "_selectorSignal")

How does it work?
-----------------
The event loop watches the descriptor: no thread, no poll loop. Each request is
answered once, in the inbox that it names, and then forgotten. The answer is the
object whose descriptor is ready, or an OSError if that object cannot be watched,
which the log says, too. A file is always ready.

Termination: a shutdown message on "control".
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Generator
from contextlib import suppress
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

LOG = logging.getLogger("Kamaelia.Internet.Selector")

SERVICE, SHUTDOWN = "selector", "selectorshutdown"


class _Kind(NamedTuple):
    """What can be asked of the loop, and how."""

    add: str
    remove: str


READER, WRITER = _Kind("add_reader", "remove_reader"), _Kind("add_writer", "remove_writer")

ADD = {newReader: READER, newWriter: WRITER, newExceptional: READER}
REMOVE = {removeReader: READER, removeWriter: WRITER, removeExceptional: READER}


class _Request(NamedTuple):
    """Who is to be told, and of what."""

    replyService: tuple[Any, str]
    selectable: Any


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
        self._watched: dict[tuple[int, _Kind], _Request] = {}

    def main(self) -> Generator[int, None, None]:
        theLoopOf(self)
        try:
            while not self._isOver():
                yield from self.waitForMessage()
                for message in self.Inbox("notify"):
                    self.handleNotify(message)
        finally:
            for descriptor, kind in list(self._watched):
                self._forget(descriptor, kind)
            self._leaveTracker()

    def _isOver(self) -> bool:
        for message in self.Inbox("control"):
            if isinstance(message, producerFinished | shutdownMicroprocess):
                self.send(message, "signal")
                return True
        return False

    def handleNotify(self, message: Any) -> None:
        """Do what one message to "notify" asks for."""
        for cls, kind in ADD.items():
            if isinstance(message, cls):
                self._watch(kind, _Request(*message.object))
        for cls, kind in REMOVE.items():
            if isinstance(message, cls):
                self._unwatch(kind, message.object)

    def _watch(self, kind: _Kind, request: _Request) -> None:
        try:
            descriptor = _descriptorOf(request.selectable)
            self._forgetClosed(descriptor, request.selectable)
            self._add(kind, descriptor)
        except PermissionError:  # the system does not watch files, as they never make one wait
            self._answer(request, request.selectable)
        except (OSError, ValueError, TypeError) as error:
            LOG.warning("%s cannot watch %r: %s", self.name, request.selectable, error)
            self._answer(request, _asOSError(error))
        else:
            if (descriptor, kind) not in self._watched:
                self._changeOutside(1)
            self._watched[descriptor, kind] = request

    def _add(self, kind: _Kind, descriptor: int) -> None:
        getattr(self.scheduler.loop, kind.add)(descriptor, self._isReady, descriptor, kind)

    def _forgetClosed(self, descriptor: int, selectable: Any) -> None:
        """Forget requests for an object that was closed, so that its number is used anew.

        The event loop would take the old and the new one for the same, and watch neither.
        """
        for kind in (READER, WRITER):
            request = self._watched.get((descriptor, kind))
            if request is not None and request.selectable is not selectable:
                self._forget(descriptor, kind)
                self._answer(request, OSError(errno.EBADF, "it was closed while it was watched"))

    def _unwatch(self, kind: _Kind, selectable: Any) -> None:
        """Forget a request. A socket that is closed by now is found by what it is."""
        for (descriptor, each), request in list(self._watched.items()):
            if each is kind and (request.selectable is selectable or descriptor == selectable):
                self._forget(descriptor, kind)
                return
        with suppress(OSError, ValueError, TypeError):
            self._forget(_descriptorOf(selectable), kind)

    def _forget(self, descriptor: int, kind: _Kind) -> None:
        if self._watched.pop((descriptor, kind), None) is not None:
            with suppress(OSError):  # it is closed
                getattr(self.scheduler.loop, kind.remove)(descriptor)
            self._changeOutside(-1)

    def _isReady(self, descriptor: int, kind: _Kind) -> None:
        request = self._watched[descriptor, kind]
        self._forget(descriptor, kind)
        self._answer(request, request.selectable)

    def _answer(self, request: _Request, answer: Any) -> None:
        who, boxname = request.replyService
        who._deliver(answer, boxname)

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
    """Return the descriptor of an object, or of a number. Raises OSError if it is closed."""
    if not isinstance(selectable, int):
        if not hasattr(selectable, "fileno"):
            raise TypeError(f"{selectable!r} has no descriptor")
        selectable = int(selectable.fileno())
    if selectable < 0:
        raise OSError(errno.EBADF, "it is closed")
    return int(selectable)


def _asOSError(error: Exception) -> OSError:
    return error if isinstance(error, OSError) else OSError(errno.EBADF, str(error))


__kamaelia_components__ = (Selector,)
