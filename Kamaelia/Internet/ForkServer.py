"""Processes that are forked, at any time, by one that does nothing else.

Example usage
-------------
    nursery = ForkServer(begin, sockets)       # forks that one, here and now
    nursery.order(START)                    # it forks another, in which begin(birth) runs
    nursery.reports()                       # such as [("ready", 4711, 0)], ("ended", 4711, -9)
    nursery.order(STOP)                     # `birth.lifeline` of each is at its end
    nursery.end()

How does it work?
-----------------
A program with an event loop and perhaps threads cannot be forked safely
whenever it would like to. So it is forked once, at the start: the nursery has
no loop and no thread, takes orders of one byte, and says in lines what happens.
It keeps open files and `sockets`, but no other connection and no event loop's
queue: /dev/null takes their places, so that nobody holds open what is not his.

Termination: end(). When the program dies, the nursery tells its processes to
stop; when the nursery dies, their lifelines end, too. Who has not ended `KILL_DELAY`
seconds after its grace is killed.
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

from Kamaelia.Internet.ListeningSockets import closeAll

START, HANGUP, STOP, NOW = b"+", b"h", b".", b"!"
KILL_DELAY = 1.0  # seconds
HELD_BACK = {
    getattr(signal, name)
    for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")
    if hasattr(signal, name)  # not all systems have all of them
}
EVENT_QUEUES = ("anon_inode:[event", "anon_inode:[io_uring")  # epoll's and eventfd's begin alike

LOG = logging.getLogger("Kamaelia.Internet.ForkServer")

Report = tuple[str, int, int]


class ForkedProcess(NamedTuple):
    """What a new process is given."""

    lifeline: int  # a descriptor: at its end when the process is to stop
    wasHungUp: bool  # HANGUP had been ordered before
    channel: Any

    def isReady(self) -> None:
        """Reports that, and lets in the signals that have been held back from this process."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
        with suppress(OSError), self.channel:
            self.channel.sendall(f"ready {os.getpid()} 0\n".encode())


class ForkServer:
    """ForkServer(begin, sockets[, grace]) -> a process that forks others, which run begin(birth).

    sockets: those that listen, which all of them keep. grace: seconds that they have to end.
    Raises RuntimeError while other threads run.
    """

    def __init__(
        self, begin: Callable[[ForkedProcess], object], sockets: list[Any], grace: float = 5.0
    ) -> None:
        if not hasattr(os, "fork") or not hasattr(signal, "pthread_sigmask"):
            raise RuntimeError("worker processes need fork(), which this system does not have")
        if threading.active_count() > 1:
            raise RuntimeError(
                "worker processes cannot be forked safely while other threads run:"
                " activate the server before whatever starts them"
            )
        self.isOpen = True
        self._unread = b""
        self.channel, there = socket.socketpair()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        _flush()
        self.pid = os.fork()
        if not self.pid:
            self.channel.close()
            _runAndExit(lambda: _ForkServerProcess(begin, sockets, grace, there, mask).run())
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        there.close()
        self.channel.setblocking(False)

    def order(self, what: bytes) -> None:
        """START, HANGUP, STOP (in order) or NOW."""
        with suppress(OSError):  # it has ended, which reports() find out
            self.channel.sendall(what)

    def reports(self) -> list[Report]:
        """What has been reported since: (kind, pid, exit code), kind being "ready" or "ended".

        `isOpen` is False once the nursery has ended.
        """
        with suppress(BlockingIOError, ConnectionResetError):
            while data := self.channel.recv(65536):
                self._unread += data
            self.isOpen = False
        *lines, self._unread = self._unread.split(b"\n")
        return [(kind.decode(), int(pid), int(code)) for kind, pid, code in map(bytes.split, lines)]

    def end(self) -> None:
        """Ends all at once, if they have not ended, and waits for that."""
        self.order(NOW)
        self.channel.setblocking(True)
        with suppress(OSError):
            while self.channel.recv(65536):
                pass
        self.channel.close()
        with suppress(ChildProcessError):  # somebody else has waited for it
            os.waitpid(self.pid, 0)


class _ForkServerProcess:
    """The nursery's own side."""

    def __init__(
        self, begin: Any, sockets: list[Any], grace: float, channel: Any, mask: Any
    ) -> None:
        self.begin, self.sockets, self.grace, self.channel = begin, sockets, grace, channel
        self.children: set[int] = set()
        self.until: float | None = None  # when those who have not ended are killed
        self.wasHungUp = False
        self.isStopping = False
        gc.freeze()  # nothing of the program it came from is ever taken apart here
        _letGo({channel.fileno(), *(sock.fileno() for sock in sockets)})
        self.bell, self.rope = socket.socketpair()
        self.bell.setblocking(False)
        self.rope.setblocking(False)
        signal.set_wakeup_fd(self.rope.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.lifeline, self.ours = os.pipe()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask | HELD_BACK)

    def run(self) -> None:
        """Until nobody is left, after it was told to stop."""
        watched = [self.channel, self.bell]
        with self.channel, self.bell, self.rope:
            while self.children or not self.isStopping:
                left = None if self.until is None else max(0.0, self.until - monotonic())
                ready = select.select(watched, [], [], left)[0]
                if self.bell in ready:
                    self.bell.recv(4096)
                self.reap()
                if self.channel in ready and not self.obey():  # the program has died
                    watched.remove(self.channel)
                    self.orphaned()
                if self.until is not None and monotonic() >= self.until:
                    self.signal(signal.SIGKILL)
                    self.until = None

    def orphaned(self) -> None:
        if not self.isStopping:
            closeAll(self.sockets)  # with the path of a Unix socket
        self.stop()

    def reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self.children.discard(ended[0])
                code = os.waitstatus_to_exitcode(ended[1])
                self.tell(f"ended {ended[0]} {code}\n")

    def tell(self, line: str) -> None:
        with suppress(OSError):  # the program has died
            self.channel.sendall(line.encode())

    def obey(self) -> bytes:
        try:
            orders: bytes = self.channel.recv(4096)
        except OSError:
            return b""
        for order in orders:
            ORDERS[bytes([order])](self)
        return orders

    def start(self) -> None:
        if self.isStopping:
            return
        _flush()
        try:
            pid = os.fork()
        except OSError:  # too many processes, or too little memory
            LOG.exception("no process could be forked")
            self.tell("ended 0 1\n")
            return
        if pid:
            self.children.add(pid)
            return
        os.close(self.ours)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.bell.close()
        self.rope.close()
        _runAndExit(lambda: self.begin(ForkedProcess(self.lifeline, self.wasHungUp, self.channel)))

    def hangUp(self) -> None:
        self.wasHungUp = True
        self.signal(signal.SIGHUP)

    def stop(self) -> None:
        if not self.isStopping:
            self.isStopping = True
            self.until = monotonic() + self.grace + KILL_DELAY
            for sock in self.sockets:
                sock.close()
            os.close(self.ours)

    def stopNow(self) -> None:
        self.stop()
        self.signal(signal.SIGQUIT)
        self.until = monotonic() + KILL_DELAY

    def signal(self, number: int) -> None:
        for pid in self.children:  # none has been waited for, so that each is still the one meant
            os.kill(pid, number)


ORDERS = {
    START: _ForkServerProcess.start,
    HANGUP: _ForkServerProcess.hangUp,
    STOP: _ForkServerProcess.stop,
    NOW: _ForkServerProcess.stopNow,
}


def _letGo(kept: set[int]) -> None:
    """Puts /dev/null in the places of all connections and event queues but `kept`."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in map(int, os.listdir("/dev/fd")):
        if descriptor > 2 and descriptor not in kept and _isForeign(descriptor):
            os.dup2(null, descriptor, inheritable=False)
    os.close(null)


def _isForeign(descriptor: int) -> bool:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return os.readlink(f"/dev/fd/{descriptor}").startswith(EVENT_QUEUES)
        sock = socket.socket(fileno=descriptor)
    except OSError:  # it was that of the listing itself
        return False
    isStream = sock.type == socket.SOCK_STREAM
    sock.detach()
    return isStream


def _runAndExit(work: Callable[[], object]) -> None:
    """Runs `work` as all that is left of this process's life."""
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        LOG.critical("process %s ended with an error", os.getpid(), exc_info=True)
    finally:
        _flush()
        os._exit(code)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError, OSError):
            stream.flush()
