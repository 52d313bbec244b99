"""Both sides of a WebSocket on bytes: messages, parts, control frames, limits and violations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import CLIENT, SERVER, Connection
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

from Kamaelia.Support.Protocol.WebSocket.MessagePeer import (
    MANY_FRAMES,
    Closed,
    MessagePeer,
    Pong,
)
from Kamaelia.Support.Protocol.WebSocket.PlainFrames import (
    LONGEST,
    masked,
    maskedInPython,
    plainFrame,
)

messages = st.one_of(st.text(max_size=300), st.binary(max_size=300))
masks = st.binary(min_size=4, max_size=4)
KEY = b"\x01\x02\x03\x04"


def frame(first, body, isMasked=True):
    """Return a frame of a client, whatever it is worth."""
    length = len(body)
    mask = 0x80 if isMasked else 0
    if length < 126:
        head = bytes([first, mask | length])
    else:
        head = bytes([first, mask | 127]) + length.to_bytes(8, "big")
        if length < 1 << 16:
            head = bytes([first, mask | 126]) + length.to_bytes(2, "big")
    return head + (KEY + masked(body, KEY) if isMasked else body)


def pieces(data, cuts):
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False) if a < b]


def received(peer, data, cuts=()):
    events = []
    for piece in pieces(data, cuts):
        whole = peer.receiveWhole(piece)
        events += peer.receive(piece) if whole is None else [whole]
    return [each for each in events if each is not None]


@pytest.mark.parametrize("isClient", [True, False])
@given(sent=st.lists(messages, max_size=5), cuts=st.lists(st.integers(0, 2000), max_size=5))
def test_messages_arrive_in_order_however_they_are_cut(isClient, sent, cuts):
    sender, receiver = MessagePeer(isClient), MessagePeer(not isClient)
    data = b"".join(sender.message(each) for each in sent)
    assert received(receiver, data, cuts) == sent


@given(sent=st.lists(messages, max_size=3), data=st.data())
def test_parts_of_a_message_are_joined_and_pings_between_them_are_answered(sent, data):
    client, server = Connection(CLIENT), MessagePeer(False)
    wire, pings = b"", 0
    for each in sent:
        parts = pieces(each, data.draw(st.lists(st.integers(0, 300), max_size=4))) or [each]
        kind = TextMessage if isinstance(each, str) else BytesMessage
        for part in parts:
            wire += client.send(kind(part, message_finished=part is parts[-1]))
            wire += client.send(Ping(b"p"))
            pings += 1
    assert received(server, wire, data.draw(st.lists(st.integers(0, 900), max_size=5))) == sent
    assert server.takeReplies() == b"\x8a\x01p" * pings


def test_the_caller_may_do_other_work_between_many_small_frames():
    part = b"\x00\x80\0\0\0\0"  # the middle of a message, empty
    wire = b"\x01\x81\0\0\0\0a" + part * (3 * MANY_FRAMES) + b"\x80\x81\0\0\0\0b"
    assert list(MessagePeer(False).receive(wire)) == [None, None, None, "ab"]


@given(st.lists(messages, max_size=5), st.booleans())
def test_one_message_in_one_piece_is_taken_directly(sent, isClient):
    sender, receiver = MessagePeer(isClient), MessagePeer(not isClient)
    assert [receiver.receiveWhole(sender.message(each)) for each in sent] == sent


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, LONGEST + 1, 1_000_000])
def test_messages_of_any_length_are_understood_by_both_sides_of_wsproto(size):
    for kind, isClient in ((CLIENT, False), (SERVER, True)):
        other = Connection(kind)
        other.receive_data(plainFrame(bytes(size), isClient))
        assert b"".join(event.data for event in other.events()) == bytes(size)
        own = other.send(BytesMessage(bytes(size)))
        assert received(MessagePeer(isClient), bytes(own)) == [bytes(size)]


@pytest.mark.parametrize("mask", [masked, maskedInPython], ids=["installed", "Python"])
@given(body=st.binary(max_size=200) | st.binary(min_size=500, max_size=600), key=masks)
def test_a_mask_is_its_own_inverse(mask, body, key):
    assert mask(mask(body, key), key) == body
    assert mask(body, key) == bytes(b ^ key[i % 4] for i, b in enumerate(body))


@pytest.mark.skipif(masked is maskedInPython, reason="there is no compiled mask")
def test_the_compiled_mask_refuses_what_is_no_mask():
    with pytest.raises(ValueError, match="4 bytes, not 3"):
        masked(b"text", b"key")
    for body, key in ((None, b"keys"), ("text", b"keys"), (b"text", None)):
        with pytest.raises(TypeError):
            masked(body, key)


# The close


@pytest.mark.parametrize("cuts", [(), range(1, 40)])
def test_a_close_is_answered_with_the_same_code(cuts):
    client, server = MessagePeer(True), MessagePeer(False)
    assert received(server, client.close(1001, "bye"), cuts) == [Closed(1001, "bye")]
    assert not server.isOpen()
    assert received(client, server.takeReplies()) == [Closed(1001, "bye")]
    assert server.message("late") == b""
    assert server.close() == b""
    assert server.ping() == b""


def test_a_close_without_a_code_is_answered_without_one():
    server = MessagePeer(False)
    assert received(server, frame(0x88, b"")) == [Closed(1005, "")]
    assert server.takeReplies() == b"\x88\x00"


def test_what_arrives_after_the_own_close_is_discarded():
    client, server = MessagePeer(True), MessagePeer(False)
    server.close(1000)
    late = client.message("late") + frame(0x01, b"la") + frame(0x80, b"te") + client.close(1000)
    assert received(server, late) == [Closed(1000, "")]
    assert server.takeReplies() == b""


def test_the_loss_of_the_connection_is_the_code_1006():
    server = MessagePeer(False)
    assert list(server.receive(b"")) == [Closed(1006, "the connection was lost")]
    assert list(server.receive(b"more")) == []


def test_a_pong_is_reported():
    client, server = MessagePeer(True), MessagePeer(False)
    received(client, server.ping(b"x"))
    assert received(server, client.takeReplies()) == [Pong(b"x")]


# Violations

VIOLATIONS = {
    "not masked": (frame(0x81, b"hi", isMasked=False), 1002),
    "reserved bit": (frame(0xC1, b"hi"), 1002),
    "reserved opcode": (frame(0x83, b"hi"), 1002),
    "control in parts": (frame(0x09, b"hi"), 1002),
    "long control": (frame(0x89, bytes(126)), 1002),
    "part without a beginning": (frame(0x80, b"hi"), 1002),
    "second beginning": (frame(0x01, b"a") + frame(0x81, b"b"), 1002),
    "length in too many bytes": (b"\x81\xfe\x00\x05" + KEY + bytes(5), 1002),
    "length with a sign": (b"\x82\xff\xff" + bytes(7) + KEY, 1002),
    "no UTF-8": (frame(0x81, b"\xff"), 1007),
    "no UTF-8 across parts": (frame(0x01, b"\xc3") + frame(0x80, b"("), 1007),
    "half a character": (frame(0x81, b"\xc3"), 1007),
    "surrogate": (frame(0x81, b"\xed\xa0\x80"), 1007),
    "close with one byte": (frame(0x88, b"\x03"), 1002),
    "close with a wrong code": (frame(0x88, b"\x03\xec"), 1002),
    "close with text that is no UTF-8": (frame(0x88, b"\x03\xe8\xff"), 1007),
}


@pytest.mark.parametrize("name", VIOLATIONS)
@pytest.mark.parametrize("cuts", [(), range(1, 200)], ids=["whole", "byte by byte"])
def test_a_violation_ends_the_connection_with_its_code(name, cuts):
    data, code = VIOLATIONS[name]
    server = MessagePeer(False)
    before = MessagePeer(True).message("before")
    first, closed = received(server, before + data + before, cuts)
    assert first == "before"
    assert closed.code == code
    reply = server.takeReplies()
    assert reply[0] == 0x88
    assert int.from_bytes(reply[2:4], "big") == code


def test_a_client_refuses_a_mask():
    (closed,) = received(MessagePeer(True), frame(0x81, b"hi"))
    assert closed.code == 1002


@given(st.binary(max_size=200), st.booleans())
def test_garbage_never_raises(data, isClient):
    peer = MessagePeer(isClient, mostBytes=100)
    for event in received(peer, data + data, range(0, 400, 7)):
        assert isinstance(event, str | bytes | Pong | Closed)
    peer.takeReplies()


# Limits


@pytest.mark.parametrize(
    "data",
    [
        frame(0x82, bytes(101)),
        frame(0x81, "ü".encode() * 51),
        frame(0x82, bytes(100_000)),
        frame(0x02, bytes(60)) + frame(0x80, bytes(60)),
        frame(0x01, b"a" * 60) + frame(0x00, b"a" * 60),
        b"\x82\xff" + (100 * 1024 * 1024).to_bytes(8, "big") + KEY + bytes(200),
    ],
    ids=["binary", "text", "long frame", "two parts", "unfinished", "announced"],
)
def test_a_message_over_the_limit_is_refused(data):
    server = MessagePeer(False, mostBytes=100)
    (closed,) = received(server, data)
    assert closed == Closed(1009, "a message has more than 100 bytes")
    assert server.takeReplies()[2:4] == (1009).to_bytes(2, "big")


@pytest.mark.parametrize("message", ["a" * 100, "ü" * 50, bytes(100), "", b""])
def test_a_message_at_the_limit_passes(message):
    client, server = MessagePeer(True), MessagePeer(False, mostBytes=100)
    assert received(server, client.message(message)) == [message]


def test_many_empty_or_tiny_parts_need_little_memory():
    server = MessagePeer(False)
    data = frame(0x01, b"") * 1 + frame(0x00, b"") * 5000 + frame(0x00, b"x") * 5000
    assert received(server, data) == []
    assert len(server._parts) <= 256
    assert received(server, frame(0x80, b"")) == ["x" * 5000]
    assert received(server, frame(0x82, b"next")) == [b"next"]


def test_a_connection_that_ends_with_a_close_of_wsproto_is_understood():
    client, server = Connection(CLIENT), MessagePeer(False)
    assert received(server, bytes(client.send(CloseConnection(4000, "own")))) == [
        Closed(4000, "own")
    ]
