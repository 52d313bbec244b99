"""Components that run main() in a thread, for blocking calls such as to devices and libraries.

Example usage
-------------
    class Lines(threadedcomponent):
        def main(self):
            with open("/dev/ttyS0", "rb") as port:
                for line in port:               # blocks only this thread
                    self.send(line, "outbox")
                    if self.isShuttingDown():
                        break

How does it work?
-----------------
main() is a plain function without yield. It has the box methods of any component (send, recv,
dataReady, anyReady, Inbox); pause() and waitForMessage() block. Messages pass through a
ThreadBridge, up to `queuelengths` per box in each direction. One more that is sent raises
noSpaceInBox; `sync()` waits until all have been delivered. Changes of the system (link,
addChildren, addInbox) are made in the scheduler's thread, while main() waits.

Termination: the component ends when main() has returned and all messages that it sent are
delivered. An error in main() is raised like that of any component. When the run ends, or after
stop(), "control" receives a shutdownMicroprocess, waits that cannot end raise normalShutdown,
and the thread has `grace` seconds to return.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from threading import Thread, get_ident
from time import monotonic
from types import FrameType
from typing import Any, ClassVar, Self

from Axon import Browser, ThreadBridge
from Axon.AdaptiveCommsComponent import AdaptiveBoxes
from Axon.AxonExceptions import normalShutdown, noSpaceInBox
from Axon.Component import component
from Axon.Hooks import plainResult
from Axon.Task import NEW
from Axon.ThreadBridge import DefaultQueueSize, bridgedcomponent

__all__ = [
    "DefaultQueueSize",
    "UnHandledException",
    "threadedadaptivecommscomponent",
    "threadedcomponent",
]

GRACE = 1.0  # seconds after which an error elsewhere in the system is raised at the latest
PATIENCE = 0.05  # seconds after which errors are logged, because the end of a thread delays the run
OWN_FILES = {__file__, ThreadBridge.__file__, threading.__file__}  # in which a thread waits
GENERATOR_OR_COROUTINE = 0x20 | 0x80 | 0x200  # inspect.CO_..., without importing inspect


class UnHandledException(Exception):
    """A historical name. It is never raised: an error in a thread is raised unchanged."""


class threadedcomponent(bridgedcomponent):
    """threadedcomponent([queuelengths], **attributes) -> its main() runs in a thread of its own."""

    grace: ClassVar[float] = GRACE  # seconds in which the thread has to end when it is asked to

    _thread: Any = None
    _isCounted = False  # in scheduler.outside, since the thread can wake components
    _isLeaving = False  # the scheduler's side waits for the end of the thread

    # In the thread

    def main(self) -> Any:
        """Run in the thread; most classes override this plain function.

        By default run an old-style component: call initialiseComponent(), then mainBody() until
        it returns a false value, then closeDownComponent(). Raise TypeError if one of them is
        an async or a generator function.
        """
        self._checkBody()
        plainResult(self.initialiseComponent(), "initialiseComponent", self)
        while plainResult(self.mainBody(), "mainBody", self):
            pass
        plainResult(self.closeDownComponent(), "closeDownComponent", self)

    def send(self, message: Any, boxname: str = "outbox") -> None:
        """Send a message, as component.send does.

        Raises queueFull (a noSpaceInBox) if `queuelengths` messages that the thread sent to
        this outbox have not been delivered yet; sync() waits until they have been.
        """
        if not self._isInOtherThread():
            super().send(message, boxname)
        elif boxname not in self.outboxes:
            self._wrongBox(boxname, "outbox")
        else:
            self._bridge.put(message, boxname)

    def _explainFullQueue(self, boxname: str) -> str:
        return (
            f"the full queue is the thread's own, of size {self.queuelengths}: what"
            f" {self.name} sent to {boxname!r} has not been delivered yet. Call self.sync() now and"
            " then: it waits until all has been (or allow more: queuelengths=...)"
        )

    def recv(self, boxname: str = "inbox") -> Any:
        """Take the oldest message from the inbox, and return it.

        Raises noSuchBox (a KeyError) and emptyInbox (an IndexError).
        """
        if not self._isInOtherThread():
            return super().recv(boxname)
        try:
            return self._bridge.take(boxname)
        except IndexError:
            self._cannotTake(boxname)

    def dataReady(self, boxname: str = "inbox") -> int:
        """Return how many messages can be taken from the inbox."""
        if not self._isInOtherThread():
            return super().dataReady(boxname)
        if boxname not in self.inboxes:
            self._wrongBox(boxname, "inbox")
        waiting: int = self._bridge.waiting(boxname)
        return waiting

    def anyReady(self) -> Any:
        """Return the first inbox, in order of declaration, that holds a message, or False."""
        if not self._isInOtherThread():
            return super().anyReady()
        return next((name for name in tuple(self.inboxes) if self._bridge.waiting(name)), False)

    def Inbox(self, boxname: str = "inbox") -> Iterator[Any]:
        """Take and generate the messages in the inbox, including those that arrive meanwhile."""
        if not self._isInOtherThread():
            return super().Inbox(boxname)
        self.dataReady(boxname)
        return self._takeAll(boxname)

    def _takeAll(self, boxname: str) -> Iterator[Any]:
        while self._bridge.waiting(boxname):
            yield self._bridge.take(boxname)

    def pause(self, timeout: float | None = None) -> Any:
        """Block until a message arrives, a child ends, unpause() is called, or the timeout expires.

        Raises normalShutdown if the thread has been asked to end and nothing has happened since.
        """
        if not self._isInOtherThread():
            return super().pause(timeout)
        self._bridge.sleep(timeout)
        return 1

    def waitForMessage(self, boxname: str | None = None, timeout: float | None = None) -> Any:
        """Block until the inbox (any, if none is named) holds a message, or the timeout expires.

        Returns the name of that inbox, or False. A wait on any inbox that would only
        repeat an earlier report, with no message taken since, continues until something
        new arrives. Raises normalShutdown if no message waits and the thread has been
        asked to end.
        """
        if not self._isInOtherThread():
            return super().waitForMessage(boxname, timeout)
        if boxname is None:
            return self._bridge.waitForAny(self.inboxes, timeout) or False
        self._bridge.waitUntil(lambda: self.dataReady(boxname), timeout)
        return boxname if self.dataReady(boxname) else False

    def waitForChange(self, timeout: float | None = None) -> Any:
        """Block as pause() does."""
        if not self._isInOtherThread():
            return super().waitForChange(timeout)
        return self.pause(timeout)

    def passOnShutdown(self) -> Any:
        """Block until "control" receives a shutdown message, and pass it on to "signal"."""
        if not self._isInOtherThread():
            return super().passOnShutdown()
        while not self.isShuttingDown():
            self.waitForMessage("control")
        return ()

    def sync(self) -> None:
        """Block until all sent messages are delivered, and all that have arrived can be taken."""
        if self._isInOtherThread():
            self._bridge.flush()

    # Requests to the scheduler's thread

    def _inScheduler(self, function: Callable[[], Any]) -> Any:
        """Return the result of `function()`, called in the scheduler's thread; see ThreadBridge."""
        return self._bridge.callInScheduler(function) if self._isInOtherThread() else function()

    def link(self, source: Any, sink: Any, *optionalargs: Any, **kwoptionalargs: Any) -> Any:
        """Link (component, box name) to (component, box name), and return the linkage.

        For the other arguments see Axon.Postoffice.postoffice.link.
        """
        link = super().link
        return self._inScheduler(lambda: link(source, sink, *optionalargs, **kwoptionalargs))

    def unlink(self, thecomponent: Any = None, thelinkage: Any = None) -> None:
        """Remove linkages that this component has made."""
        unlink = super().unlink
        self._inScheduler(lambda: unlink(thecomponent, thelinkage))

    def addChildren(self, *children: Any) -> None:
        """Make components children of this one; the end of a child ends its pause()."""
        addChildren = super().addChildren
        self._inScheduler(lambda: addChildren(*children))

    def removeChild(self, child: Any) -> None:
        """Remove a child, and the linkages that this component has made with it."""
        removeChild = super().removeChild
        self._inScheduler(lambda: removeChild(child))

    def setInboxSize(self, boxname: str, size: int | None) -> None:
        """Limit the inbox to `size` messages, in addition to those that can be taken already."""
        setInboxSize = super().setInboxSize
        self._inScheduler(lambda: setInboxSize(boxname, size))

    def forwardInboxToThread(self, box: str) -> None:
        """Let the thread take the messages in the inbox now, and not after the next turn, as far
        as there is room. Before the thread runs this does nothing. Raises noSuchBox (a KeyError).
        """
        if box not in self.inboxes:
            self._wrongBox(box, "inbox")
        bridge = self._bridge
        if bridge is not None and not bridge.isClosed:
            take = self._takeFromInbox
            self._inScheduler(lambda: bridge.takeIn(box, self.inboxes[box], take))

    # Life

    def activate(
        self, Scheduler: Any = None, Tracker: Any = None, mainmethod: str = "main"
    ) -> Self:
        """Activate this as microprocess.activate() does; the thread starts in the first turn.

        Raises TypeError if the main method is a generator function or a coroutine function.
        """
        if self._thread is None and self.init:
            body = getattr(self, mainmethod)
            code = getattr(body, "__code__", None)
            if not callable(body) or (code and code.co_flags & GENERATOR_OR_COROUTINE):
                raise TypeError(
                    f"the main method of {self.name} runs in a thread: it must be a plain function,"
                    " without yield and without async"
                )
            self._body = body
        return super().activate(Scheduler, Tracker, "_attend")

    def unpause(self) -> None:
        """End pause(), from any thread. Before activation this does nothing."""
        if self._bridge is not None:
            self._bridge.notifyThread()
        super().unpause()

    def stop(self) -> None:
        """Ask the thread to end."""
        bridge = self._bridge
        if bridge is None or bridge.isFinished or self._task.state >= NEW:
            super().stop()
        else:
            self._isStopping = True
            bridge.requestStop(self.grace)

    def isAtWork(self) -> bool:
        """Return whether the thread does something other than wait without a timeout."""
        return self._bridge is not None and not self._bridge.isIdle()

    def currentFrame(self) -> FrameType | None:
        """Return the frame of the program's own code in which the thread is, if it runs."""
        bridge = self._bridge
        frame = sys._current_frames().get(bridge.ident) if bridge is not None else None
        while frame is not None and frame.f_code.co_filename in OWN_FILES and frame.f_back:
            frame = frame.f_back
        return frame

    def _attend(self) -> Generator[int, None, None]:
        """Run in the scheduler: start the thread, move its messages, and end with it."""
        Browser.checkThreads(self.name)
        bridge = self._openBridge()
        thread = Thread(target=self._runThread, name=self.name, daemon=True)
        thread.start()
        self.scheduler.outside += 1
        self._isCounted = True
        try:
            yield from self._transferMessages(lambda: bridge.isFinished)
        finally:
            self._isLeaving = True
            if not bridge.isFinished:
                self._stopThreads()
            self._waitForEnd(thread)
            bridge.close()
            self._sendRest()
            self._uncount()
            self._raiseError(thread)

    def _runThread(self) -> None:
        bridge, error = self._bridge, None
        bridge.ident = get_ident()
        try:
            result = self._body()
            if hasattr(result, "send") and hasattr(result, "throw"):
                raise TypeError(
                    f"the main method of {self.name} runs in a thread, but gave {result!r}"
                )
        except BaseException as raised:  # noqa: BLE001 - it is raised in the scheduler's thread
            error = raised
        bridge.finish(error)
        if not self._isLeaving:
            self.scheduler.callFromThread(self._uncount)

    def _uncount(self) -> None:
        """Remove this from scheduler.outside, and wake it: the thread has ended."""
        if self._isCounted:
            self._isCounted = False
            self.scheduler.outside -= 1
        self._task.wake()

    def _stopThreads(self) -> None:
        """Ask the thread to end; at the end of the run ask all threads, which then end together."""
        self.requestThreadEnd()
        if self.scheduler.isEnding:
            for task in self.scheduler.tasks:
                if isinstance(task.process, threadedcomponent):
                    task.process.requestThreadEnd()

    def requestThreadEnd(self) -> None:
        """Ask the thread, if it has been started, to end within `grace` seconds."""
        if self._bridge is not None:
            self._bridge.requestStop(self.grace)

    def _waitForEnd(self, thread: Thread) -> None:
        """Wait for the thread; the errors that ended the run are logged before a long wait."""
        left = max(0.0, min(self._bridge.deadline - monotonic(), self.grace))
        thread.join(min(left, PATIENCE))
        if thread.is_alive():
            self.scheduler.lifecycle.announceErrors()
            thread.join(max(0.0, left - PATIENCE))

    def _sendRest(self) -> None:
        """Send what the thread has put after it was asked to end, as far as there is room."""
        for boxname, message in self._bridge.outbound:
            if boxname in self.outboxes:
                with suppress(noSpaceInBox):
                    component.send(self, message, boxname)

    def _raiseError(self, thread: Thread) -> None:
        bridge = self._bridge
        if thread.is_alive():
            self._logLeftBehind()
        error, bridge.error = bridge.error, None
        if error is not None and not (bridge.isStopRequested and isinstance(error, normalShutdown)):
            raise error

    def _logLeftBehind(self) -> None:
        import logging  # here, because only a thread that hangs needs it

        frame = self.currentFrame()
        place = f", at {frame.f_code.co_filename}:{frame.f_lineno}" if frame else ""
        logging.getLogger("Axon").warning(
            "%s was told to end, but its thread still runs%s. It is left behind, and ends with the"
            " program",
            self.name,
            place,
        )


class threadedadaptivecommscomponent(AdaptiveBoxes, threadedcomponent):
    """A threaded component with changing boxes, see Axon.AdaptiveCommsComponent."""

    def addInbox(self, *args: str) -> str:
        """addInbox([wish]) -> the name of a new inbox: `wish`, with a number if that is taken."""
        add = super().addInbox
        name: str = self._inScheduler(lambda: add(*args))
        return name

    def addOutbox(self, *args: str) -> str:
        """addOutbox([wish]) -> the name of a new outbox: `wish`, with a number if that is taken."""
        add = super().addOutbox
        name: str = self._inScheduler(lambda: add(*args))
        return name

    def deleteInbox(self, name: str) -> None:
        """Delete the inbox, with its messages and the linkages that lead to it."""
        delete = super().deleteInbox
        self._inScheduler(lambda: delete(name))
        if self._bridge is not None:
            self._bridge.discardInbox(name)

    def deleteOutbox(self, name: str) -> None:
        """Delete the outbox and its linkages, after its messages have been delivered."""
        delete = super().deleteOutbox
        self._inScheduler(lambda: delete(name))
