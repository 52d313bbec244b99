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
A poll object (epoll or kqueue) watches the descriptors, and the event loop watches
the poll object: no thread, no poll loop. A descriptor that its owner closes leaves the
poll object by itself, whereas uvloop aborts the process if it is given one that is
closed soon after. Each request is answered once, in the inbox that it names, and then
forgotten. The answer is the object whose descriptor is ready, or an OSError if that
object cannot be watched, which the log says, too. A file is always ready.

Termination: a shutdown message on "control".
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Generator
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any, NamedTuple

from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Internet.EventLoop import eventLoopOf
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


KINDS = (EVENT_READ, EVENT_WRITE)
ADD = {newReader: EVENT_READ, newWriter: EVENT_WRITE, newExceptional: EVENT_READ}
REMOVE = {removeReader: EVENT_READ, removeWriter: EVENT_WRITE, removeExceptional: EVENT_READ}


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
        self._watched: dict[tuple[int, int], _Request] = {}

    def main(self) -> Generator[int, None, None]:
        loop = eventLoopOf(self)
        self._poll = DefaultSelector()
        loop.add_reader(self._poll, self._answerReady)
        try:
            while not self._isOver():
                yield from self.waitForMessage()
                for message in self.Inbox("notify"):
                    self.handleNotify(message)
        finally:
            for descriptor, kind in list(self._watched):
                self._forget(descriptor, kind)
            loop.remove_reader(self._poll)
            self._poll.close()
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

    def _watch(self, kind: int, request: _Request) -> None:
        try:
            descriptor = _descriptorOf(request.selectable)
            self._forgetClosed(descriptor, request.selectable)
            self._pollFor(descriptor, self._kindsOf(descriptor) | kind)
        except PermissionError:  # the system does not watch files, as they never make one wait
            self._answer(request, request.selectable)
        except (OSError, ValueError, TypeError) as error:
            LOG.warning("%s cannot watch %r: %s", self.name, request.selectable, error)
            self._answer(request, _asOSError(error))
        else:
            if (descriptor, kind) not in self._watched:
                self._changeOutside(1)
            self._watched[descriptor, kind] = request

    def _kindsOf(self, descriptor: int) -> int:
        """Return what is asked of `descriptor`: the sum of some of KINDS, or 0."""
        return sum(kind for kind in KINDS if (descriptor, kind) in self._watched)

    def _pollFor(self, descriptor: int, kinds: int) -> None:
        """Have the poll object watch `descriptor` for `kinds`, and for nothing if that is 0."""
        with suppress(KeyError):
            self._poll.unregister(descriptor)
        if kinds:
            self._poll.register(descriptor, kinds)

    def _forgetClosed(self, descriptor: int, selectable: Any) -> None:
        """Forget requests for an object that was closed, so that its number is used anew.

        The poll object knows only the number, and would take the old and the new one for the same.
        """
        for kind in KINDS:
            request = self._watched.get((descriptor, kind))
            if request is not None and request.selectable is not selectable:
                self._forget(descriptor, kind)
                self._answer(request, OSError(errno.EBADF, "it was closed while it was watched"))

    def _unwatch(self, kind: int, selectable: Any) -> None:
        """Forget a request. A socket that is closed by now is found by what it is."""
        for (descriptor, each), request in list(self._watched.items()):
            if each is kind and (request.selectable is selectable or descriptor == selectable):
                self._forget(descriptor, kind)
                return
        with suppress(OSError, ValueError, TypeError):
            self._forget(_descriptorOf(selectable), kind)

    def _forget(self, descriptor: int, kind: int) -> None:
        if self._watched.pop((descriptor, kind), None) is not None:
            with suppress(OSError):  # it is closed
                self._pollFor(descriptor, self._kindsOf(descriptor))
            self._changeOutside(-1)

    def _answerReady(self) -> None:
        """Answer the requests for descriptors that are ready; the loop calls this."""
        for key, ready in self._poll.select(0):
            for kind in KINDS:
                if ready & kind:
                    request = self._watched[key.fd, kind]
                    self._forget(key.fd, kind)
                    self._answer(request, request.selectable)

    def _answer(self, request: _Request, answer: Any) -> None:
        who, boxname = request.replyService
        who.deliver(answer, boxname)

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
