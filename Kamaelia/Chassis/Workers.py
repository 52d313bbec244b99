"""Several processes that serve on the same sockets: what ServerCore(workers=n) uses.

Example usage
-------------
    ServerCore(protocol=Echo, port=1500, workers=4).run()

How does it work?
-----------------
The sockets are bound here, and shared: all workers accept from one queue. With
SO_REUSEPORT each would have its own, and what waits in it would be lost with the
worker, or wait for one that is busy or full while another has nothing to do.

A ForkServer forks the workers. Each runs the ServerCore on a scheduler and an event
loop of its own, and nothing else of the program: what is made within `onWorker`
is in each of them. One that dies is logged and replaced, at once the first time,
and ever more slowly when they go on dying. The others notice nothing.

Termination: when it is told to, and all workers have ended in order; with
workersCannotStart when `ATTEMPTS` of them in a row ended before they listened, and
no other is left.
"""

from __future__ import annotations

import logging
import signal
from collections import deque
from collections.abc import Generator
from typing import Any

from Axon import Signals
from Axon.AxonExceptions import AxonException
from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Kamaelia.Internet.EventLoop import eventLoopOf
from Kamaelia.Internet.ForkServer import HANGUP, START, STOP, ForkedProcess, ForkServer
from Kamaelia.Internet.ListeningSockets import closeAll
from Kamaelia.IPC import serverShutdown

ATTEMPTS = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds before a worker is replaced
PERIOD = 60.0  # seconds after which a death is forgotten

LOG = logging.getLogger("Kamaelia.Chassis.Workers")


class workersCannotStart(AxonException, RuntimeError):
    """No worker gets as far as to listen: what the last one logged says why."""


class Workers(component):
    """Workers(server, tcps, count) -> processes, each with `server` on the sockets of `tcps`.

    server: a ServerCore; tcps: its TCPServer, which is not activated. A port that
    is not to be had is an OSError at start. Other threads must not run yet.
    """

    Inboxes = {"inbox": "not used", "control": "serverShutdown or the like: stop in order"}
    Outboxes = {
        "outbox": "not used",
        "signal": "what came to control",
        "protocolHandlerSignal": "not used: connections are known in the workers only",
    }

    def __init__(self, server: Any, tcps: Any, count: int) -> None:
        super().__init__()
        self.ports: list[int] = []  # empty until all listen
        self.pids: set[int] = set()  # of the workers that listen
        self.count = count
        self._core = server
        self._tcps = tcps
        self._nursery: Any = None
        self._deaths: deque[float] = deque()
        self._due: list[float] = []  # when the next ones are to be started
        self._failed = 0  # starts in a row
        self._hasBegun = False

    def main(self) -> Generator[int, None, None]:
        loop, core = eventLoopOf(self), self._core
        sockets = self._tcps.openAll()
        self.scheduler.outside += 1
        try:
            self._nursery = ForkServer(
                lambda birth: work(core, sockets, birth), sockets, core.grace
            )
            loop.add_reader(self._nursery.channel, self.unpause)
            self._due = [self._now()] * self.count
            while not self._isOver():
                self._hear()
                yield from self.waitForChange(self._replace())
            closeAll(sockets)
            self._nursery.order(STOP)
            while self._nursery.isOpen:
                yield from self.waitForChange()
                self._nursery.reports()
        finally:
            self.scheduler.outside -= 1
            closeAll(sockets)
            if self._nursery is not None:
                loop.remove_reader(self._nursery.channel)
            self.cease()

    def cease(self) -> None:
        """Ends all that is left, at once."""
        nursery, self._nursery = self._nursery, None
        if nursery is not None:
            nursery.end()

    def hangUp(self) -> None:
        """Passes SIGHUP on to all workers, also to those that are still to come."""
        if self._nursery is not None:
            self._nursery.order(HANGUP)

    def _now(self) -> float:
        return self.scheduler.timers.clock.now()  # type: ignore[no-any-return]

    def _isOver(self) -> bool:
        for message in self.Inbox("control"):
            if isinstance(message, producerFinished | shutdownMicroprocess | serverShutdown):
                self.send(message, "signal")
                return True
        return False

    def _hear(self) -> None:
        for kind, pid, code in self._nursery.reports():
            if kind == "ready":
                self.pids.add(pid)
                self._failed = 0
            else:
                self._ended(pid, code)
        if not self._nursery.isOpen:
            raise RuntimeError(f"{self.name} has lost the process that forks the workers")
        if len(self.pids) == self.count and not self._hasBegun:
            self._hasBegun = True
            self.ports = list(self._tcps.ports)
            self._core._listening(self)

    def _ended(self, pid: int, code: int) -> None:
        how = f"exit code {code}" if code >= 0 else _nameOf(-code)
        if pid in self.pids:
            self.pids.remove(pid)
            level = logging.ERROR if code else logging.INFO  # it was told to, by a signal
            LOG.log(level, "worker %s ended with %s, and is replaced", pid, how)
        else:
            self._failed += 1
            LOG.error("worker %s ended with %s before it listened", pid, how)
        if self._failed >= ATTEMPTS and not self.pids:
            raise workersCannotStart(
                f"{self.name} gives up: {self._failed} workers in a row ended before they"
                f" listened, the last one with {how}"
            )
        self._due.append(self._now() + self._pauseAfter(code))

    def _pauseAfter(self, code: int) -> float:
        """Seconds before a worker is replaced; one that was told to end may not be the only one."""
        now = self._now()
        while self._deaths and self._deaths[0] <= now - PERIOD:
            self._deaths.popleft()
        recent = len(self._deaths)
        self._deaths.append(now)
        if not recent:
            return 0.0 if code else FIRST_PAUSE
        return min(FIRST_PAUSE * 2.0 ** (recent - 1), LONGEST_PAUSE)

    def _replace(self) -> float | None:
        """Starts those whose time has come; gives the seconds until the next one's."""
        now = self._now()
        for _ in range(sum(due <= now for due in self._due)):
            self._nursery.order(START)
        self._due = [due for due in self._due if due > now]
        return min(self._due) - now if self._due else None


def _nameOf(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of the real-time signals
        return f"signal {number}"


def work(server: Any, sockets: list[Any], birth: ForkedProcess) -> None:
    """In a new process: runs `server`, and nothing else of the program."""
    scheduler.run = scheduler()
    coordinatingassistanttracker.basecat = None
    Signals.becomeWorker()
    component.__init__(server)  # it keeps its settings, and gets new boxes and turns
    server.server, server.workers, server.sockets = None, None, sockets
    server._isWorker = True
    server.onListening = lambda _: _begin(server, birth)
    if server.onWorker is not None:
        plainResult(server.onWorker(server), "onWorker", server)
    if birth.wasHungUp:
        server.hangUp()
    server.activate()
    scheduler.run.runThreads()


def _begin(server: Any, birth: ForkedProcess) -> None:
    loop = server.scheduler.loop

    def stop() -> None:
        loop.remove_reader(birth.lifeline)
        Signals.notify(server.scheduler)

    loop.add_reader(birth.lifeline, stop)
    birth.isReady()


__kamaelia_components__ = (Workers,)
