"""A connection as a component: what the peer sends comes out, what comes in goes to the peer.

Example usage
-------------
    adapter = ConnectedSocketAdapter(sock)      # a connected socket
    self.link((adapter, "outbox"), (self, "inbox"))
    self.link((self, "outbox"), (adapter, "inbox"))
    self.addChildren(adapter.activate())

Mostly a TCPServer, a TCPClient or a ServerCore makes it.

How does it work?
-----------------
It is the asyncio protocol of its connection: bytes go from `data_received` into
the outbox, and from the inbox to the transport, without a turn of its own. Both
ways are bounded: a sender is held while the peer does not read, and nothing is
read while more than `mostUnread` bytes wait in the inbox that the outbox feeds.

Termination: when the connection and its handler have ended. producerFinished on "control" closes
it once all is sent; shutdownMicroprocess gives that `promptly` seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from Axon.AxonExceptions import noSpaceInBox
from Axon.Box import NULL, directsink
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Multiset import withItem
from Axon.Turns import ENDED, HOLD, PAUSE, UNBORN, WATCH
from Kamaelia.Internet.CloseTimeouts import GracefulClose, closeTimeoutsOf
from Kamaelia.Internet.EventLoop import isShutdownReceived, waitForCoroutine
from Kamaelia.Internet.HalfClosed import HalfClosed
from Kamaelia.Internet.HandlerLinks import join, linkHandler, stopSubtree, unlinkComponents
from Kamaelia.Internet.OutgoingData import asBytes, discard
from Kamaelia.Internet.StartTLS import StartTLS
from Kamaelia.Internet.WriteGate import WriteGate
from Kamaelia.IPC import socketShutdown

MOST_MESSAGES = 256  # that may wait unread, however short they are


class ConnectedSocketAdapter(WriteGate, StartTLS, component):
    """ConnectedSocketAdapter([listensocket]) -> one connection, given as a connected socket.

    listensocket: the socket; None if a listener makes the connection. The other
    parameters are accepted for the sake of older programs: what is no bytes
    and no text is a TypeError in whoever sends it.
    """

    Inboxes = {
        "inbox": "bytes for the peer; text is sent as UTF-8",
        "control": "producerFinished: close when all is sent; shutdownMicroprocess: close soon",
        "ReadReady": "not used: the event loop calls",
        "SendReady": "not used: the event loop calls",
        "makessl": "an SSLContext, or True: go on in TLS",
    }
    Outboxes = {
        "outbox": "bytes from the peer, as they came",
        "CreatorFeedback": "socketShutdown: the connection has ended",
        "signal": "socketShutdown, once: the peer will send no more; message: the error, or None",
        "sslready": "True: TLS has begun",
    }

    mostUnread = 256 * 1024  # bytes
    mostKept = 64  # messages that are sent before the connection stands
    promptly = 5.0  # seconds that what was sent has after shutdownMicroprocess
    patience = 60.0  # seconds without progress after producerFinished
    origin: Any = None  # who the client is, if a load balancer has said so
    mayStayHalfClosed = False  # whether the peer may have sent its last, and go on reading

    def __init__(
        self,
        listensocket: Any = None,
        selectorService: Any = None,
        crashOnBadDataToSend: bool = False,
        noisyErrors: bool = True,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        self.socket = listensocket
        self.transport: Any = None
        self.handler: Any = None  # a component that lives and ends with the connection
        self.creator: Any = None  # is told `opened(adapter)` and `closed(adapter)`
        self._kept: list[Any] = []
        self._transmit: Callable[[Any], None] = self._keepUntilOpen
        self.takeDirectly("inbox", self._write)
        self._unread = 0
        self._error: Exception | None = None
        self._isReading = True
        self._isClosing = self._isLingering = self._isAnnounced = self._isOver = False
        self._handshake: Any = None

    def main(self) -> Generator[int, None, None]:
        scheduler = self.scheduler
        scheduler.outside += 1
        try:
            if self.transport is None and not self._isOver:
                yield from self._open()
                if self.transport is None:
                    self.connection_lost(None)
            while not self._isOver:
                self._heed()
                self._sleep(WATCH if self._isReading else PAUSE, self._nextLook())
                yield 1
            self._announce(self._error)
        finally:
            scheduler.outside -= 1
            self.abort()
        if self.handler is not None:
            yield from self._leaveHandler()
        for sink in self.inboxes.values():
            if type(sink) is directsink:
                sink.append = discard

    def _open(self) -> Generator[int, None, None]:
        """Makes a transport of the socket that was given."""
        sock = self.socket
        yield from waitForCoroutine(
            self,
            lambda loop: (
                loop.connect_accepted_socket(lambda: self, sock)
                if self.isServer
                else loop.create_connection(lambda: self, sock=sock)
            ),
            self._mayGiveUp,
        )

    def _mayGiveUp(self, _: Any) -> bool:
        """Not when the transport is there: uvloop, cancelled between that and its task's end,
        closes the transport, and says connection_lost to nobody.
        """
        return self.transport is None and isShutdownReceived(self)

    def _heed(self) -> None:
        """A turn: something happened, other than bytes that come and go."""
        while self.inboxes["control"] and not self._isOver:
            message = self.recv("control")
            if isinstance(message, shutdownMicroprocess):
                self.close(self.promptly, mayRenew=False)
            elif isinstance(message, producerFinished):
                self.close(self.patience)
        while self.inboxes["makessl"]:
            self._beginTLS(self.recv("makessl"))
        if self._isHandlerDone():
            self.close(self.patience)
        elif not self._isReading:
            self._readOn()

    def _isHandlerDone(self) -> bool:
        """Return whether the handler has ended, or leaves it to us to end the connection."""
        if self.handler is not None and self.handler._task.state == ENDED:
            return True
        return self._halfClosed is not None and self._halfClosed.isUnread(self._now())

    def _now(self) -> float:
        now: float = self.scheduler.timers.clock.now()
        return now

    def _nextLook(self) -> float | None:
        """Return the seconds until the handler is looked at again; None if it need not be."""
        if self._halfClosed is None or self._isClosing or not self._halfClosed.mayBeUnread():
            return None
        return self.promptly

    def _leaveHandler(self) -> Generator[int, None, None]:
        """The connection has ended. The creator takes over a handler that has not ended yet."""
        handler = self.handler
        while handler._task.state != ENDED:
            if self.creator is not None and self.creator.outlived(self):
                for message in self.outboxes["signal"]:  # unread, it would keep this connection
                    if getattr(message, "caller", None) is self:
                        message.caller = None
                break
            yield from self.waitForChange()
        self.handler = self._halfClosed = None
        unlinkComponents(self, handler)

    def attach(self, handler: Any) -> None:
        """Link `handler`, which lives as long as the connection; its errors end nothing else."""
        self.handler = handler
        handler._task.watchers = withItem(handler._task.watchers, self)
        linkHandler(self, handler)
        if "makessl" in handler.outboxes:
            self.takeDirectly("makessl", self._beginTLS)
            join(handler, "makessl", self, "makessl")
            if "sslready" in handler.inboxes:
                join(self, "sslready", handler, "sslready")

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """End the handler and its connection, and nothing else, after an error of the handler."""
        if self.handler is not None:
            stopSubtree(self.handler, but=culprit)
        self._task.nudge()
        return True

    # What the transport says

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._transmit = transport.write
        if self._kept:
            self._sendKept()
        if self.creator is not None:
            self.creator.opened(self)
            if not self._task.isAlive() and not self._isOver:  # nobody has linked it yet
                self._isReading = False
                transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Bytes came: they go to whoever is linked, within this call."""
        if (
            not self._isReading
        ):  # a transport may have had something ready when it was told to pause
            self._keep(data)
            return
        sink = self.outboxes["outbox"]
        try:
            self.send(data)
        except noSpaceInBox:
            self._keep(data)
            return
        if len(sink) > 1 or self._task.wish:
            self._mindBacklog(sink, len(data))
        else:
            self._unread = 0

    def hasHeard(self, data: bytes) -> None:
        """The peer has sent these bytes before there is a transport: they come before all others.

        Call it before the connection is made.
        """
        self._unsent, self._isReading = data, False

    def _keep(self, data: bytes) -> None:
        self._unsent = data if self._unsent is None else self._unsent + data
        self._isReading = False
        if not self.transport.is_closing():
            self.transport.pause_reading()
        self._task.wake()

    _unsent: bytes | None = None

    def eof_received(self) -> bool:
        """The peer sends no more; whether it may go on reading is for the handler to say."""
        self._announce(None)
        if not self.mayStayHalfClosed or self.isEncrypted():
            return False
        if self.handler is not None and not self._isClosing:
            self._halfClosed = HalfClosed(self, self._transmit)
            self._transmit = self._halfClosed.transmit
            self._task.nudge()
        return True

    _halfClosed: HalfClosed | None = None

    def connection_lost(self, error: Exception | None) -> None:
        """The connection has ended."""
        if self._isOver:
            return
        self._isOver = True
        self._error = error
        if self._isLingering:
            closeTimeoutsOf(self.scheduler.loop).forget(self)
        self._transmit = discard
        if self._gate is not None:
            self.resume_writing()
        self._announce(error)
        if self.outboxes["CreatorFeedback"] is not NULL:
            self.send(socketShutdown(self, error), "CreatorFeedback")
        self._task.force()
        if self.creator is not None:
            self.creator.closed(self)

    # What goes out

    def _write(self, data: Any) -> Any:
        self._transmit(data if isinstance(data, bytes) else asBytes(self, "inbox", data))
        return self._gate

    def _keepUntilOpen(self, data: Any) -> None:
        self._kept.append(data)
        if len(self._kept) >= self.mostKept:
            self.pause_writing()

    def _sendKept(self) -> None:
        kept, self._kept = self._kept, []
        if self._gate is not None:
            self.resume_writing()
        for data in kept:
            self._transmit(data)

    def bytesToSend(self) -> int:
        """How many bytes the peer, or the system, has not taken yet."""
        return self.transport.get_write_buffer_size() if self.transport is not None else 0

    # What comes in

    def _mindBacklog(self, sink: Any, size: int) -> None:
        """Stops reading while too much waits in the inbox that this connection feeds."""
        self._unread += size
        if self._unread > self.mostUnread:
            self._unread = _bytesIn(sink)
        if self._unread > self.mostUnread or len(sink) > MOST_MESSAGES or self._isHeldBack():
            self._pauseReading()

    def _isHeldBack(self) -> bool:
        """Whether a gate is shut at the far end: it is the reading that has to wait there."""
        return any(gate.isShut() for gate in self._task.gates or ())

    def _pauseReading(self) -> None:
        if self._isReading and not self.transport.is_closing():
            self._isReading = False
            self.transport.pause_reading()
            self._task.wake()  # so that it sleeps in a plain pause: woken when something is taken

    def _readOn(self) -> None:
        """Reads again once half of what waited has been taken."""
        sink = self.outboxes["outbox"]
        if self._isHeldBack():
            self._task.wish |= HOLD
            return
        if self._unsent is not None:
            try:
                self.send(self._unsent)
            except noSpaceInBox:
                return
            self._unsent = None
        if len(sink) * 2 > MOST_MESSAGES or _bytesIn(sink) * 2 > self.mostUnread:
            return
        self._isReading = True
        self._unread = 0
        if not self.transport.is_closing():
            self.transport.resume_reading()

    # The end

    def close(self, patience: float, mayRenew: bool = True) -> None:
        """Takes nothing more, sends what it has, and ends the connection.

        The peer has `patience` seconds to take it, from its last progress on if `mayRenew`.
        """
        if self._isOver:
            return
        if self._handshake is not None:  # nothing can be sent before it is done
            self._isToClose = True
            if not mayRenew:
                self.abort()
            return
        if not self._isClosing:
            self._isClosing = True
            self._transmit = discard
            if not self.transport.is_closing():  # asyncio's, in TLS, must not be closed twice
                self._part()
        elif mayRenew:
            return
        if self.bytesToSend() and not self._isOver:
            self._isLingering = True
            closeTimeoutsOf(self.scheduler.loop).watch(self, patience, mayRenew)

    def _part(self) -> None:
        """Ends this side; a server hears its client out, who might lose the last reply else."""
        transport = self.transport
        if self.isServer and not self._isAnnounced and transport.can_write_eof():
            self._isReading = True
            GracefulClose(self, closeTimeoutsOf(self.scheduler.loop)).begin()
        else:
            transport.close()

    def abort(self) -> None:
        """Ends the connection at once; what has not been sent is lost."""
        if self._handshake is not None:
            self._handshake.cancel()
        if self.transport is not None and not self._isOver:
            self.transport.abort()
            self.connection_lost(None)

    def _announce(self, error: Exception | None) -> None:
        if not self._isAnnounced and self._task.state != UNBORN:  # nobody has linked it before
            self._isAnnounced = True
            self.send(socketShutdown(self, error), "signal")


def _bytesIn(sink: Any) -> int:
    return sum(len(message) for message in sink if isinstance(message, bytes))


__kamaelia_components__ = (ConnectedSocketAdapter,)
