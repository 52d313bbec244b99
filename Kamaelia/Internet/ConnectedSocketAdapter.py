"""A connection as a component: outbox sends what the peer sent, inbox takes what goes to the peer.

Example usage
-------------
    adapter = ConnectedSocketAdapter(sock)      # a connected socket
    self.link((adapter, "outbox"), (self, "inbox"))
    self.link((self, "outbox"), (adapter, "inbox"))
    self.addChildren(adapter.activate())

Usually a TCPServer, a TCPClient or a ServerCore creates it.

How does it work?
-----------------
It is the asyncio protocol of its connection: bytes go from `data_received` to the outbox, and
from the inbox to the transport, without a turn of this component. Both directions are bounded:
a sender is held while the peer does not read, and reading pauses while more than `mostUnread`
bytes wait unread (ReadFlowControl). ConnectionState has the states of a connection.

Termination: when the connection and its handler have ended. producerFinished on "control"
closes the connection when all data has been sent; shutdownMicroprocess does so, too, but
gives up after `promptly` seconds.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Transport
from collections.abc import Collection, Coroutine, Generator
from typing import TYPE_CHECKING, Any

from Axon.AxonExceptions import noSpaceInBox
from Axon.Box import NULL, passOn
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.WriteGate import WriteGate
from Kamaelia.Internet.AttachedHandler import AttachedHandler
from Kamaelia.Internet.CloseTimeouts import CloseTimeouts, closeTimeoutsOf
from Kamaelia.Internet.Connection import Connection
from Kamaelia.Internet.ConnectionState import (
    CLOSE_AFTER_TLS,
    CLOSED,
    CLOSING,
    CLOSING_BOTH,
    CONNECTING,
    HALF_CLOSED,
    LOST,
    OPEN,
    STARTING_TLS,
)
from Kamaelia.Internet.EventLoop import isShutdownReceived, waitForCoroutine
from Kamaelia.Internet.GracefulClose import closeTransport
from Kamaelia.Internet.HandlerLinks import leadsToEnded
from Kamaelia.Internet.OutgoingData import Output, discard
from Kamaelia.Internet.ReadFlowControl import ReadFlowControl
from Kamaelia.Internet.StartTLS import TLSHandshake, contextFor
from Kamaelia.IPC import socketShutdown

if TYPE_CHECKING:
    from Kamaelia.Support.Protocol.ProxyHeader import Origin


class ConnectedSocketAdapter(Connection):
    """ConnectedSocketAdapter([listensocket]): one connection, given as a connected socket.

    listensocket: the socket, or None if a listener makes the connection. The other parameters
    are accepted for older programs, and ignored. A message to "inbox" that is neither bytes nor
    text raises TypeError in the component that sends it.
    """

    Inboxes = {
        "inbox": "bytes for the peer; text is sent as UTF-8",
        "control": "producerFinished: close when all is sent; shutdownMicroprocess: close soon",
        "ReadReady": "not used: the event loop reads",
        "SendReady": "not used: the event loop writes",
        "makessl": "an SSLContext, or True for the default one: start TLS",
    }
    Outboxes = {
        "outbox": "bytes from the peer, in the pieces in which they arrived",
        "CreatorFeedback": "socketShutdown: the connection has ended",
        "signal": "socketShutdown, once: the peer will send no more; message: the error, or None",
        "sslready": "True: TLS has started",
    }

    mostUnread = 256 * 1024  # bytes
    mostKept = 64  # messages that are kept until the connection is made, before senders are held
    promptly = 5.0  # seconds to send the rest after shutdownMicroprocess
    origin: Origin | None = None  # both ends, if a load balancer or a limit per peer needs them
    peername: Any = None  # the address of the peer, if a listener made the connection
    mayStayHalfClosed = False  # whether this side may send after the peer has sent its last
    _directBoxes: tuple[str, ...] = ("inbox",)

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
        self.transport: Transport | None = None
        self.handler: component | None = None  # it starts and ends with the connection
        self.connectionState, self.shutGate = CONNECTING, None
        self._kept: list[Any] | None = None  # sent before the connection was made
        self._output = Output(self, self._keepUntilOpen)
        self._reading = ReadFlowControl(self.mostUnread)
        self._error: Exception | None = None
        self._handshake: TLSHandshake | None = None
        self._attached: AttachedHandler | None = None
        self._timeouts: CloseTimeouts | None = None  # while there is a limit on the close
        isOwn = getattr(self.sendToPeer, "__func__", None) is SEND_TO_PEER
        self.takeDirectly("inbox", self._output.take if isOwn else self.sendToPeer)

    def main(self) -> Generator[int, None, None]:
        scheduler = self.scheduler
        scheduler.outside += 1
        try:
            if self.connectionState is CONNECTING:
                yield from self.openConnection()
                if self.transport is None:
                    self.connection_lost(None)
            elif self.connectionState is LOST:
                self.connectionState = self.connectionState.next(CLOSED)
                self._reportEnd(self._error)
            while not self.connectionState.isOver:
                self.handleMessages()
                state = self.connectionState
                if state.isOver:
                    break
                if self._reading.isPaused:
                    self.pause(self.nextCheck())  # it is woken when the receiver takes a message
                else:
                    self.pauseForChange(self.nextCheck())
                yield 1
        finally:
            scheduler.outside -= 1
            self.abort()
        if self._attached is not None:
            yield from self._attached.waitForEnd()
            self.handler = self._attached = None
        for boxname in self._directBoxes:  # their functions would keep this component alive
            self.takeDirectly(boxname, discard)
        self._output.end()

    def openConnection(self) -> Generator[int, None, None]:
        """`yield from` this to make a transport from the socket that was given."""
        yield from waitForCoroutine(self, self._useSocket, self.mayStopConnecting)

    def _useSocket(self, loop: AbstractEventLoop) -> Coroutine[Any, Any, Any]:
        if self.isServer:
            return loop.connect_accepted_socket(lambda: self, self.socket)
        return loop.create_connection(lambda: self, sock=self.socket)

    def mayStopConnecting(self, _: component) -> bool:
        """Return whether the attempt to connect may be cancelled now.

        It may not once there is a transport: if uvloop is cancelled between that and the end of
        its task, it closes the transport without calling connection_lost.
        """
        return self.transport is None and isShutdownReceived(self)

    # Turns: whatever happens except received and sent data

    def handleMessages(self) -> None:
        """Do the work of a turn: messages, the end of the handler, and data that was taken."""
        while self.dataReady("control") and not self.connectionState.isOver:
            message = self.recv("control")
            if isinstance(message, shutdownMicroprocess):
                self.close(self.promptly, mayRenew=False)
            elif isinstance(message, producerFinished):
                self.close(self.patience)
        while self.dataReady("makessl"):
            self.startTLS(self.recv("makessl"))
        if self._attached is not None and self._attached.isDone():
            self.close(self.patience)
        elif self._reading.isPaused:
            self._resumeReading()

    def nextCheck(self) -> float | None:
        """Return the seconds until the next turn, if nothing happens before; None for no limit."""
        if self._attached is None or self.connectionState.isClosing:
            return None
        return self.promptly if self._attached.mayNeedCheck() else None

    def attach(self, handler: component) -> None:
        """Link `handler`, which ends with the connection; its errors end nothing else."""
        self.handler = handler
        self._attached = AttachedHandler(self, handler)

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """End the handler and its connection only, after an error of the handler."""
        if self._attached is not None:
            self._attached.stop(but=culprit)
        self.unpause()
        return True

    # Called by the transport

    def connection_made(self, transport: Any) -> None:
        """Send what was kept, and tell the creator."""
        if self.connectionState.isOver:  # it was given up while the transport was made
            transport.abort()
            return
        self.connectionState = self.connectionState.next(OPEN)
        self.transport, self._output.send = transport, transport.write
        kept, self._kept = self._kept, None
        if kept:
            self.resume_writing()
            transport.writelines(kept)
        if self.creator is not None:
            self.creator.opened(self)
            # The data would be lost in an adapter that is not linked yet.
            if not self.isActive() and not self.connectionState.isOver:
                self._reading.isPaused = True
                transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Send `data` to "outbox", within this call."""
        if self._reading.isPaused:  # the transport had read it before it was told to pause
            self._store(data)
            return
        try:
            keepsUp = passOn(self, data)
        except noSpaceInBox:
            self._store(data)
            return
        if not keepsUp:
            self._checkBacklog(self.outboxes["outbox"], len(data))

    def eof_received(self) -> bool:
        """Report that the peer sends no more. Return whether this side may go on sending."""
        if self.isActive() and not self.connectionState.hasPeerEnded:
            state = self.connectionState
            self.connectionState = state.next(CLOSING_BOTH if state.isClosing else HALF_CLOSED)
            self._reportEnd(None)
        if not self.mayStayHalfClosed or self.isEncrypted():
            return False
        if self._attached is not None and not self.connectionState.isClosing:
            self._output.send = self._attached.peerEnded(self._output.send)
            self.unpause()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Report the end of the connection. `error` is the reason, or None."""
        before = self.connectionState
        if before.isOver:
            return
        isReported = self.isActive() or self.hasEnded()  # or nothing is linked yet
        self.connectionState = before.next(CLOSED if isReported else LOST)
        self._error = error
        if self._timeouts is not None:
            self._timeouts.cancel(self)
        self._output.send = discard
        if self.shutGate is not None:
            self.resume_writing()
        if isReported and not before.hasPeerEnded:
            self._reportEnd(error)
        if self.outboxes["CreatorFeedback"] is not NULL:
            self.send(socketShutdown(self, error), "CreatorFeedback")
        self.unhold()
        if self.creator is not None:
            self.creator.closed(self)

    # Data for the peer

    def sendToPeer(self, data: Any) -> WriteGate | None:
        """Send a message that came to "inbox". Return the gate that holds the sender, or None."""
        return self._output.take(data)

    def _keepUntilOpen(self, data: bytes) -> None:
        if self._kept is None:
            self._kept = []
        self._kept.append(data)
        if len(self._kept) >= self.mostKept:
            self.pause_writing()

    # Data from the peer

    def receivedEarly(self, data: bytes) -> None:
        """Deliver `data` before all other data. Call it before the connection is made."""
        self._reading.store(data)

    def _store(self, data: bytes) -> None:
        self._reading.store(data)
        if self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()
        self.unpause()

    def _checkBacklog(self, waiting: Collection[object], size: int) -> None:
        """Pause reading if too much of what was received waits unread."""
        isTooMuch = self._reading.exceedsLimits(size, waiting) or self.isHeld()
        if isTooMuch and self.transport is not None and not self.transport.is_closing():
            self._reading.isPaused = True
            self.transport.pause_reading()
            self.unpause()  # so that it sleeps in pause(), which ends when a message is taken

    def _resumeReading(self) -> None:
        """Deliver what was stored, and read again if the receiver has taken half of the rest."""
        reading = self._reading
        if self.isHeld():
            self.holdWhileFull()
            return
        if reading.stored is not None:
            try:
                self.send(reading.stored)
            except noSpaceInBox:
                return
            reading.stored = None
        if reading.mayResume(self.outboxes["outbox"]):
            reading.isPaused = False
            if self.transport is not None and not self.transport.is_closing():
                self.transport.resume_reading()

    # TLS

    def takeTLSDirectly(self) -> None:
        """Start TLS within the turn of the component that sends a message to "makessl"."""
        self._directBoxes = ("inbox", "makessl")
        self.takeDirectly("makessl", self.startTLS)

    def startTLS(self, message: object) -> None:
        """Start TLS, whatever `message` is; only an SSLContext is used as one.

        Raises TypeError on the side of a server if there is no SSLContext.
        """
        if self.connectionState is HALF_CLOSED:
            self.abort()  # the peer cannot answer
        if self.connectionState is not OPEN or self.transport is None:
            return
        context = contextFor(self, message)
        self.connectionState = self.connectionState.next(STARTING_TLS)
        unread = self.outboxes["outbox"]
        if unread:
            unread.clear()
        self._reading.reset()
        handshake = TLSHandshake(self, self.transport, context, self._handshakeDone)
        self._handshake = handshake
        self._output.send = handshake.unsent.append
        handshake.start(self.scheduler.loop)

    def _handshakeDone(self, transport: Transport | None, reason: Exception | None) -> None:
        handshake, self._handshake = self._handshake, None
        if self.connectionState.isOver or transport is None or handshake is None:
            if self.transport is not None:
                self.transport.abort()
            self.connection_lost(reason)
            return
        isToClose = self.connectionState is CLOSE_AFTER_TLS
        self.connectionState = self.connectionState.next(OPEN)
        self.transport, self._output.send = transport, transport.write
        transport.writelines(handshake.unsent)
        self.send(True, "sslready")
        if isToClose:
            self.close(self.patience)
        self.unpause()

    # The end

    def close(self, patience: float, mayRenew: bool = True) -> None:
        """Discard what is sent from now on, send the rest, and close the connection.

        The peer has `patience` seconds to take the rest; if `mayRenew`, these seconds start again
        whenever it has taken some of it.
        """
        state = self.connectionState
        if state.isHandshake:  # nothing can be sent before it is done
            if state is STARTING_TLS:
                self.connectionState = self.connectionState.next(CLOSE_AFTER_TLS)
            if not mayRenew:
                self.abort()
            return
        if state.isOver or self.transport is None or (state.isClosing and mayRenew):
            return
        if not state.isClosing:
            self.connectionState = state.next(CLOSING_BOTH if state.hasPeerEnded else CLOSING)
            self._output.send = discard
            if not self.transport.is_closing():  # asyncio's must not be closed twice within TLS
                self._reading.isPaused = False
                closeTransport(self, self.transport)
        # Within TLS it also waits for the peer to end its side.
        if not self.connectionState.isOver and (self.bytesToSend() or self.isEncrypted()):
            self._timeouts = closeTimeoutsOf(self.scheduler.loop)
            self._timeouts.start(self, patience, mayRenew)

    def abort(self) -> None:
        """End the connection at once; what has not been sent is lost."""
        if self._handshake is not None:
            self._handshake.cancel()
        if self.transport is not None and not self.connectionState.isOver:
            self.transport.abort()
            self.connection_lost(None)

    def _reportEnd(self, error: Exception | None) -> None:
        if not leadsToEnded(self.outboxes["signal"]):
            self.send(socketShutdown(self, error), "signal")


SEND_TO_PEER = ConnectedSocketAdapter.sendToPeer  # a call is saved unless a program has another one

__kamaelia_components__ = (ConnectedSocketAdapter,)
