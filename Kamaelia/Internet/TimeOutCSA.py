"""Connections that end when nothing happens, and other things that happen with time.

Example usage
-------------
    ServerCore(protocol=NoActivityTimeout(Echo, timeout=30), port=1500).run()

    class Server(TCPServer):
        CSA = NoActivityTimeout(ConnectedSocketAdapter, timeout=30)     # the same, further down

How does it work?
-----------------
An ActivityMonitor stands between the component and the rest, and tells a
ResettableSender of each message that passes. When none has for `timeout`
seconds, that sends shutdownMicroprocess to the component. No threads: all wait
with a time limit.

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

ENDS = producerFinished | shutdownMicroprocess


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
    """ActivityMonitor() -> passes on what comes, and says `message` to "observed" each time.

    Ends when an end passes from "inbox3" or comes to "control", or with `watched`, a component.
    """

    Inboxes = {
        "inbox": "to outbox",
        "inbox2": "to outbox2",
        "inbox3": "to outbox3: the signals of what is watched",
        "control": "producerFinished or shutdownMicroprocess: end when what is watched ends",
    }
    Outboxes = {
        "outbox": "from inbox",
        "outbox2": "from inbox2",
        "outbox3": "from inbox3",
        "signal": "producerFinished: it has ended",
        "observed": "the message, whenever something passed",
    }

    message: Any = "RESET"
    watched: Any = None
    WAYS = (("inbox", "outbox"), ("inbox2", "outbox2"), ("inbox3", "outbox3"))

    def main(self) -> Generator[int, None, None]:
        if self.watched is not None:
            self.addChildren(self.watched)
        self._passOn()
        while not self._isOver():
            yield from self.waitForChange()
            self._passOn()
        self.send(producerFinished(self), "signal")

    def _passOn(self) -> None:
        for source, target in self.WAYS:
            for message in self.Inbox(source):
                self.send(message, target)
                self.send(self.message, "observed")
                self._hasEnded |= target == "outbox3" and isinstance(message, ENDS)

    _hasEnded = False

    def _isOver(self) -> bool:
        isTold = sum(isinstance(message, ENDS) for message in self.Inbox("control")) > 0
        if self.watched is None:
            return self._hasEnded or isTold
        return self._hasEnded or not self.watched._task.isAlive()


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
    """WakeableIntrospector() -> for each message to "inbox", the names of all that run.

    Ends with producerFinished or shutdownMicroprocess on "control", which it passes on.
    """

    Inboxes = {"inbox": "anything: say it", "control": "producerFinished or shutdownMicroprocess"}
    Outboxes = {"outbox": "a list of names (text), sorted", "signal": "what came to control"}

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage()
            for _ in self.Inbox():
                self.send(sorted(str(each) for each in self.scheduler.listAllThreads()))
            if self.isShuttingDown():
                return


def InactivityChassis(somecomponent: Any, timeout: float = 2, debug: bool = False) -> Any:
    """`somecomponent`, sent shutdownMicroprocess when no message passed for `timeout` seconds."""
    sender = ResettableSender(timeout=timeout, message=shutdownMicroprocess(), debug=debug)
    monitor = ActivityMonitor(watched=somecomponent)
    return Graphline(
        WRAPPED=somecomponent,
        MONITOR=monitor,
        SENDER=sender,
        linkages={
            ("", "inbox"): ("MONITOR", "inbox"),
            ("MONITOR", "outbox"): ("WRAPPED", "inbox"),
            ("WRAPPED", "outbox"): ("MONITOR", "inbox2"),
            ("MONITOR", "outbox2"): ("", "outbox"),
            ("WRAPPED", "signal"): ("MONITOR", "inbox3"),
            ("MONITOR", "outbox3"): ("", "signal"),
            ("", "control"): ("WRAPPED", "control"),
            ("MONITOR", "observed"): ("SENDER", "inbox"),
            ("MONITOR", "signal"): ("SENDER", "control"),
            ("SENDER", "outbox"): ("WRAPPED", "control"),
        },
    )


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
    """As NoActivityTimeout, but the time limit is said when it is made: a keyword, timeout=."""

    def maker(*argv: Any, timeout: float = 2, debug: bool = False, **argd: Any) -> Any:
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
    """EchoServer() -> an example: sends back what it gets, and hangs up after five idle seconds."""

    protocol = NoActivityTimeout(echo, timeout=5)
    port = 1500
    socketOptions = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    def mkProtocolHandler(self, **sock_info: Any) -> Any:
        return self._makeHandler()
