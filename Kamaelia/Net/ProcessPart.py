"""A component in a process of its own, which is started again when it is killed, without a loss.

Example usage
-------------
    Graphline(
        READ=Reader(), PARSE=ProcessPart(Parser), STORE=Store(),
        linkages={("READ", "outbox"): ("PARSE", "inbox"), ("PARSE", "outbox"): ("STORE", "inbox")},
    ).run()

How does it work?
-----------------
It has the boxes of the component, and a link in each direction (`local:`). A message to the
component is done when the component has taken the next one or waits for one, and what it has sent
by then has arrived here. Until then the message is kept, and a new process receives it again. So no
message is lost, and at most `capacity` messages are processed twice. Messages are pickled.

Termination: when the component has ended. partFailed: its process ended too often with an error.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

from Axon.Box import NULL, UNUSED
from Axon.Component import component
from Axon.ComponentCheck import madeComponent
from Axon.experimental.Process import beginAnew, startProcess
from Axon.Ipc import producerFinished
from Kamaelia.Net.Routes import RouteIn, RouteOut
from Kamaelia.Net.SocketTransport import LocalTransport
from Kamaelia.Support.Restarts import KINDS, Restarts

logger = logging.getLogger("Kamaelia.Net")

GRACE = 5.0  # seconds in which a process that is told to end has to end


class partFailed(RuntimeError):
    """The process of a part ended with an error, and is not started again."""


class ProcessPart(component):
    """ProcessPart(factory, capacity, kind, intensity, period) -> factory() in its own process.

    factory: a class of components, or a functools.partial of one; it is pickled.
    capacity: the most messages that the component has received and that are not done.
    kind: "transient" (started again after an error or a kill), "permanent" (also after its end) or
    "temporary" (never). intensity, period: the most restarts within a number of seconds.
    """

    def __init__(
        self,
        factory: Callable[[], Any],
        capacity: int = 64,
        kind: str = "transient",
        intensity: int = 3,
        period: float = 5.0,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        if kind not in KINDS:
            raise ValueError(f"there is no kind {kind!r}; there are {', '.join(KINDS)}")
        owner = getattr(factory, "func", factory)  # of a functools.partial
        inboxes = list(getattr(owner, "Inboxes", self.Inboxes))
        outboxes = list(getattr(owner, "Outboxes", self.Outboxes))
        self.Inboxes, self.Outboxes = inboxes, outboxes  # type: ignore[misc]
        self.replaceInboxes(dict.fromkeys(inboxes, UNUSED))
        self.outboxes = dict.fromkeys(outboxes, NULL)
        self.factory, self.capacity = factory, capacity
        self.kind, self.intensity, self.period = kind, intensity, period
        self.process: Any = None
        self._restarts = Restarts()
        self._connections = LocalTransport(), LocalTransport()  # to the process, and back
        options: dict[str, Any] = {"window": max(2 * capacity, 1024), "codec": "pickle"}
        self._down = RouteOut(self._connections[0], "down", inboxes, **options)
        self._up = RouteIn(self._connections[1], "up", outboxes, capacity=1024, pickle=True)
        self.addChildren(self._down, self._up)
        for boxname in inboxes:
            self.link((self, boxname), (self._down, boxname), passthrough=1)
        for boxname in outboxes:
            self.link((self._up, boxname), (self, boxname), passthrough=2)

    def main(self) -> Generator[object, None, None]:
        self.scheduler.outside += 1
        try:
            self._start()
            self._down.activate(Scheduler=self.scheduler)
            self._up.activate(Scheduler=self.scheduler)
            while not self._up.hasEnded():
                if self.process.exitcode is not None and not self._replace():
                    break
                yield from self.waitForChange()
        finally:
            self.scheduler.outside -= 1
            self._stop()
            self._down.terminate()
            self._up.terminate()

    def _start(self) -> None:
        """Start a process with a new pair of sockets in each direction."""
        ours, theirs = zip(*(socket.socketpair() for _ in self._connections), strict=True)
        context: Any = multiprocessing.get_context("spawn")
        lifeline, ourLifeline = context.Pipe(duplex=False)
        used = [name for name, sink in self.outboxes.items() if sink is not NULL]
        process = context.Process(
            target=runPart,
            args=(self.factory, self.capacity, theirs, lifeline, used),
            name=self.name,
            daemon=True,
        )
        try:
            startProcess(process)
        except BaseException:
            for each in (*ours, ourLifeline):
                each.close()
            raise
        finally:
            for each in (*theirs, lifeline):
                each.close()
        self.process, self._lifeline = process, ourLifeline
        for transport, connection in zip(self._connections, ours, strict=True):
            connection.setblocking(False)
            transport.attach(connection)
        self.scheduler.loop.add_reader(self.process.sentinel, self._ended, self.process)

    def _ended(self, process: Any) -> None:
        self.scheduler.loop.remove_reader(process.sentinel)
        process.join()
        self.unpause()

    def _replace(self) -> bool:
        """Start a new process in the place of the one that has ended, or return False."""
        status = self.process.exitcode
        if status == 0 and not KINDS[self.kind][1]:
            return False
        self._lifeline.close()
        number = self._restarts.count(self.scheduler.timers.clock.now(), self.period)
        reason = f"the process of {self.name} ended with exit code {status}"
        if not KINDS[self.kind][0]:
            raise partFailed(reason)
        if number > self.intensity:
            raise partFailed(f"{reason}, restart {number} within {self.period} s")
        logger.warning("%s; it is started again", reason)
        self._start()
        return True

    def _stop(self) -> None:
        """End the process, if there is one that still runs."""
        if self.process is None:
            return
        with suppress(ValueError, KeyError, OSError):
            self.scheduler.loop.remove_reader(self.process.sentinel)
        if not self._up.hasEnded():
            self.process.terminate()
        self.process.join(GRACE)
        self._lifeline.close()  # not before: it sends SIGTERM, and the process may be ending
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


# In the other process


class _Inside(component):
    """The component of a part between its two links."""

    def __init__(self, inner: Any, down: RouteIn, up: RouteOut, used: list[str]) -> None:
        super().__init__()
        self._inner, self._down, self._up = inner, down, up
        self.addChildren(inner, down, up)
        for boxname in inner.inboxes:
            self.link((down, boxname), (inner, boxname))
        for boxname in used:
            self.link((inner, boxname), (up, boxname))

    def main(self) -> Generator[object, None, None]:
        for each in self.children:
            each.activate()
        while not self._inner.hasEnded():
            yield from self.waitForChange()
        self._up.deliver(producerFinished(self), "control")
        while not self._up.hasEnded():
            yield from self.waitForChange()
        self._down.terminate()


def runPart(
    factory: Callable[[], Any],
    capacity: int,
    connections: tuple[socket.socket, socket.socket],
    lifeline: Any,
    used: list[str],
) -> None:
    """Run `factory()` in this process, which was started for it. Exit with 1 after an error."""
    beginAnew()
    threading.Thread(target=_endWith, args=(lifeline,), daemon=True).start()
    inner = madeComponent(factory(), getattr(factory, "__name__", "factory"))
    for connection in connections:
        connection.setblocking(False)
    downTransport, upTransport = (LocalTransport(each, endsWithPeer=True) for each in connections)
    up = RouteOut(upTransport, "up", used, codec="pickle")
    down = RouteIn(
        downTransport, "down", list(inner.inboxes), capacity=capacity, pickle=True, after=[up]
    )
    try:
        _Inside(inner, down, up, used).run()
    except BaseException:
        logger.exception("%s has failed", multiprocessing.current_process().name)
        sys.exit(1)


def _endWith(lifeline: Any) -> None:
    """End this process when the one that has started it is gone."""
    with suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(0.5)
    os._exit(1)


__kamaelia_components__ = (ProcessPart,)
