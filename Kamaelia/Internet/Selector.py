"""Reports to components when their own file descriptors can be read or written.

Example usage
-------------
    selector, shutdown, newSelector = Selector.getSelectorServices(self.tracker)
    self.link((self, "_selectorSignal"), selector)
    self.send(newReader(self, ((self, "ReadReady"), sock)), "_selectorSignal")
    ...                                     # sock arrives in "ReadReady"
    self.send(newReader(...), "_selectorSignal")    # request the next report
    self.send(removeReader(self, sock), "_selectorSignal")

How does it work?
-----------------
A poll object (epoll or kqueue) watches the descriptors, and the event loop watches the poll
object. A descriptor that its owner closes leaves the poll object by itself, whereas uvloop
aborts the process if a descriptor is closed soon after it was given to the loop. Each request
is answered once, in the inbox that it names. The answer is the object whose descriptor is
ready, or an OSError if that object cannot be watched, which is logged, too. A file is always
ready.

Termination: producerFinished or shutdownMicroprocess on "control", which is passed on.
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
    """A request: the inbox for the answer, and the object to watch."""

    replyService: tuple[component, str]
    selectable: Any  # has fileno(), or is a number


class Selector(component):
    """Selector(): reports ready descriptors. One serves all components; it is a service."""

    Inboxes = {
        "control": "producerFinished or shutdownMicroprocess: end",
        "inbox": "not used",
        "notify": "requests: the subclasses of notify for a Selector in Kamaelia.IPC",
    }
    Outboxes = {"outbox": "not used", "signal": "the message from control"}

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

    def handleNotify(self, message: object) -> None:
        """Carry out the request in one message to "notify"."""
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
        except (
            PermissionError
        ):  # it is a file, which the system does not watch, as it is always ready
            self._answer(request, request.selectable)
        except (OSError, ValueError, TypeError) as error:
            LOG.warning("%s cannot watch %r: %s", self.name, request.selectable, error)
            self._answer(request, _asOSError(error))
        else:
            if (descriptor, kind) not in self._watched:
                self._changeOutside(1)
            self._watched[descriptor, kind] = request

    def _kindsOf(self, descriptor: int) -> int:
        """Return the kinds that are requested for `descriptor`: the sum of some of KINDS, or 0."""
        return sum(kind for kind in KINDS if (descriptor, kind) in self._watched)

    def _pollFor(self, descriptor: int, kinds: int) -> None:
        """Let the poll object watch `descriptor` for `kinds`; 0 ends that."""
        with suppress(KeyError):
            self._poll.unregister(descriptor)
        if kinds:
            self._poll.register(descriptor, kinds)

    def _forgetClosed(self, descriptor: int, selectable: Any) -> None:
        """Forget requests for a closed object whose descriptor now belongs to `selectable`.

        The poll object knows only the descriptor, and cannot tell the two apart.
        """
        for kind in KINDS:
            request = self._watched.get((descriptor, kind))
            if request is not None and request.selectable is not selectable:
                self._forget(descriptor, kind)
                self._answer(request, OSError(errno.EBADF, "it was closed while it was watched"))

    def _unwatch(self, kind: int, selectable: Any) -> None:
        """Forget a request. A socket that has been closed is found by its identity."""
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
        receiver, boxname = request.replyService
        receiver.deliver(answer, boxname)

    def _changeOutside(self, by: int) -> None:
        self.scheduler.outside += by

    # The service

    @staticmethod
    def setSelectorServices(selector: Selector, tracker: Any = None) -> None:
        """Register `selector` as the service that components find."""
        cat = tracker or coordinatingassistanttracker.getcat()
        cat.registerService(SERVICE, selector, "notify")
        cat.registerService(SHUTDOWN, selector, "control")
        selector.trackedBy(cat)

    @staticmethod
    def getSelectorServices(tracker: Any = None) -> tuple[Any, Any, Selector | None]:
        """Return the inboxes for requests and for a shutdown, and a new Selector or None.

        Activate the new Selector if there is one.
        """
        cat = tracker or coordinatingassistanttracker.getcat()
        try:
            return cat.retrieveService(SERVICE), cat.retrieveService(SHUTDOWN), None
        except KeyError:
            selector = Selector()
            Selector.setSelectorServices(selector, cat)
            return (selector, "notify"), (selector, "control"), selector

    _tracker: Any = None

    def trackedBy(self, tracker: Any) -> None:
        """Deregister the services from `tracker` at the end."""
        self._tracker = tracker

    def _leaveTracker(self) -> None:
        if self._tracker is not None:
            self._tracker.deRegisterService(SERVICE)
            self._tracker.deRegisterService(SHUTDOWN)
            self._tracker = None


def _descriptorOf(selectable: Any) -> int:
    """Return the descriptor of `selectable`.

    Raises OSError if it is closed, and TypeError if it has no descriptor.
    """
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
