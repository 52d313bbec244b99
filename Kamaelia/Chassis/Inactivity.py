"""Components that end when no message passes for some time, and other components with timers.

Example usage
-------------
    ServerCore(protocol=NoActivityTimeout(Echo, timeout=30), port=1500).run()

    class Server(TCPServer):
        CSA = NoActivityTimeout(ConnectedSocketAdapter, timeout=30)     # counts bytes instead

How does it work?
-----------------
InactivityChassis puts an ActivityMonitor between a component and its surroundings. The monitor
passes messages on, and resets a ResettableSender with each of them. If nothing resets that for
`timeout` seconds, it sends producerFinished to the component. No threads are used.

Termination: see each component.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Chassis.ConnectedServer import SimpleServer
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Kamaelia.Internet.IdleTimeout import withIdleTimeout
from Kamaelia.Internet.SingleServer import echo
from Kamaelia.IPC import shutdownCSA

ENDS = producerFinished | shutdownMicroprocess | shutdownCSA


class ResettableSender(component):
    """ResettableSender([timeout][, message]): sends a message once if nothing resets it in time.

    timeout: seconds. message: any object.

    Termination: when it has sent the message, or at producerFinished or shutdownMicroprocess on
    "control", which it passes on.
    """

    Inboxes = {
        "inbox": "any message: the timeout starts again",
        "control": "producerFinished or shutdownMicroprocess: end",
    }
    Outboxes = {
        "outbox": "the message, when the timeout has expired",
        "signal": "producerFinished when the message was sent, or the message from control",
    }

    timeout: float = 5.0  # seconds
    message: Any = "NEXT"
    debug = False  # whether to log what it does

    def main(self) -> Generator[int, None, None]:
        hasExpired = False
        while not hasExpired:
            yield from self.waitForMessage(timeout=self.timeout)
            if self.isShuttingDown():
                return
            hasExpired = not self.dataReady("inbox")
            for _ in self.Inbox():
                pass
        self.send(self.message)
        self.send(producerFinished(self), "signal")


class ActivityMonitor(component):
    """ActivityMonitor([message][, watched]): passes messages on, and reports that it has.

    message: the report, one for all messages that were waiting together. watched: a component
    whose end ends the monitor, or None. WAYS: the inboxes, each with the outbox that passes its
    messages on.

    Termination: when `watched` ends, or, without one, when it has passed on producerFinished,
    shutdownMicroprocess or shutdownCSA from "control".
    """

    Inboxes = {
        "inbox": "any message, passed on to outbox",
        "inbox2": "any message, passed on to outbox2",
        "inbox3": "any message, passed on to outbox3",
        "control": "any message, passed on to signal",
    }
    Outboxes = {
        "outbox": "the messages from inbox",
        "outbox2": "the messages from inbox2",
        "outbox3": "the messages from inbox3",
        "signal": "the messages from control",
        "observed": "the report: messages have been passed on",
        "_ended": "producerFinished: the monitor ends",
    }

    message: Any = "RESET"
    watched: component | None = None
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
                isOver = not self.watched.isActive()
            hasEnded = self._passOn()
            if isOver or (self.watched is None and hasEnded):
                break
            yield from self.waitForChange()
        self.send(producerFinished(self), "_ended")

    def _passOn(self) -> bool:
        """Pass on all waiting messages. Return whether an end was among them."""
        hasEnded = False
        if self.anyReady():
            self.send(self.message, "observed")
        for source, target in self.WAYS:
            for message in self.Inbox(source):
                self.send(message, target)
                hasEnded |= source == "control" and isinstance(message, ENDS)
        return hasEnded


class PeriodicWakeup(component):
    """PeriodicWakeup([interval][, message]): sends a message at regular intervals.

    interval: seconds. message: any object.

    Termination: producerFinished or shutdownMicroprocess on "control", which it passes on.
    """

    Inboxes = {"inbox": "not used", "control": "producerFinished or shutdownMicroprocess: end"}
    Outboxes = {"outbox": "the message, at each interval", "signal": "the message from control"}

    interval: float = 300.0  # seconds
    message: Any = "tick"

    def main(self) -> Generator[int, None, None]:
        while not self.isShuttingDown():
            yield from self.waitForMessage("control", timeout=self.interval)
            if not self.dataReady("control"):
                self.send(self.message)


class WakeableIntrospector(component):
    """WakeableIntrospector(): sends producerFinished when no other component is left.

    It checks at its start and at each message. Graphlines and PeriodicWakeups do not count, so
    that the three together can end a program that has nothing left to do.

    Termination: when it has sent producerFinished, or at producerFinished or shutdownMicroprocess
    on "control", which it passes on.
    """

    Inboxes = {"inbox": "any message: check", "control": "producerFinished or shutdownMicroprocess"}
    Outboxes = {
        "outbox": "not used",
        "signal": "producerFinished: no other component is left; or the message from control",
    }

    UNCOUNTED = (Graphline, PeriodicWakeup)  # classes of components that may remain

    def main(self) -> Generator[int, None, None]:
        while not self._isAlone():
            yield from self.waitForMessage()
            for _ in self.Inbox():
                pass
            if self.isShuttingDown():
                return
        self.send(producerFinished(self), "signal")

    def _isAlone(self) -> bool:
        processes = self.scheduler.listAllThreads()
        return all(each is self or isinstance(each, self.UNCOUNTED) for each in processes)


def InactivityChassis(
    somecomponent: component, timeout: float = 2, debug: bool = False
) -> Graphline:
    """Return a component with the boxes of `somecomponent`, and with a time limit.

    After `timeout` seconds without a message, in or out, `somecomponent` is sent producerFinished.
    """
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
    someclass: Callable[..., component], timeout: float = 2, debug: bool = False
) -> Callable[..., component]:
    """Return a factory like `someclass` whose components end after `timeout` idle seconds."""
    make = someclass
    if isinstance(someclass, type) and issubclass(someclass, ConnectedSocketAdapter):
        return withIdleTimeout(someclass, timeout)

    def makeWithTimeout(*argv: Any, **argd: Any) -> Graphline:
        """Return a component that ends when no message passes for some time."""
        return InactivityChassis(make(*argv, **argd), timeout=timeout, debug=debug)

    return makeWithTimeout


def ExtendedInactivity(someclass: Callable[..., component]) -> Callable[..., component]:
    """Return a factory like `someclass` that takes `timeout` (seconds) as its first argument."""

    def makeWithTimeout(
        timeout: float = 2, debug: bool = False, *argv: Any, **argd: Any
    ) -> component:
        make = NoActivityTimeout(someclass, timeout, debug)
        return make(*argv, **argd)

    return makeWithTimeout


class EchoServer(SimpleServer):
    """EchoServer(): sends back what a client sends, and closes after two idle seconds."""

    protocol = NoActivityTimeout(echo, timeout=2)
    port = 1500
    socketOptions = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


__kamaelia_components__ = (
    ResettableSender,
    ActivityMonitor,
    PeriodicWakeup,
    WakeableIntrospector,
    EchoServer,
)
__kamaelia_prefabs__ = (InactivityChassis,)
