"""A TCP client in its own thread, for programs that must connect without the event loop.

Example usage
-------------
    Pipeline(ThreadedTCPClient("127.0.0.1", 1500, initialsendmessage="hi"), Echoer()).run()

How does it work?
-----------------
A thread connects and reads. Data from "inbox" is sent between two reads, at most `between`
seconds after it arrives. Prefer TCPClient: it needs no thread, is faster, and offers TLS.

Termination: when the server closes the connection, or at producerFinished or
shutdownMicroprocess on "control". One socketShutdown, with the error or None, is sent to
"signal".
"""

from __future__ import annotations

import select
import socket
from typing import Any

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.ThreadedComponent import threadedcomponent
from Kamaelia.Internet.Addresses import checkedPort, notResolved
from Kamaelia.IPC import socketShutdown

READ = 65536  # bytes at once


class ThreadedTCPClient(threadedcomponent):
    """ThreadedTCPClient(host, port[, chargen][, initialsendmessage]): a connection.

    initialsendmessage: bytes or text that is sent first. chargen: accepted for older programs, and
    ignored.
    """

    Inboxes = {
        "inbox": "bytes for the server; text is sent as UTF-8",
        "control": "producerFinished or shutdownMicroprocess: close",
    }
    Outboxes = {
        "outbox": "bytes from the server",
        "signal": "socketShutdown: the connection has ended or could not be made",
    }

    between = 0.05  # seconds
    connect_timeout = 60.0  # seconds

    def __init__(
        self,
        host: str,
        port: int,
        chargen: Any = 0,
        initialsendmessage: bytes | str | None = None,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        self.host = host
        self.port = checkedPort(port)
        self.chargen = chargen
        self.initialsendmessage = initialsendmessage

    def main(self) -> None:
        reason = None
        try:
            with socket.create_connection((self.host, self.port), self.connect_timeout) as sock:
                if self.initialsendmessage is not None:
                    sock.sendall(_asBytes(self.initialsendmessage))
                self._talk(sock)
        except OSError as error:
            reason = error
        except UnicodeError as error:
            reason = notResolved(self.host, error)
        self.send(socketShutdown(self, reason), "signal")

    def _talk(self, sock: socket.socket) -> None:
        isOver = False
        while not isOver:
            if select.select([sock], [], [], self.between)[0]:
                data = sock.recv(READ)
                if not data:
                    return
                self.send(data)
                self.sync()
            isOver = self._isToldToEnd()
            while self.dataReady("inbox"):
                sock.sendall(_asBytes(self.recv("inbox")))

    def _isToldToEnd(self) -> bool:
        while self.dataReady("control"):
            if isinstance(self.recv("control"), producerFinished | shutdownMicroprocess):
                return True
        return False


def _asBytes(data: Any) -> Any:  # what is neither bytes nor text raises TypeError when it is sent
    return data.encode() if isinstance(data, str) else data


__kamaelia_components__ = (ThreadedTCPClient,)
