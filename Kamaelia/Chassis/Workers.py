"""Several processes that serve on the same sockets: the component behind ServerCore(workers=n).

Example usage
-------------
    ServerCore(protocol=Echo, port=1500, workers=4).run()

How does it work?
-----------------
The sockets are bound here and shared: all workers accept from one queue. With SO_REUSEPORT each
worker would have its own queue. Connections in it would be lost with the worker, or would wait
for a busy worker while another one is idle.

A ForkServer forks the workers. Each worker runs the ServerCore, on its own scheduler and event
loop, and no other component of the program; what `onWorker` creates exists in each worker. A
worker that dies is logged and replaced: the first one at once, later ones after growing delays.

Termination: when it has been told to stop and all workers have ended; with workersCannotStart
when `ATTEMPTS` workers in a row have ended before they were ready and no other one is left.
"""

from __future__ import annotations

import logging
import signal
from collections import deque
from collections.abc import Callable, Generator
from socket import socket
from typing import Any, Protocol, cast

from Axon import Signals
from Axon.AxonExceptions import AxonException
from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Kamaelia.Internet.EventLoop import eventLoopOf, timeOf
from Kamaelia.Internet.ForkServer import HANGUP, START, STOP, ForkServer, Worker
from Kamaelia.Internet.ListeningSockets import closeAll
from Kamaelia.Internet.TCPServer import TCPServer
from Kamaelia.IPC import serverShutdown

ATTEMPTS = 5
FIRST_DELAY, LONGEST_DELAY = 0.1, 5.0  # seconds before a worker is replaced
PERIOD = 60.0  # seconds after which the death of a worker no longer lengthens the delay

LOG = logging.getLogger("Kamaelia.Chassis.Workers")


class workersCannotStart(AxonException, RuntimeError):
    """The error of Workers when no worker becomes ready; the log of the last worker says why."""


class ServedCore(Protocol):
    """The part of a ServerCore that runs in workers: a component with these attributes."""

    grace: float
    isWorker: bool
    onListening: Callable[[Any], object] | None
    onWorker: Callable[[Any], object] | None
    server: Any
    sockets: Any
    workers: int | None

    def hangUp(self) -> None:
        """Act on SIGHUP."""


class Workers(component):
    """Workers(server, tcpServer, count): processes, each with `server` on the same sockets.

    tcpServer: the TCPServer of `server`, which is not activated; it opens the sockets. Raises
    OSError in the first turn if a port is not available. No other thread may run yet.
    """

    Inboxes = {
        "inbox": "not used",
        "control": "serverShutdown, producerFinished or shutdownMicroprocess: stop in order",
    }
    Outboxes = {
        "outbox": "not used",
        "signal": "the message from control",
        "protocolHandlerSignal": "not used: only the workers know their connections",
    }

    def __init__(self, server: ServedCore, tcpServer: TCPServer, count: int) -> None:
        super().__init__()
        self.ports: list[int] = []  # empty until all workers are ready
        self.pids: set[int] = set()  # of the workers that are ready
        self.count = count
        self._core = server
        self._tcpServer = tcpServer
        self._forkServer: ForkServer | None = None
        self._deaths: deque[float] = deque()  # times, in seconds
        self._due: list[float] = []  # the times at which the next workers are started
        self._failures = 0  # workers in a row that have ended before they were ready
        self._isReported = False  # that all workers are ready

    def main(self) -> Generator[int, None, None]:
        loop, core = eventLoopOf(self), self._core
        sockets = self._tcpServer.openAll()
        self.scheduler.outside += 1
        try:
            server = ForkServer(
                lambda worker: runWorker(core, sockets, worker), sockets, core.grace
            )
            self._forkServer = server
            loop.add_reader(server.channel, self.unpause)
            self._due = [timeOf(self)] * self.count
            while not self._isOver():
                self._takeReports(server)
                yield from self.waitForChange(self._startDue(server))
            closeAll(sockets)
            server.order(STOP)
            while server.isOpen:
                yield from self.waitForChange()
                server.reports()
        finally:
            self.scheduler.outside -= 1
            closeAll(sockets)
            if self._forkServer is not None:
                loop.remove_reader(self._forkServer.channel)
            self.close()

    def close(self) -> None:
        """End all processes that are left, at once."""
        server, self._forkServer = self._forkServer, None
        if server is not None:
            server.close()

    @property
    def forkServerPid(self) -> int | None:
        """The process id of the fork server, or None if it does not run."""
        return None if self._forkServer is None else self._forkServer.pid

    def hangUp(self) -> None:
        """Pass SIGHUP on to all workers, including those that are started later."""
        if self._forkServer is not None:
            self._forkServer.order(HANGUP)

    def _isOver(self) -> bool:
        for message in self.Inbox("control"):
            if isinstance(message, producerFinished | shutdownMicroprocess | serverShutdown):
                self.send(message, "signal")
                return True
        return False

    def _takeReports(self, server: ForkServer) -> None:
        for kind, pid, code in server.reports():
            if kind == "ready":
                self.pids.add(pid)
                self._failures = 0
            else:
                self._workerEnded(pid, code)
        if not server.isOpen:
            raise RuntimeError(f"{self.name} has lost the process that forks the workers")
        if len(self.pids) == self.count and not self._isReported:
            self._isReported = True
            self.ports = list(self._tcpServer.ports)
            self.addresses = list(self._tcpServer.addresses)
            if self._tcpServer.onListening is not None:
                self._tcpServer.onListening(self)

    def _workerEnded(self, pid: int, code: int) -> None:
        reason = f"exit code {code}" if code >= 0 else _nameOfSignal(-code)
        if pid in self.pids:
            self.pids.remove(pid)
            level = logging.ERROR if code else logging.INFO  # 0: a signal told it to end
            LOG.log(level, "worker %s ended with %s, and is replaced", pid, reason)
        else:
            self._failures += 1
            LOG.error("worker %s ended with %s before it listened", pid, reason)
        if self._failures >= ATTEMPTS and not self.pids:
            raise workersCannotStart(
                f"{self.name} gives up: {self._failures} workers in a row ended before they"
                f" listened, the last one with {reason}"
            )
        self._due.append(timeOf(self) + self._delayAfter(code))

    def _delayAfter(self, code: int) -> float:
        """Return the seconds before a worker is replaced.

        It is not replaced at once after exit code 0: other workers may have been told to end, too.
        """
        now = timeOf(self)
        while self._deaths and self._deaths[0] <= now - PERIOD:
            self._deaths.popleft()
        recent = len(self._deaths)
        self._deaths.append(now)
        if not recent:
            return 0.0 if code else FIRST_DELAY
        return min(FIRST_DELAY * 2.0 ** (recent - 1), LONGEST_DELAY)

    def _startDue(self, server: ForkServer) -> float | None:
        """Start the workers that are due. Return the seconds until the next one is, or None."""
        now = timeOf(self)
        for _ in range(sum(due <= now for due in self._due)):
            server.order(START)
        self._due = [due for due in self._due if due > now]
        return min(self._due) - now if self._due else None


def _nameOfSignal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of the real-time signals
        return f"signal {number}"


def runWorker(server: ServedCore, sockets: list[socket], worker: Worker) -> None:
    """Run `server` in a new process, and no other component of the program."""
    core = cast("component", server)
    scheduler.run = scheduler()
    coordinatingassistanttracker.basecat = None
    Signals.becomeWorker()
    component.__init__(core)  # it keeps its settings, and gets new boxes
    server.server, server.workers, server.sockets = None, None, sockets
    server.isWorker = True
    server.onListening = lambda _: _reportReady(core, worker)
    if server.onWorker is not None:
        plainResult(server.onWorker(server), "onWorker", server)
    if worker.isHungUp:
        server.hangUp()
    core.activate()
    scheduler.run.runThreads()


def _reportReady(server: component, worker: Worker) -> None:
    loop = eventLoopOf(server)

    def stop() -> None:
        loop.remove_reader(worker.stopPipe)
        Signals.notify(server.scheduler)

    loop.add_reader(worker.stopPipe, stop)
    worker.reportReady()


__kamaelia_components__ = (Workers,)
