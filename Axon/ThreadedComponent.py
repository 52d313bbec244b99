"""Components whose main() runs in a thread: for what blocks, such as a device or a foreign library.

Example usage
-------------
    class Lines(threadedcomponent):
        def main(self):
            with open("/dev/ttyS0", "rb") as port:
                for line in port:               # blocks; nobody else waits
                    self.send(line, "outbox")
                    if self.isShuttingDown():
                        break

How does it work?
-----------------
main() is a plain function, without yield. It has the box calls of any component
(send, recv, dataReady, anyReady, Inbox); pause() and waitForMessage() block.
Messages pass through a ThreadBridge: up to `queuelengths` a box in each direction.
One more that is sent raises noSpaceInBox; `sync()` waits until all have been
delivered. What rewires the system (link, addChildren, addInbox) is done in the
scheduler's thread, while main() waits for it.

Termination: when main() has returned and all that it sent is delivered. Its
error is raised as any component's is. At the end of the system, or by stop(),
the thread finds a shutdownMicroprocess in "control", waits that would last for
ever raise normalShutdown, and it has `grace` seconds to return.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from threading import Thread, get_ident
from time import monotonic
from types import FrameType
from typing import Any, ClassVar

from Axon import ThreadBridge
from Axon.AdaptiveCommsComponent import _AdaptiveCommsable
from Axon.AxonExceptions import normalShutdown, noSpaceInBox, queueFull
from Axon.Component import component
from Axon.Hooks import plainResult
from Axon.RunQueue import NEW
from Axon.ThreadBridge import DefaultQueueSize, bridgedcomponent

__all__ = [
    "DefaultQueueSize",
    "UnHandledException",
    "threadedadaptivecommscomponent",
    "threadedcomponent",
]

GRACE = 1.0  # seconds: an error elsewhere in the system is raised after at most this time
PATIENCE = 0.05  # seconds: a thread that needs longer to end delays what the user has to see
OWN_FILES = {__file__, ThreadBridge.__file__, threading.__file__}  # in which a thread waits
GENERATOR_OR_COROUTINE = 0x20 | 0x80 | 0x200  # inspect.CO_..., without importing inspect


class UnHandledException(Exception):
    """Known to older programs; what a thread raises is raised as it is, and never as this."""


class threadedcomponent(bridgedcomponent):
    """threadedcomponent([queuelengths], **attributes) -> its main() runs in a thread of its own."""

    grace: ClassVar[float] = GRACE  # seconds that the thread has to end, once it was told to

    _thread: Any = None
    _isCounted = False  # as one that could wake somebody in the scheduler
    _isLeaving = False  # the scheduler's side waits for the thread's end

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
            try:
                self._bridge.put(message, boxname)
            except noSpaceInBox as error:
                length, size = error.args
                raise queueFull(length, size, self._explainFullQueue(boxname)) from None

    def _explainFullQueue(self, boxname: str) -> str:
        return (
            f"the full queue is the thread's own: {self.queuelengths} messages that {self.name}"
            f" sent to {boxname!r} have not been delivered yet. Call self.sync() now and then:"
            " it waits until they have been (or allow more: queuelengths=...)"
        )

    def recv(self, boxname: str = "inbox") -> Any:
        """Takes the oldest message. Raises noSuchBox (a KeyError), emptyInbox (an IndexError)."""
        if not self._isInOtherThread():
            return super().recv(boxname)
        try:
            return self._bridge.take(boxname)
        except IndexError:
            self._cannotTake(boxname)

    def dataReady(self, boxname: str = "inbox") -> int:
        """How many messages can be taken."""
        if not self._isInOtherThread():
            return super().dataReady(boxname)
        if boxname not in self.inboxes:
            self._wrongBox(boxname, "inbox")
        waiting: int = self._bridge.waiting(boxname)
        return waiting

    def anyReady(self) -> Any:
        """The name of the first inbox, in order of declaration, that holds one; else False."""
        if not self._isInOtherThread():
            return super().anyReady()
        return next((name for name in tuple(self.inboxes) if self._bridge.waiting(name)), False)

    def Inbox(self, boxname: str = "inbox") -> Iterator[Any]:
        """Takes the messages that wait in the inbox, and those that come meanwhile."""
        if not self._isInOtherThread():
            return super().Inbox(boxname)
        self.dataReady(boxname)
        return self._takeAll(boxname)

    def _takeAll(self, boxname: str) -> Iterator[Any]:
        while self._bridge.waiting(boxname):
            yield self._bridge.take(boxname)

    def pause(self, timeout: float | None = None) -> Any:
        """Blocks until a message comes, a child ends, unpause() is called, or the time is over.

        Raises normalShutdown if the thread has been told to end, and nothing happened since.
        """
        if not self._isInOtherThread():
            return super().pause(timeout)
        self._bridge.sleep(timeout)
        return 1

    def waitForMessage(self, boxname: str | None = None, timeout: float | None = None) -> Any:
        """Block until the inbox (any, if none is named) holds a message, or the timeout expires.

        Returns the name of that inbox, or False. A wait on any inbox that would only
        report what an earlier wait has reported, with nothing taken since, goes on until
        something new arrives. Raises normalShutdown if nothing waits and the thread has
        been told to end.
        """
        if not self._isInOtherThread():
            return super().waitForMessage(boxname, timeout)
        if boxname is None:
            return self._bridge.waitForAny(self.inboxes, timeout) or False
        self._bridge.waitUntil(lambda: self.dataReady(boxname), timeout)
        return boxname if self.dataReady(boxname) else False

    def waitForChange(self, timeout: float | None = None) -> Any:
        """Blocks as pause() does."""
        if not self._isInOtherThread():
            return super().waitForChange(timeout)
        return self.pause(timeout)

    def passOnShutdown(self) -> Any:
        """Blocks until a shutdown message comes to "control", and passes it on to "signal"."""
        if not self._isInOtherThread():
            return super().passOnShutdown()
        while not self.isShuttingDown():
            self.waitForMessage("control")
        return ()

    def sync(self) -> None:
        """Block until all that was sent is delivered, and all that had come can be taken."""
        if self._isInOtherThread():
            self._bridge.flush()

    # Requests to the scheduler's thread

    def _inScheduler(self, function: Callable[[], Any]) -> Any:
        """Return what `function()` returns there, after all that the thread sent is delivered."""
        return self._bridge.callInScheduler(function) if self._isInOtherThread() else function()

    def link(self, source: Any, sink: Any, *optionalargs: Any, **kwoptionalargs: Any) -> Any:
        """Joins (component, box) to (component, box); see Axon.Postoffice.postoffice.link."""
        link = super().link
        return self._inScheduler(lambda: link(source, sink, *optionalargs, **kwoptionalargs))

    def unlink(self, thecomponent: Any = None, thelinkage: Any = None) -> None:
        """Takes away linkages that this component made."""
        unlink = super().unlink
        self._inScheduler(lambda: unlink(thecomponent, thelinkage))

    def addChildren(self, *children: Any) -> None:
        """Makes components children of this one, whose pause() their end ends."""
        addChildren = super().addChildren
        self._inScheduler(lambda: addChildren(*children))

    def removeChild(self, child: Any) -> None:
        """A child no longer; raises ValueError if it was none."""
        removeChild = super().removeChild
        self._inScheduler(lambda: removeChild(child))

    def setInboxSize(self, boxname: str, size: int | None) -> None:
        """The most messages that the inbox may hold, beside those that can be taken already."""
        setInboxSize = super().setInboxSize
        self._inScheduler(lambda: setInboxSize(boxname, size))

    def forwardInboxToThread(self, box: str) -> None:
        """Lets the thread take what waits in the inbox, now and not at the next turn, as far as
        there is room. Before it runs nothing happens. Raises noSuchBox (a KeyError).
        """
        if box not in self.inboxes:
            self._wrongBox(box, "inbox")
        bridge = self._bridge
        if bridge is not None and not bridge.isClosed:
            take = self._takeFromInbox
            self._inScheduler(lambda: bridge.takeIn(box, self.inboxes[box], take))

    # Life

    def activate(self, Scheduler: Any = None, Tracker: Any = None, mainmethod: str = "main") -> Any:
        """As microprocess.activate(); the thread starts in the first turn.

        Raises TypeError if the main method is a generator function or a coroutine function.
        """
        if self._thread is None and "_task" in self.__dict__:
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
        """Ends pause(), from any thread. Before activation nothing happens."""
        if self._bridge is not None:
            self._bridge.notifyThread()
        super().unpause()

    def stop(self) -> None:
        """Tells the thread to end."""
        bridge = self._bridge
        if bridge is None or bridge.isFinished or self._task.state >= NEW:
            super().stop()
        else:
            self._isStopping = True
            bridge.requestStop(self.grace)

    def isAtWork(self) -> bool:
        """Return whether the thread does something, other than wait for others without a limit."""
        return self._bridge is not None and not self._bridge.isIdle()

    def currentFrame(self) -> FrameType | None:
        """Return the frame of the program's own code in which the thread is, if it runs."""
        bridge = self._bridge
        frame = sys._current_frames().get(bridge.ident) if bridge is not None else None
        while frame is not None and frame.f_code.co_filename in OWN_FILES and frame.f_back:
            frame = frame.f_back
        return frame

    def _attend(self) -> Generator[int, None, None]:
        """What runs in the scheduler: starts the thread, carries its messages, ends with it."""
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
        """The scheduler has one less that could be woken from outside."""
        if self._isCounted:
            self._isCounted = False
            self.scheduler.outside -= 1
        self._task.wake()

    def _stopThreads(self) -> None:
        """Tells the thread to end; at the system's end all threads, so that none waits in line."""
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
        """Send what the thread put while it was told to end; what finds no room is lost."""
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


class threadedadaptivecommscomponent(_AdaptiveCommsable, threadedcomponent):
    """A threaded component whose boxes come and go, see Axon.AdaptiveCommsComponent."""

    def addInbox(self, *args: str) -> str:
        """addInbox([wish]) -> a new inbox, by its actual name: the wish, or one like it."""
        add = super().addInbox
        name: str = self._inScheduler(lambda: add(*args))
        return name

    def addOutbox(self, *args: str) -> str:
        """addOutbox([wish]) -> a new outbox, by its actual name: the wish, or one like it."""
        add = super().addOutbox
        name: str = self._inScheduler(lambda: add(*args))
        return name

    def deleteInbox(self, name: str) -> None:
        """Takes the inbox away, with what waits in it and the linkages that lead to it."""
        delete = super().deleteInbox
        self._inScheduler(lambda: delete(name))
        if self._bridge is not None:
            self._bridge.discardInbox(name)

    def deleteOutbox(self, name: str) -> None:
        """Delete the outbox and its linkages, after what was sent to it is delivered."""
        delete = super().deleteOutbox
        self._inScheduler(lambda: delete(name))
