"""Frames over a stream of bytes: the handshake, and the traffic after it.

How does it work?
-----------------
The writer sends HELLO, the reader WELCOME with the number of the last message that it has. Then the
writer sends frames, and the reader the numbers of messages that are done, which the writer echoes:
only then may the reader hand out more in their place. Between two processes of one machine the
reader need not wait for the echo (Kamaelia.Net.SameMachine), and asks for none.
A reader that has ended says GOODBYE. Until then the writer waits for a while, since a reader that
is killed before that, and started again, has to learn from the writer that the link has ended.
If there is a key, both prove that they know it (Kamaelia.Support.Links.Keys) before anything else
is believed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from typing import Any

from Kamaelia.Net.Connections import detectDeadPeer
from Kamaelia.Net.Ends import LinkEnd, ReaderEnd, WriterEnd, cannotConfirmAtOnce, firstOf
from Kamaelia.Net.SameMachine import keepsWhatIsSent, placeOf, writeAtOnce
from Kamaelia.Support.Links.Codecs import Codec, bestCodec, codecNamed
from Kamaelia.Support.Links.Errors import linkError, linkTakenOver
from Kamaelia.Support.Links.Frames import (
    CONFIRM,
    DATA,
    END,
    GOODBYE,
    GREETING,
    HELLO,
    KNOWN,
    MAXIMUM,
    PROOF,
    REFUSAL,
    WELCOME,
    Frame,
    FrameDecoder,
    encodedTogether,
    greeting,
)
from Kamaelia.Support.Links.Keys import isProof, newNonce, proofOf

VERSION = 1
CODEC = 8  # bytes of the name of the codec, before the messages of a frame
HANDSHAKE = 10.0  # seconds that a handshake may take
FAREWELL = 5.0  # seconds in which the writer has to acknowledge that its end is done
CLOSING = 1.0  # seconds in which the last bytes have to be sent
LINGER = 60.0  # seconds in which a reader that has confirmed the end has to say GOODBYE


class Stream:
    """Stream(reader, writer): a connection that carries frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._decoder = FrameDecoder(GREETING)
        peer = writer.get_extra_info("peername")
        self.peer = f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else "the other process"
        self.isLasting = False  # the system keeps what is sent, even if this process is killed
        detectDeadPeer(writer.get_extra_info("socket"))

    async def receive(self) -> list[Frame]:
        """Return the frames that have arrived, one at least. Raise OSError at the end."""
        frames = self._decoded(b"")
        while not frames:
            frames = self._decoded(await self._read())
        return frames

    async def receiveOne(self) -> Frame:
        """Return the next frame, and do not look at what follows, which may be longer."""
        frames = self._decoded(b"", 1)
        while not frames:
            frames = self._decoded(await self._read(), 1)
        return frames[0]

    def _decoded(self, data: bytes, most: int | None = None) -> list[Frame]:
        try:
            with closing(self._decoder.feed(data)) as frames:
                return list(islice(frames, most))
        except linkError as error:
            raise linkError(f"{self.peer} sent what is no frame of a link: {error}") from error

    async def _read(self) -> bytes:
        data = await self._reader.read(1 << 16)
        if not data:
            raise ConnectionResetError(f"{self.peer} has closed the connection")
        return data

    async def receiveGreeting(self, kind: bytes) -> dict[str, Any]:
        """Return the fields of the next frame. Raise linkError if it is of another kind."""
        frame = await self.receiveOne()
        if frame.kind == REFUSAL:
            raise refusalOf(frame, self.peer)
        if frame.kind != kind:
            raise linkError(f"{self.peer} sent a frame {frame.kind!r} in place of {kind!r}")
        return frame.fields()

    def endGreetings(self) -> None:
        """Accept large frames from now on: the peer is known."""
        self._decoder.maximum = MAXIMUM

    def send(self, data: bytes) -> None:
        """Send bytes; drain() waits until there is room for more."""
        self._writer.write(data)

    def sendAtOnce(self, data: bytes) -> bool:
        """Send bytes to a peer on this machine; return whether the peer now has all of them."""
        return writeAtOnce(self._writer, data)

    def keepsWhatIsSent(self, place: object) -> bool:
        """Return whether sendAtOnce() works; see SameMachine."""
        return keepsWhatIsSent(self._writer, place)

    def place(self) -> str:
        """Return a text for this end of the connection."""
        return placeOf(self._writer.get_extra_info("sockname"))

    async def drain(self) -> None:
        """Wait while too much is on its way."""
        await self._writer.drain()

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError, RuntimeError):
            self._writer.close()

    async def finish(self) -> None:
        """Close the connection, and wait for a moment until the peer has received everything."""
        self.close()
        try:
            async with asyncio.timeout(CLOSING):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()
        except asyncio.CancelledError:
            self._writer.transport.abort()
            raise

    def refuse(self, reason: str, error: str = "linkError") -> None:
        """Tell the peer why the connection is closed, and close it."""
        with suppress(OSError, RuntimeError):
            self.send(greeting(REFUSAL, reason=reason[:1000], error=error))
        self.close()


def refusalOf(frame: Frame, peer: str) -> linkError:
    """Return the error that a REFUSAL means."""
    fields = frame.fields()
    reason = f"{peer} refuses the link: {str(fields.get('reason'))[:1000]}"
    return linkTakenOver(reason) if fields.get("error") == "linkTakenOver" else linkError(reason)


# The writer's side


async def writeTo(stream: Stream, end: WriterEnd, key: str | None) -> None:
    """Carry frames from `end` until the connection breaks (OSError), or the reader has ended."""
    async with asyncio.timeout(HANDSHAKE):
        await greetReader(stream, end, key)
    end.connected()
    end.changed()
    await firstOf(_sendFrames(stream, end), _receiveConfirmations(stream, end))


async def greet(stream: Stream, end: LinkEnd, key: str | None, fields: dict[str, Any]) -> Any:
    """Send HELLO with `fields`, check the WELCOME, prove the key, and return the WELCOME."""
    nonce = newNonce()
    hello = {"version": VERSION, "link": end.name, "from": end.identity, "token": end.token}
    stream.send(greeting(HELLO, **hello, nonce=nonce, at=stream.place(), **fields))
    welcome = await stream.receiveGreeting(WELCOME)
    if welcome.get("version") != VERSION:
        raise linkError(f"{stream.peer} speaks version {welcome.get('version')!r} of links")
    if key is not None:
        theirs = str(welcome.get("nonce"))
        expected = proofOf(key, "reader", end.name, nonce, theirs)
        if not isProof(welcome.get("proof"), expected):
            raise linkError(f"{stream.peer} has another key, or none")
        stream.send(greeting(PROOF, proof=proofOf(key, "writer", end.name, nonce, theirs)))
    stream.endGreetings()
    return welcome


async def greetReader(stream: Stream, end: WriterEnd, key: str | None) -> None:
    """Introduce `end` to the reader, and continue where the reader is."""
    outgoing = end.outgoing
    confirmed = outgoing.confirmed if outgoing.hasBegun else outgoing.position
    fields = {"role": "writer", "codec": outgoing.codec.name, "confirmed": confirmed}
    fields["ended"] = outgoing.endKind()
    welcome = await greet(stream, end, key, fields)
    codecs = welcome.get("codecs")
    codecs = [str(each) for each in codecs] if type(codecs) is list else []
    if outgoing.codec.name not in codecs:
        if outgoing.codec.name == "pickle":
            raise linkError(f"{stream.peer} does not accept pickle")
        outgoing.useCodec(codecNamed(bestCodec(codecs)))
    have = welcome.get("have")
    if type(have) is not int or have < 0:
        raise linkError(f"{stream.peer} says that it has {have!r} messages")
    outgoing.resume(have)


async def _sendFrames(stream: Stream, end: WriterEnd) -> None:
    try:
        await _sendWhatIsReady(stream, end)
    except OSError:
        await asyncio.Event().wait()  # the other direction may contain the reason


async def _sendWhatIsReady(stream: Stream, end: WriterEnd) -> None:
    outgoing = end.outgoing
    codec = outgoing.codec.name.encode("ascii").ljust(CODEC)
    while True:
        for piece in encodedTogether(outgoing.take(), codec):
            stream.send(piece)
        await stream.drain()
        await end.waitForFrames()


async def _receiveConfirmations(stream: Stream, end: WriterEnd) -> None:
    while True:
        isAsked = False
        for frame in await stream.receive():
            if frame.kind == REFUSAL:
                raise refusalOf(frame, stream.peer)
            if frame.kind == GOODBYE and end.outgoing.isDone():
                return
            if frame.kind != CONFIRM:
                raise linkError(f"{stream.peer} sent a frame {frame.kind!r} to a writer")
            end.confirm(frame.last)
            isAsked = isAsked or frame.messages != KNOWN
        if isAsked:
            with suppress(OSError):  # receive() raises it, after what the peer has sent before
                stream.send(Frame(CONFIRM, end.outgoing.confirmed, 0, b"").encoded())
                await stream.drain()


async def waitForGoodbye(end: WriterEnd) -> None:
    """Return when the end has been done for so long that a killed reader would have come back."""
    await end.finished.wait()
    await asyncio.sleep(LINGER)


# The reader's side


async def greetWriter(stream: Stream, end: ReaderEnd, key: str | None) -> dict[str, Any]:
    """Check the peer that connects, and return its HELLO. Raise linkError for what is refused."""
    hello = await stream.receiveGreeting(HELLO)
    if hello.get("version") != VERSION:
        raise linkError(f"version {hello.get('version')!r} of links is unknown")
    if hello.get("link") != end.name:
        raise linkError(f"this is the link {end.name!r}, not {str(hello.get('link'))[:100]!r}")
    nonce, theirs = newNonce(), str(hello.get("nonce"))
    fields: dict[str, Any] = {}
    if key is not None:
        fields["proof"] = proofOf(key, "reader", end.name, theirs, nonce)
    position = _positionOf(hello)
    have = position if _mayBegin(end, hello) else end.incoming.last
    welcome = {"version": VERSION, "from": end.identity, "nonce": nonce, "codecs": end.codecs}
    stream.send(greeting(WELCOME, **welcome, **fields, have=have))
    if key is not None:
        proof = await stream.receiveGreeting(PROOF)
        if not isProof(proof.get("proof"), proofOf(key, "writer", end.name, theirs, nonce)):
            raise linkError("the key is wrong")
    if _mayBegin(end, hello):  # only now: the peer has proved that it is the writer
        ended = hello.get("ended")
        end.begin(position, str(ended) if ended is not None and position else None)
        end.changed()
    stream.isLasting = stream.keepsWhatIsSent(hello.get("at"))
    stream.endGreetings()
    return hello


def _mayBegin(end: ReaderEnd, hello: dict[str, Any]) -> bool:
    """Return whether this reader is new, so that it begins where the writer is."""
    return not end.incoming.hasBegun and hello.get("role") == "writer"


def _positionOf(hello: dict[str, Any]) -> int:
    """Return how many messages the writer knows to be done. Raise linkError."""
    confirmed = hello.get("confirmed")
    if confirmed is None:
        return 0
    if type(confirmed) is not int or not 0 <= confirmed < 1 << 63:
        raise linkError(f"{confirmed!r} is no number of messages")
    return confirmed


async def readFrom(stream: Stream, end: ReaderEnd) -> None:
    """Carry frames to `end` until the connection breaks (OSError), or `end` is over."""
    end.toConfirm.set()
    with _confirmAtOnce(stream, end):
        await firstOf(_receiveFrames(stream, end), _sendConfirmations(stream, end))


@contextmanager
def _confirmAtOnce(stream: Stream, end: ReaderEnd) -> Iterator[None]:
    """Let `end` confirm messages within its turns, if the connection keeps what is sent."""

    def confirm(number: int) -> bool:
        return stream.sendAtOnce(Frame(CONFIRM, number, KNOWN, b"").encoded())

    if stream.isLasting:
        end.confirmAtOnce = confirm
    try:
        yield
    finally:
        if end.confirmAtOnce is confirm:  # a new connection may have taken its place
            end.confirmAtOnce = cannotConfirmAtOnce


async def sayGoodbye(stream: Stream, end: ReaderEnd) -> None:
    """Tell the writer that it may leave."""
    stream.send(Frame(GOODBYE, end.settled, 0, b"").encoded())
    await stream.drain()


async def _receiveFrames(stream: Stream, end: ReaderEnd) -> None:
    incoming = end.incoming
    codecs: dict[bytes, Codec] = {}
    while True:
        for frame in await stream.receive():
            if frame.kind == DATA:
                name = frame.payload[:CODEC]
                if name not in codecs:
                    codecs[name] = end.codec(name.decode("ascii", "replace").strip())
                incoming.accept(frame, codecs[name], CODEC)
            elif frame.kind == END:
                incoming.accept(frame, end.codec(end.codecs[0]))
            elif frame.kind == CONFIRM:
                end.settle(frame.last)
                if end.isSettledToTheEnd():
                    await end.over.wait()
                    return
            else:
                raise linkError(f"{stream.peer} sent a frame {frame.kind!r} to a reader")
        end.changed()
        await end.waitForRoom()


async def _sendConfirmations(stream: Stream, end: ReaderEnd) -> None:
    incoming = end.incoming
    isFirst = True  # of this connection: the writer may not have received those before
    while True:
        await end.toConfirm.wait()
        end.toConfirm.clear()
        if incoming.hasBegun and (isFirst or end.confirmable > end.secured):
            isFirst = False
            stream.send(Frame(CONFIRM, end.confirmable, 0, b"").encoded())
            await stream.drain()
        if end.over.is_set():
            if end.incoming.endKind is not None and not end.isSettledToTheEnd():
                await asyncio.sleep(FAREWELL)  # the writer may have to connect again to learn it
            return
