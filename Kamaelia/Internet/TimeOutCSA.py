"""Connections that end when nothing happens, and other things that happen with time.

Example usage
-------------
    ServerCore(protocol=NoActivityTimeout(Echo, timeout=30), port=1500).run()

    class Server(TCPServer):
        CSA = NoActivityTimeout(ConnectedSocketAdapter, timeout=30)     # the same, further down

How does it work?
-----------------
An ActivityMonitor stands between the component and the rest, and tells a
ResettableSender of what passes, in or out. When nothing has for `timeout` seconds,
that sends producerFinished to the component. No threads: all wait with a time limit.

Termination: each says its own.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Chassis.ConnectedServer import MoreComplexServer
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Kamaelia.Internet.SingleServer import echo
from Kamaelia.IPC import shutdownCSA

ENDS = producerFinished | shutdownMicroprocess | shutdownCSA


class ResettableSender(component):
    """ResettableSender([timeout][, message]) -> sends `message` once, unless it is reset in time.

    Ends when it has sent it, or when an end comes to "control", which it passes on.
    """

    Inboxes = {
        "inbox": "anything: the time begins anew",
        "control": "producerFinished or shutdownMicroprocess: end",
    }
    Outboxes = {"outbox": "the message", "signal": "producerFinished, or what came to control"}

    timeout: float = 5.0  # seconds
    message: Any = "NEXT"
    debug = False

    def main(self) -> Generator[int, None, None]:
        isLate = False
        while not isLate:
            yield from self.waitForMessage(timeout=self.timeout)
            if self.isShuttingDown():
                return
            isLate = not self.dataReady("inbox")
            for _ in self.Inbox():
                pass
        self.send(self.message)
        self.send(producerFinished(self), "signal")


class ActivityMonitor(component):
    """ActivityMonitor() -> passes on what comes, and says `message` to "observed".

    Once for all that waited together. Ends when producerFinished, shutdownMicroprocess or
    shutdownCSA has passed from "control"; or with `watched`, a component, if there is one.
    """

    Inboxes = {
        "inbox": "to outbox",
        "inbox2": "to outbox2",
        "inbox3": "to outbox3",
        "control": "to signal: the signals of what is watched",
    }
    Outboxes = {
        "outbox": "from inbox",
        "outbox2": "from inbox2",
        "outbox3": "from inbox3",
        "signal": "from control",
        "observed": "the message, whenever something passed",
        "_ended": "producerFinished: nothing more is observed",
    }

    message: Any = "RESET"
    watched: Any = None
    WAYS = (
        ("inbox", "outbox"),
        ("inbox2", "outbox2"),
        ("inbox3", "outbox3"),
        ("control", "signal"),
    )

    def main(self) -> Generator[int, None, None]:
        if self.watched is not None:
            self.addChildren(self.watched)
        isOver = False
        while True:
            if self.watched is not None:
                isOver = not self.watched._task.isAlive()
            hasEnded = self._passOn()
            if isOver or (self.watched is None and hasEnded):
                break
            yield from self.waitForChange()
        self.send(producerFinished(self), "_ended")

    def _passOn(self) -> bool:
        """Passes on all that waits; whether an end was among it."""
        hasEnded = False
        if self.anyReady():
            self.send(self.message, "observed")
        for source, target in self.WAYS:
            for message in self.Inbox(source):
                self.send(message, target)
                hasEnded |= source == "control" and isinstance(message, ENDS)
        return hasEnded


class PeriodicWakeup(component):
    """PeriodicWakeup([interval][, message]) -> sends `message` each `interval` seconds.

    Ends with producerFinished or shutdownMicroprocess on "control", which it passes on.
    """

    Inboxes = {"inbox": "not used", "control": "producerFinished or shutdownMicroprocess: end"}
    Outboxes = {"outbox": "the message", "signal": "what came to control"}

    interval: float = 300.0  # seconds
    message: Any = "tick"

    def main(self) -> Generator[int, None, None]:
        while not self.isShuttingDown():
            yield from self.waitForMessage("control", timeout=self.interval)
            if not self.dataReady("control"):
                self.send(self.message)


class WakeableIntrospector(component):
    """WakeableIntrospector() -> sends producerFinished to "signal" once nobody else is left.

    It looks at the beginning and whenever it is woken, and counts neither Graphlines nor
    PeriodicWakeups, so that these three can end a program that has nothing more to do. Ends
    then, or with producerFinished or shutdownMicroprocess on "control", which it passes on.
    """

    Inboxes = {"inbox": "anything: look", "control": "producerFinished or shutdownMicroprocess"}
    Outboxes = {"outbox": "nothing", "signal": "producerFinished, or what came to control"}

    UNCOUNTED = (Graphline, PeriodicWakeup)

    def main(self) -> Generator[int, None, None]:
        while not self._isAlone():
            yield from self.waitForMessage()
            for _ in self.Inbox():
                pass
            if self.isShuttingDown():
                return
        self.send(producerFinished(self), "signal")

    def _isAlone(self) -> bool:
        everybody = self.scheduler.listAllThreads()
        return all(each is self or isinstance(each, self.UNCOUNTED) for each in everybody)


def InactivityChassis(somecomponent: Any, timeout: float = 2, debug: bool = False) -> Graphline:
    """`somecomponent`, sent producerFinished when no message passed for `timeout` seconds."""
    sender = ResettableSender(timeout=timeout, message=producerFinished(), debug=debug)
    linkages = {
        ("", "inbox"): ("MONITOR", "inbox"),
        ("MONITOR", "outbox"): ("WRAPPED", "inbox"),
        ("WRAPPED", "outbox"): ("MONITOR", "inbox2"),
        ("MONITOR", "outbox2"): ("", "outbox"),
        ("WRAPPED", "signal"): ("MONITOR", "control"),
        ("MONITOR", "signal"): ("", "signal"),
        ("", "control"): ("WRAPPED", "control"),
        ("MONITOR", "observed"): ("SENDER", "inbox"),
        ("MONITOR", "_ended"): ("SENDER", "control"),
        ("SENDER", "outbox"): ("WRAPPED", "control"),
    }
    if "CreatorFeedback" in somecomponent.outboxes:
        linkages["WRAPPED", "CreatorFeedback"] = "MONITOR", "inbox3"
        linkages["MONITOR", "outbox3"] = "", "CreatorFeedback"
    monitor = ActivityMonitor(watched=somecomponent)
    return Graphline(WRAPPED=somecomponent, MONITOR=monitor, SENDER=sender, linkages=linkages)


def NoActivityTimeout(
    someclass: Any, timeout: float = 2, debug: bool = False
) -> Callable[..., Any]:
    """What makes a `someclass` that ends after `timeout` seconds without a message."""
    if isinstance(someclass, type) and issubclass(someclass, ConnectedSocketAdapter):
        return type(f"{someclass.__name__}WithTimeout", (_Quitting, someclass), {"idle": timeout})

    def maker(*argv: Any, **argd: Any) -> Any:
        return InactivityChassis(someclass(*argv, **argd), timeout=timeout, debug=debug)

    return maker


def ExtendedInactivity(someclass: Any) -> Callable[..., Any]:
    """As NoActivityTimeout, but the time limit is said when it is made, before all else."""

    def maker(timeout: float = 2, debug: bool = False, *argv: Any, **argd: Any) -> Any:
        return NoActivityTimeout(someclass, timeout, debug)(*argv, **argd)

    return maker


class _Quitting:
    """Makes an adapter end when nothing came or went for `idle` seconds."""

    idle: float
    scheduler: Any
    _task: Any
    _lastTime: float | None = None

    def _now(self) -> float:
        now: float = self.scheduler.timers.clock.now()
        return now

    def data_received(self, data: bytes) -> None:
        self._lastTime = self._now()
        super().data_received(data)  # type: ignore[misc]

    def _write(self, data: Any) -> Any:
        self._lastTime = self._now()
        return super()._write(data)  # type: ignore[misc]

    def _heed(self) -> None:
        super()._heed()  # type: ignore[misc]
        if self._lastTime is None:
            self._lastTime = self._now()
        if self._now() - self._lastTime >= self.idle:
            self.close(self.promptly, mayRenew=False)  # type: ignore[attr-defined]

    def _sleep(self, wish: int, timeout: float | None) -> object:
        left = None
        if not self._isClosing and self._lastTime is not None:  # type: ignore[attr-defined]
            left = max(0.0, self._lastTime + self.idle - self._now())
        return super()._sleep(wish, left)  # type: ignore[misc]


class EchoServer(MoreComplexServer):
    """EchoServer() -> an example: sends back what it gets, and hangs up after two idle seconds."""

    protocol = NoActivityTimeout(echo, timeout=2)
    port = 1500
    socketOptions = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    def mkProtocolHandler(self, **sock_info: Any) -> Any:
        return self._makeHandler()


__kamaelia_components__ = (
    ResettableSender,
    ActivityMonitor,
    PeriodicWakeup,
    WakeableIntrospector,
    EchoServer,
)
__kamaelia_prefabs__ = (InactivityChassis,)
