"""A WebSocket client: "inbox" takes messages for the server, "outbox" sends those of the server.

Example usage
-------------
    Pipeline(ConsoleReader(), WebSocketClient("wss://example.org/chat"), ConsoleEchoer()).run()

How does it work?
-----------------
It connects with a TCPClient. A message is str for text, or bytes. Messages that come before the
connection is open are kept, and sent then; a component that sends many of them is held.

Termination: when the WebSocket has been closed or cannot be opened. One webSocketShutdown is sent
to "signal" then. producerFinished on "control" closes it with the code 1000 when everything has
been sent, shutdownMicroprocess with the code 1001.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from ssl import SSLContext
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Settings import refuseMisspelt
from Axon.WriteGate import WriteGate
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Internet.OutgoingData import discard
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Protocol.WebSocket.Conversation import Conversation, Timing, webSocketShutdown
from Kamaelia.Support.Protocol.WebSocket.ClientHandshake import ClientHandshake
from Kamaelia.Support.Protocol.WebSocket.MessagePeer import (
    ABNORMAL,
    GOING_AWAY,
    MOST_BYTES,
    NORMAL,
)
from Kamaelia.Util.SendWithRoom import isToStop

MOST_KEPT = 64  # messages before the connection is open


class WebSocketClient(component):
    """WebSocketClient(url[, extraheaders][, subprotocols][, connectionclass], ...).

    url: of ws or wss. subprotocols: the names that are offered; `subprotocol` is the one that the
    server has chosen. ssl: an SSLContext for wss; by default the certificate is verified.
    timeout: seconds until the connection is open. mostBytes: the limit on a message of the server.
    timing: a Timing. connectionclass: called with host and port, and for wss with ssl=.

    Raises ValueError for a URL to which no connection can be made.
    """

    Inboxes = {
        "inbox": "str or bytes: a text or binary message for the server",
        "control": "producerFinished: close when all is sent; shutdownMicroprocess: close now",
        "_tcpinbox": "bytes from the connection",
        "_tcpcontrol": "the end of the connection",
    }
    Outboxes = {
        "outbox": "str or bytes: a message from the server",
        "signal": "webSocketShutdown, once: message: the error or None, code, reason",
        "_tcpoutbox": "bytes for the connection",
        "_tcpsignal": "the order to the connection to end",
    }
    Usescomponents = [TCPClient]

    ssl: SSLContext | None = None
    timeout: float = 60
    mostBytes: int = MOST_BYTES
    timing: Timing | None = None

    def __init__(
        self,
        url: str,
        extraheaders: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        connectionclass: Callable[..., component] = TCPClient,
        **argd: Any,
    ) -> None:
        refuseMisspelt(type(self))
        super().__init__(**argd)
        self.url = url
        self.subprotocol: str | None = None
        self._handshake = ClientHandshake(url, extraheaders, subprotocols)
        self._conversation = Conversation(
            self, True, "_tcpoutbox", "outbox", self.mostBytes, self.timing
        )
        self._kept: list[Any] | None = []  # messages, until the connection is open
        self._gate = WriteGate(self)
        self._error: Any = None
        self.takeDirectly("inbox", self._take)
        self._connect(connectionclass)

    def _connect(self, connectionclass: Callable[..., component]) -> None:
        server = self._handshake.server
        settings = {"ssl": self.ssl or True} if server.scheme == "https" else {}
        self.connection = client = connectionclass(server.host, server.port, **settings)
        self.link((client, "outbox"), (self, "_tcpinbox"))
        self.link((client, "signal"), (self, "_tcpcontrol"))
        self.link((self, "_tcpoutbox"), (client, "inbox"))
        self.link((self, "_tcpsignal"), (client, "control"))
        self.addChildren(client)

    def _take(self, message: Any) -> Any:
        """Send a message to "inbox", or keep it. Return the gate that holds the sender, or None."""
        if self._kept is None:
            return self._conversation.sendMessage(message)
        self._kept.append(self._conversation.checked(message))
        if len(self._kept) < MOST_KEPT:
            return None
        self._gate.shut()
        return self._gate

    def main(self) -> Generator[int, None, None]:
        self.connection.activate(Scheduler=self.scheduler)
        try:
            code, reason = yield from self._talk()
        except (OSError, ValueError) as error:
            self._error, code, reason = error.with_traceback(None), ABNORMAL, str(error)
        finally:
            self.takeDirectly("inbox", discard)
            self._kept = []
            self._gate.open()
        isLost = code == ABNORMAL
        self.send(shutdownMicroprocess(self) if isLost else producerFinished(self), "_tcpsignal")
        self.send(webSocketShutdown(self, self._error, code, reason), "signal")

    def _talk(self) -> Generator[int, None, tuple[int, str]]:
        """Talk to the server until the end. Return the code and the reason."""
        self.send(self._handshake.request(), "_tcpoutbox")
        rest = yield from self._waitForAcceptance()
        if rest is None:
            return GOING_AWAY, ""
        conversation = self._conversation
        self.subprotocol = self._handshake.subprotocol
        conversation.begin()
        self._sendKept()
        if rest:
            yield from conversation.receive(rest)
        while (closed := conversation.closed) is None:
            yield from self._work()
        return closed

    def _waitForAcceptance(self) -> Generator[int, None, bytes | None]:
        """Return what follows the response of the server, or None if this is to stop."""
        until = timeOf(self) + self.timeout
        while not isToStop(self):
            for data in self.Inbox("_tcpinbox"):
                rest = self._handshake.receive(data)
                if rest is not None:
                    return rest
            for message in self.Inbox("_tcpcontrol"):
                if isinstance(getattr(message, "message", None), OSError | ValueError):
                    raise message.message
                return self._handshake.receive(b"")
            if (left := until - timeOf(self)) <= 0:
                raise TimeoutError(
                    f"{self._handshake.url} was not open after {self.timeout:g} seconds"
                )
            yield from self.waitForChange(left)
        return None

    def _sendKept(self) -> None:
        kept, self._kept = self._kept or [], None
        for message in kept:
            self._conversation.sendMessage(message)
        self._gate.open()

    def _work(self) -> Generator[int, None, None]:
        """Do what there is to do, and wait for more."""
        conversation = self._conversation
        for data in self.Inbox("_tcpinbox"):
            yield from conversation.receive(data)
        for message in self.Inbox("_tcpcontrol"):
            self._error = getattr(message, "message", None)
            yield from conversation.receive(b"")
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                conversation.close(GOING_AWAY)
            elif isinstance(message, producerFinished):
                conversation.close(NORMAL)
        due = conversation.checkTime()
        if conversation.closed is None:
            yield from self.waitUntil(due)


__kamaelia_components__ = (WebSocketClient,)
