"""A proxy between the two ends of a link: it cuts, delays or repeats what passes."""

import socket
import threading
from contextlib import suppress

TO_READER, TO_WRITER = "to the reader", "to the writer"


class Proxy:
    """Proxy(target, rule): forward connections from `url` to the port `target` of this machine.

    rule(direction, data) is called in a thread with each piece that arrives. It returns the bytes
    to forward. If it raises ConnectionError, both connections are closed.
    """

    def __init__(self, target, rule=lambda direction, data: data):
        self._target, self.rule = target, rule
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"tcp://127.0.0.1:{self.port}"
        self._open = set()
        self.hasClient = threading.Event()  # set when the first client connects
        self.connections = 0

    def __enter__(self):
        threading.Thread(target=self._acceptAll, daemon=True).start()
        return self

    def __exit__(self, *_):
        with suppress(OSError):  # it wakes accept()
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self):
        """Break all connections."""
        for each in list(self._open):
            _end(each)

    def _acceptAll(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.hasClient.set()
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            self.connections += 1
            self._open |= {client, server}
            pairs = (client, server, TO_READER), (server, client, TO_WRITER)
            for source, sink, direction in pairs:
                words = (source, sink, direction)
                threading.Thread(target=self._forward, args=words, daemon=True).start()

    def _forward(self, source, sink, direction):
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(self.rule(direction, data))
        for each in (source, sink):
            _end(each)
            self._open.discard(each)


def _end(connection):
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
