"""A Unix socket that answers with the state of the running program, for `kamaelia ps` and `tree`.

Example usage
-------------
    KAMAELIA_INSPECT=/run/user/1000/program.sock python program.py
    kamaelia ps /run/user/1000/program.sock

`%p` in the path becomes the process id. Only the user of the program can connect (mode 0600).

How does it work?
-----------------
Each client that connects gets one line of JSON, and the connection is closed: the snapshot
(Axon.Introspection) as `components` and `linkages`, and `pid`, `program`, and `labels`, the names
that chassis have given to their components, by id. Nothing is read, so that no client can influence
the program. A client that does not take its answer is disconnected when many others come.

A stale socket at the path is replaced. Any other file, or a socket on which a process listens, is
left as it is, and a warning is logged. A process that is forked, such as a worker of a server,
opens no socket, unless the path contains `%p`.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from asyncio import TimerHandle
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from Axon.Introspection import asPlainData
from Kamaelia.Internet.Acceptor import SHORTAGES
from Kamaelia.Internet.UnixSockets import checkedPath, isAbstract, openPath
from Kamaelia.Visualisation.Nesting import labelsIn, systemSnapshot
from Kamaelia.Visualisation.ProcessPath import processPath

MODE = 0o600  # read and write for the owner
RETRY = 0.5  # seconds until a client is accepted again, after there were too few descriptors
MOST = 16  # clients at a time: beyond it, the oldest is disconnected


def start(scheduler: Any, value: str) -> Callable[[], object] | None:
    """Open a socket at the path `value` for the run of `scheduler` (Axon.StartHooks)."""
    path = processPath(value)
    return None if path is None else InspectSocket(scheduler, path).close


def report(scheduler: Any) -> dict[str, Any]:
    """Return the answer for a client as plain data."""
    labels = {str(number): name for number, name in labelsIn(scheduler.listAllThreads()).items()}
    about = {"pid": os.getpid(), "program": sys.argv[0] if sys.argv else "", "labels": labels}
    return about | asPlainData(systemSnapshot(scheduler))


class InspectSocket:
    """InspectSocket(scheduler, path): answers on the event loop of `scheduler`, which runs.

    Raises OSError, which names the path, if it cannot listen there, and ValueError for an abstract
    name, which has no permissions, or if the scheduler has no event loop.
    """

    def __init__(self, scheduler: Any, path: str) -> None:
        if scheduler.loop is None:
            raise ValueError("a run without an event loop cannot be inspected")
        if isAbstract(checkedPath(path)):
            raise ValueError("an abstract name has no permissions: use the path of a file")
        self._scheduler, self._loop = scheduler, scheduler.loop
        self._answers: dict[socket.socket, memoryview] = {}  # what each client has still to get
        self._socket = openPath(path, MODE)
        self._retry: TimerHandle | None = None
        self._watch()

    def close(self) -> None:
        """Close the socket and remove its file, unless another process has replaced it."""
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.removePath()
        self._socket.close()
        for client in list(self._answers):
            self._disconnect(client)

    def _watch(self) -> None:
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        try:
            client, _ = self._socket.accept()
        except OSError as error:
            if error.errno in SHORTAGES:  # the client still waits, so this would be called at once
                self._loop.remove_reader(self._socket)
                self._retry = self._loop.call_later(RETRY, self._watch)
            return
        client.setblocking(False)
        if len(self._answers) >= MOST:
            self._disconnect(next(iter(self._answers)))
        text = json.dumps(report(self._scheduler))
        self._answers[client] = memoryview(f"{text}\n".encode())
        self._loop.add_writer(client, self._write, client)

    def _write(self, client: socket.socket) -> None:
        try:
            left = self._answers[client] = self._answers[client][
                client.send(self._answers[client]) :
            ]
        except BlockingIOError:
            return
        except OSError:  # the client has gone
            left = memoryview(b"")
        if not left:
            self._disconnect(client)

    def _disconnect(self, client: socket.socket) -> None:
        with suppress(KeyError):
            del self._answers[client]
            self._loop.remove_writer(client)
            client.close()
