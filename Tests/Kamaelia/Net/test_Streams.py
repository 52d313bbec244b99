"""Frames over a stream of bytes: pieces, strangers, and the greetings."""

import asyncio
import json
import socket

import pytest

from Axon.Component import component
from Kamaelia.Net.Ends import LinkEnd, WriterEnd
from Kamaelia.Net.Streams import VERSION, Stream, greet, refusalOf, writeTo
from Kamaelia.Support.Links.Codecs import codecNamed
from Kamaelia.Support.Links.Errors import linkError, linkTakenOver
from Kamaelia.Support.Links.Frames import (
    CONFIRM,
    DATA,
    KNOWN,
    REFUSAL,
    WELCOME,
    Frame,
    FrameDecoder,
    greeting,
)
from Kamaelia.Support.Links.Keys import proofOf
from Kamaelia.Support.Links.Outgoing import Outgoing


def withStream(use):
    """Run use(stream, peer): a stream, and the socket at its far end."""

    async def run():
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=ours)
            stream = Stream(reader, writer)
            try:
                return await use(stream, theirs)
            finally:
                await stream.finish()

    return asyncio.run(run())


FRAMES = [Frame(DATA, 3, 3, b"abc"), Frame(CONFIRM, 9, 0, b""), Frame(DATA, 5, 2, b"de")]
BYTES = b"".join(frame.encoded() for frame in FRAMES)


@pytest.mark.parametrize("size", [1, 7, 17, 20, 1000])
def test_frames_do_not_depend_on_how_the_network_cuts_them(size):
    async def use(stream, peer):
        got = []
        loop = asyncio.get_running_loop()

        async def send():
            for at in range(0, len(BYTES), size):
                await loop.sock_sendall(peer, BYTES[at : at + size])

        sending = asyncio.ensure_future(send())
        while len(got) < len(FRAMES):
            got += await stream.receive()
        await sending
        return got

    assert withStream(use) == FRAMES


def test_one_frame_is_taken_and_the_next_ones_wait():
    """What follows a greeting may be larger than is allowed before it."""

    async def use(stream, peer):
        large = Frame(DATA, 1, 1, b"x" * 10_000)
        await asyncio.get_running_loop().sock_sendall(peer, FRAMES[1].encoded() + large.encoded())
        first = await stream.receiveOne()
        stream.endGreetings()
        return [first, *await stream.receive()]

    assert [frame.kind for frame in withStream(use)] == [CONFIRM, DATA]


def test_before_the_greetings_are_over_a_large_frame_is_refused():
    async def use(stream, peer):
        large = Frame(DATA, 1, 1, b"x" * 10_000)
        await asyncio.get_running_loop().sock_sendall(peer, large.encoded())
        await stream.receive()

    with pytest.raises(linkError, match="the other process sent what is no frame of a link"):
        withStream(use)


def test_the_end_of_the_connection_is_a_lost_connection():
    async def use(stream, peer):
        peer.sendall(BYTES[:10])
        peer.shutdown(socket.SHUT_WR)
        await stream.receive()

    with pytest.raises(ConnectionResetError, match="has closed the connection"):
        withStream(use)


def test_a_refusal_tells_the_peer_the_reason_before_the_connection_is_closed():
    async def use(stream, peer):
        stream.refuse("another one writes now", "linkTakenOver")
        loop = asyncio.get_running_loop()
        data = b""
        while part := await loop.sock_recv(peer, 4096):
            data += part
        return list(FrameDecoder().feed(data))

    (frame,) = withStream(use)
    error = refusalOf(frame, "b:4000")
    assert type(error) is linkTakenOver
    assert str(error) == "b:4000 refuses the link: another one writes now"
    plain = Frame(REFUSAL, 0, 0, json.dumps({"reason": "no"}).encode())
    assert type(refusalOf(plain, "b:4000")) is linkError


def greeted(answer, key=None):
    """Greet a peer that answers with `answer(hello)`; return what greet() returns."""

    async def use(stream, peer):
        loop = asyncio.get_running_loop()

        async def respond():
            (hello,) = FrameDecoder().feed(await loop.sock_recv(peer, 4096))
            await loop.sock_sendall(peer, answer(hello.fields()))

        responding = asyncio.ensure_future(respond())
        try:
            return await greet(stream, LinkEnd(component(), "link", None), key, {"role": "writer"})
        finally:
            await responding

    return withStream(use)


def welcome(hello, **fields):
    return greeting(WELCOME, **{"version": VERSION, "nonce": "n", "have": 3, **fields})


def test_a_welcome_is_returned():
    assert greeted(welcome)["have"] == 3


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda hello: welcome(hello, version=99), "speaks version 99 of links"),
        (lambda _: greeting(REFUSAL, reason="not you"), "refuses the link: not you"),
        (lambda _: Frame(CONFIRM, 1, 0, b"").encoded(), "sent a frame b'C' in place of b'W'"),
        (lambda _: Frame(WELCOME, 0, 0, b"[]").encoded(), "a greeting is not an object"),
    ],
    ids=["version", "refusal", "kind", "list"],
)
def test_another_answer_is_an_error_that_says_what_it_was(answer, sentence):
    with pytest.raises(linkError, match=sentence):
        greeted(answer)


@pytest.mark.parametrize("known", ["secret", "other", None])
def test_with_a_key_only_a_reader_that_knows_it_is_believed(known):
    def answer(hello):
        if known is None:
            return welcome(hello)
        return welcome(hello, proof=proofOf(known, "reader", "link", hello["nonce"], "n"))

    if known == "secret":
        assert greeted(answer, "secret")["have"] == 3
    else:
        with pytest.raises(linkError, match="has another key, or none"):
            greeted(answer, "secret")


@pytest.mark.parametrize(("messages", "echoes"), [(0, [1, 2]), (KNOWN, [2])])
def test_a_writer_echoes_a_confirmation_unless_it_need_not(messages, echoes):
    async def use(stream, peer):
        outgoing = Outgoing(codecNamed("json"))
        end = WriterEnd(component(), "link", None, outgoing)
        for number in (1, 2, 3):
            outgoing.put(number)
        writing = asyncio.ensure_future(writeTo(stream, end, None))
        loop, decoder, found = asyncio.get_running_loop(), FrameDecoder(), []

        async def confirm(number, messages):
            await loop.sock_sendall(peer, Frame(CONFIRM, number, messages, b"").encoded())
            while outgoing.confirmed < number:
                await asyncio.sleep(0)

        await loop.sock_sendall(peer, greeting(WELCOME, version=VERSION, have=0, codecs=["json"]))
        while not outgoing.last or outgoing.hasFrames():
            await asyncio.sleep(0)
        await confirm(1, messages)
        await confirm(2, 0)
        while not found or found[-1] != 2:
            frames = decoder.feed(await loop.sock_recv(peer, 4096))
            found += [frame.last for frame in frames if frame.kind == CONFIRM]
        writing.cancel()
        return found

    assert withStream(use) == echoes
