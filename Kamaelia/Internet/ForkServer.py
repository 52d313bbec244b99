"""A process that forks worker processes, at any time.

Example usage
-------------
    server = ForkServer(begin, sockets)     # forks the process that will fork the others
    server.order(START)                     # it forks a worker, in which begin(worker) runs
    server.reports()                        # such as [("ready", 4711, 0), ("ended", 4711, -9)]
    server.order(STOP)                      # the stop pipe of each worker reaches its end
    server.close()

How does it work?
-----------------
A program with an event loop, and perhaps threads, cannot be forked safely at any time. So it
is forked once, at the start. The new process, the fork server, has no event loop and no thread.
It reads orders of one byte and writes reports of one line. It keeps open files and `sockets`;
/dev/null replaces every other connection and event queue, so that none is kept open here.

Termination: close(). If the program dies, the fork server stops its workers; if the fork server
dies, their stop pipes reach their ends. A worker that has not ended `KILL_DELAY` seconds after
its grace period is killed.
"""

from __future__ import annotations

import gc
import logging
import os
import select
import signal
import socket
import stat
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple

from Axon.SignalSocket import SignalSocket
from Kamaelia.Internet.ListeningSockets import closeAll

START, HANGUP, STOP, STOP_NOW = b"+", b"h", b".", b"!"
KILL_DELAY = 1.0  # seconds
BLOCKED_SIGNALS = {
    getattr(signal, name)
    for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")
    if hasattr(signal, name)  # not all systems have all of them
}
EVENT_QUEUES = ("anon_inode:[event", "anon_inode:[io_uring")  # those of epoll and eventfd

LOG = logging.getLogger("Kamaelia.Internet.ForkServer")

Report = tuple[str, int, int]


class Worker(NamedTuple):
    """What a new worker process is given."""

    stopPipe: int  # a descriptor, which reaches its end when the worker is to stop
    isHungUp: bool  # whether HANGUP was ordered before the worker was forked
    channel: socket.socket

    def reportReady(self) -> None:
        """Report that this worker is ready, and unblock the signals that were blocked for it."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, BLOCKED_SIGNALS)
        with suppress(OSError), self.channel:
            self.channel.sendall(f"ready {os.getpid()} 0\n".encode())


class ForkServer:
    """ForkServer(begin, sockets[, grace]): a process that forks workers, which run begin(worker).

    sockets: listening sockets, which all processes keep open. grace: seconds that the workers
    have to end. Raises RuntimeError while other threads run, and where there is no fork().
    """

    def __init__(
        self,
        begin: Callable[[Worker], object],
        sockets: list[socket.socket],
        grace: float = 5.0,
    ) -> None:
        if not hasattr(os, "fork") or not hasattr(signal, "pthread_sigmask"):
            raise RuntimeError("worker processes need fork(), which this system does not have")
        if threading.active_count() > 1:
            raise RuntimeError(
                "worker processes cannot be forked safely while other threads run:"
                " activate the server before the components that start threads"
            )
        self.isOpen = True
        self._unread = b""
        self.channel, remote = socket.socketpair()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        _flush()
        self.pid = os.fork()
        if not self.pid:
            self.channel.close()
            _runAndExit(lambda: _ForkServerProcess(begin, sockets, grace, remote, mask).run())
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        remote.close()
        self.channel.setblocking(False)

    def order(self, what: bytes) -> None:
        """Order START, HANGUP, STOP (orderly) or STOP_NOW."""
        with suppress(OSError):  # it has ended, which reports() detects
            self.channel.sendall(what)

    def reports(self) -> list[Report]:
        """Return the new reports: ("ready" or "ended", process id, exit code).

        `isOpen` is False once the fork server has ended.
        """
        with suppress(BlockingIOError, ConnectionResetError):
            while data := self.channel.recv(65536):
                self._unread += data
            self.isOpen = False
        *lines, self._unread = self._unread.split(b"\n")
        return [(kind.decode(), int(pid), int(code)) for kind, pid, code in map(bytes.split, lines)]

    def close(self) -> None:
        """End all processes that have not ended, and wait until they have."""
        self.order(STOP_NOW)
        self.channel.setblocking(True)
        with suppress(OSError):
            while self.channel.recv(65536):
                pass
        self.channel.close()
        with suppress(ChildProcessError):  # the program has waited for all its children
            os.waitpid(self.pid, 0)


class _ForkServerProcess:
    """The fork server itself, in its own process."""

    def __init__(
        self,
        begin: Callable[[Worker], object],
        sockets: list[socket.socket],
        grace: float,
        channel: socket.socket,
        mask: set[int | signal.Signals],
    ) -> None:
        self.begin, self.sockets, self.grace, self.channel = begin, sockets, grace, channel
        self.workers: set[int] = set()  # process ids
        self.killTime: float | None = None  # when the remaining workers are killed
        self.isHungUp = False
        self.isStopping = False
        gc.freeze()  # the objects of the program are never collected here
        _replaceDescriptors({channel.fileno(), *(sock.fileno() for sock in sockets)})
        self.signalled = SignalSocket()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.stopReader, self.stopWriter = os.pipe()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask | BLOCKED_SIGNALS)

    def run(self) -> None:
        """Carry out orders until a stop was ordered and no worker is left."""
        watched: list[Any] = [self.channel, self.signalled]
        with self.channel, self.signalled:
            while self.workers or not self.isStopping:
                left = None if self.killTime is None else max(0.0, self.killTime - monotonic())
                ready = select.select(watched, [], [], left)[0]
                if self.signalled in ready:
                    self.signalled.clear()
                self.reapWorkers()
                if self.channel in ready and not self.carryOutOrders():  # the program has died
                    watched.remove(self.channel)
                    self.stopWithoutProgram()
                if self.killTime is not None and monotonic() >= self.killTime:
                    self.signalWorkers(signal.SIGKILL)
                    self.killTime = None

    def stopWithoutProgram(self) -> None:
        """Stop after the program has died. Remove the path of a Unix socket in its place."""
        if not self.isStopping:
            closeAll(self.sockets)
        self.stop()

    def reapWorkers(self) -> None:
        """Report the workers that have ended."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self.workers.discard(ended[0])
                code = os.waitstatus_to_exitcode(ended[1])
                self.report(f"ended {ended[0]} {code}\n")

    def report(self, line: str) -> None:
        """Send a report to the program."""
        with suppress(OSError):  # the program has died
            self.channel.sendall(line.encode())

    def carryOutOrders(self) -> bool:
        """Carry out the orders that have come. Return False at the end of the channel."""
        try:
            orders = self.channel.recv(4096)
        except OSError:
            return False
        for order in orders:
            ORDERS[bytes([order])](self)
        return bool(orders)

    def start(self) -> None:
        """Fork a worker, and run it in the new process."""
        if self.isStopping:
            return
        _flush()
        try:
            pid = os.fork()
        except OSError:  # too many processes, or too little memory
            LOG.exception("no process could be forked")
            self.report("ended 0 1\n")
            return
        if pid:
            self.workers.add(pid)
            return
        os.close(self.stopWriter)
        self.signalled.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _runAndExit(lambda: self.begin(Worker(self.stopReader, self.isHungUp, self.channel)))

    def hangUp(self) -> None:
        """Send SIGHUP to all workers, and remember it for those that are forked later."""
        self.isHungUp = True
        self.signalWorkers(signal.SIGHUP)

    def stop(self) -> None:
        """Tell all workers to stop, and start no more."""
        if not self.isStopping:
            self.isStopping = True
            self.killTime = monotonic() + self.grace + KILL_DELAY
            for sock in self.sockets:
                sock.close()
            os.close(self.stopWriter)

    def stopNow(self) -> None:
        """Tell all workers to stop without a grace period."""
        self.stop()
        self.signalWorkers(signal.SIGQUIT)
        self.killTime = monotonic() + KILL_DELAY

    def signalWorkers(self, number: int) -> None:
        """Send a signal to all workers."""
        for pid in self.workers:  # none has been reaped, so that no pid has been used again
            os.kill(pid, number)


ORDERS = {
    START: _ForkServerProcess.start,
    HANGUP: _ForkServerProcess.hangUp,
    STOP: _ForkServerProcess.stop,
    STOP_NOW: _ForkServerProcess.stopNow,
}


def _replaceDescriptors(kept: set[int]) -> None:
    """Replace all connections and event queues except `kept` with /dev/null."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in map(int, os.listdir("/dev/fd")):
        if descriptor > 2 and descriptor not in kept and _isConnectionOrQueue(descriptor):
            os.dup2(null, descriptor, inheritable=False)
    os.close(null)


def _isConnectionOrQueue(descriptor: int) -> bool:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return os.readlink(f"/dev/fd/{descriptor}").startswith(EVENT_QUEUES)
        sock = socket.socket(fileno=descriptor)
    except OSError:  # it belonged to the listing itself
        return False
    isStream = sock.type == socket.SOCK_STREAM
    sock.detach()
    return isStream


def _runAndExit(work: Callable[[], object]) -> None:
    """Run `work`, then end this process without the exit handlers of the program."""
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        LOG.critical("process %s ended with an error", os.getpid(), exc_info=True)
    finally:
        _flush()
        os._exit(code)  # public, in spite of its name


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError, OSError):
            stream.flush()
