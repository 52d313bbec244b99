"""Links over sockets: `tcp://host:port`, `tls://host:port`, and connections that exist already.

How does it work?
-----------------
The reader listens, and the writer connects, as often as necessary. A new connection of a writer
takes the place of the one before. A reader that finds its address in use asks the reader that
listens there to give way, which ends with linkTakenOver.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from ssl import SSLContext, SSLError
from typing import Any

from Kamaelia.Net.Connections import openConnection, streamsOver
from Kamaelia.Net.EndRecords import EndRecord
from Kamaelia.Net.Ends import LinkEnd, ReaderEnd, WriterEnd, firstOf, keepTrying, logger
from Kamaelia.Net.SameMachine import isLoopback
from Kamaelia.Net.Streams import (
    FAREWELL,
    HANDSHAKE,
    Stream,
    greet,
    greetWriter,
    readFrom,
    sayGoodbye,
    waitForGoodbye,
    writeTo,
)
from Kamaelia.Support.Links.Errors import linkError, linkTakenOver

#: The errors of a connection that may work later.
LOST = (OSError, TimeoutError)


REFUSALS = "CERTIFICATE", "UNKNOWN_CA"  # in the reason of an SSLError that remains
ATTEMPTS = 50  # to listen at an address that is in use
MOST_STRANGERS = 64  # connections at a time whose peers have not proved that they may connect
RETURN = 2.0  # seconds that a reader gives to a new writer if the link before has ended


class StreamTransport:
    """The part that does not depend on how connections are made."""

    isLocal = False
    isShareable = False
    key: str | None = None

    def __init__(self) -> None:
        self._current: Stream | None = None  # the reader's connection
        self._token: Any = None  # of the writer at its far end
        self._carrier: asyncio.Task[Any] | None = None  # the task of that connection

    async def carryFrom(self, stream: Stream, end: WriterEnd) -> None:
        """Write to the reader at the far end of `stream`. Raise OSError when it breaks."""
        try:
            await writeTo(stream, end, self.key)
        finally:
            await stream.finish()

    async def carryTo(self, stream: Stream, end: ReaderEnd) -> None:
        """Read what the writer at the far end of `stream` sends, until the connection breaks."""
        try:
            if not await self._isWelcome(stream, end):
                return
            end.connected()
            await readFrom(stream, end)
            if end.isSettledToTheEnd():
                self.noteEnd(end)
                await sayGoodbye(stream, end)
        except LOST as error:
            if self._current is stream:  # it is no stranger, and no other has taken its place
                end.interrupted(error)
        finally:
            if self._current is stream:
                self._current = None
            await stream.finish()

    def noteEnd(self, end: ReaderEnd) -> None:
        """Store that the link has ended, if this is necessary: the writer may leave now."""

    async def _leave(self, end: ReaderEnd) -> None:
        """Return when `end` is over, after the time that a connection has to confirm it."""
        await end.over.wait()
        self.noteEnd(end)
        if self._current is not None:
            await asyncio.sleep(FAREWELL + 1)

    async def _isWelcome(self, stream: Stream, end: ReaderEnd) -> bool:
        """Return whether the peer is the writer of this link, whose connection is used now."""
        try:
            async with asyncio.timeout(HANDSHAKE):
                hello = await greetWriter(stream, end, self.key)
        except linkError as error:
            logger.warning("%s: refuses %s: %s", end.owner.name, stream.peer, error)
            stream.refuse(str(error))
            return False
        peer = f"{str(hello.get('from'))[:200]} ({stream.peer})"
        if hello.get("role") == "reader":
            raise linkTakenOver(f"{peer} has taken over the link {end.name!r} from {end.identity}")
        if self._current is not None:
            if self._token != hello.get("token"):
                self._current.refuse(f"{peer} writes to {end.name!r} now", "linkTakenOver")
            self._current.close()
        self._current, self._token = stream, hello.get("token")
        self._carrier = asyncio.current_task()
        return True


class SocketTransport(StreamTransport):
    """SocketTransport(host, port, key, tls, rivalTLS): the reader listens, the writer connects.

    tls: the context of this end. rivalTLS: that with which a reader connects to the one before.
    """

    def __init__(
        self,
        host: str,
        port: int,
        key: str | None = None,
        tls: SSLContext | None = None,
        rivalTLS: SSLContext | None = None,
    ) -> None:
        super().__init__()
        self.host, self.port, self.key = host, port, key
        self._tls, self._rivalTLS = tls, rivalTLS
        self._record: EndRecord | None = None
        if tls is None and key is None and not isLoopback(host):
            raise linkError(
                f"a link without TLS leaves this machine ({host}): give both ends a key, or use"
                " tls://"
            )

    async def write(self, end: WriterEnd) -> None:
        """Connect to the reader, and carry frames from `end`."""
        work = keepTrying(partial(self._writeOnce, end), end, LOST)
        await firstOf(work, waitForGoodbye(end))

    async def _writeOnce(self, end: WriterEnd) -> None:
        try:
            await self.carryFrom(await self._connect(self._tls), end)
        except SSLError as error:
            if any(word in (error.reason or "") for word in REFUSALS):
                raise linkError(
                    f"no trust between {self.host}:{self.port} and this: {error}"
                ) from error
            raise

    async def _connect(self, tls: SSLContext | None) -> Stream:
        async with asyncio.timeout(HANDSHAKE):
            return Stream(*await openConnection(self.host, self.port, tls))

    async def read(self, end: ReaderEnd) -> None:
        """Listen for the writer, and carry frames to `end`."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        connections: dict[asyncio.Task[None], None] = {}  # in the order of their beginning

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            connections[task] = None
            self._limitStrangers(connections)
            try:
                await self.carryTo(Stream(reader, writer), end)
                if end.over.is_set() and not over.done():
                    over.set_result(None)
            except linkError as error:
                if not over.done():
                    over.set_exception(error)
            except asyncio.CancelledError:
                pass  # the server logs it otherwise
            finally:
                del connections[task]

        server = await self._listen(accept, end)
        self._record = EndRecord(f"{self.host}:{self.port}", end.name)
        try:
            await firstOf(_resultOf(over), self._leave(end), self._restoreEnd(self._record, end))
        finally:
            self._record.close()
            server.close()
            for task in list(connections):
                task.cancel()

    def _limitStrangers(self, connections: Iterable[asyncio.Task[None]]) -> None:
        """End the oldest connection whose peer is not known yet if there are too many of them."""
        strangers = [
            each for each in connections if each is not self._carrier and not each.cancelling()
        ]
        if len(strangers) > MOST_STRANGERS:
            strangers[0].cancel()

    def noteEnd(self, end: ReaderEnd) -> None:
        """Keep a record, so that a reader that is killed now, and started again, ends, too."""
        incoming = end.incoming
        if self._record is not None and incoming.endKind is not None and incoming.isFinished():
            self._record.keep(incoming.endKind, incoming.last)

    async def _restoreEnd(self, record: EndRecord, end: ReaderEnd) -> None:
        """End if the reader before had ended and was killed then, unless a new writer comes."""
        found = record.found()
        with suppress(TimeoutError):
            async with asyncio.timeout(RETURN if found is not None else None):
                await end.begun.wait()
        if found is None or end.begun.is_set():  # also if a writer came at the last moment
            record.forget()
        else:
            end.begin(found[1], found[0])
            end.changed()
        await asyncio.Event().wait()

    async def _listen(
        self, accept: Callable[[Any, Any], Awaitable[None]], end: LinkEnd
    ) -> asyncio.Server:
        secure: dict[str, Any] = (
            {"ssl": self._tls, "ssl_handshake_timeout": HANDSHAKE} if self._tls else {}
        )
        for attempt in range(ATTEMPTS):
            try:
                return await asyncio.start_server(accept, self.host, self.port, **secure)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise linkError(f"cannot listen at {self.host}:{self.port}: {error}") from error
                if self._tls is not None and self._rivalTLS is None:
                    raise linkError(
                        f"{self.host}:{self.port} is in use; to take over a link tls://, give the"
                        " reader tls=(context of a server, context of a client)"
                    ) from error
                if attempt % 10 == 0:
                    await self._takeOver(end)
            await asyncio.sleep(0.02 * min(attempt + 1, 10))
        raise linkError(f"{self.host}:{self.port} is in use, and not by a reader of {end.name!r}")

    async def _takeOver(self, end: LinkEnd) -> None:
        """Ask the reader that listens at this address to give way."""
        with suppress(OSError, TimeoutError):
            stream = await self._connect(self._rivalTLS)
            try:
                async with asyncio.timeout(HANDSHAKE):
                    await greet(stream, end, self.key, {"role": "reader"})
                await stream.drain()
            finally:
                await stream.finish()


async def _resultOf(future: asyncio.Future[None]) -> None:
    await future


class LocalTransport(StreamTransport):
    """LocalTransport([connection]): links over a pair of sockets between two processes.

    A process that replaces another gets a new pair: `attach(connection)`. If `endsWithPeer`, a
    connection that breaks is an error, since the process at the far end has made this one.
    """

    isLocal = True

    def __init__(self, connection: socket.socket | None = None, endsWithPeer: bool = False) -> None:
        super().__init__()
        self._endsWithPeer = endsWithPeer
        self._waiting: list[socket.socket] = []
        self._arrived = asyncio.Event()
        if connection is not None:
            self.attach(connection)

    def attach(self, connection: socket.socket) -> None:
        """Use `connection` from now on."""
        self.close()
        self._waiting = [connection]
        self._arrived.set()

    def close(self) -> None:
        """Close the connection that is attached and was not used."""
        while self._waiting:
            self._waiting.pop().close()

    async def _next(self) -> Stream:
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return Stream(*await streamsOver(sock=self._waiting.pop()))

    async def write(self, end: WriterEnd) -> None:
        """Carry frames from `end` over the connections that are attached."""
        try:
            await firstOf(self._writeAll(end), waitForGoodbye(end))
        finally:
            self.close()

    async def _writeAll(self, end: WriterEnd) -> None:
        while True:
            try:
                await self.carryFrom(await self._next(), end)
                return
            except LOST as error:
                if end.outgoing.isDone() and self._endsWithPeer:
                    return
                self._checkPeer(error)
                end.interrupted(error)

    async def read(self, end: ReaderEnd) -> None:
        """Carry frames to `end` over the connections that are attached."""
        try:
            while not end.over.is_set():
                await firstOf(self._readNext(end), self._leave(end))
                if not end.over.is_set():
                    self._checkPeer(ConnectionResetError("the connection is closed"))
        finally:
            self.close()

    async def _readNext(self, end: ReaderEnd) -> None:
        await self.carryTo(await self._next(), end)

    def _checkPeer(self, error: BaseException) -> None:
        if self._endsWithPeer:
            raise linkError("the process at the far end of the link has ended") from error
