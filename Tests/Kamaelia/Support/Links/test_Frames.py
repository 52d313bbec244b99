"""Frames: any division of the stream gives the same ones, and damage is an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Support.Links.Frames import (
    CONFIRM,
    DATA,
    END,
    HELLO,
    Frame,
    FrameDecoder,
    greeting,
)

FRAMES = [Frame(DATA, 3, 3, b"abc"), Frame(END, 4, 1, b"finished"), Frame(CONFIRM, 4, 0, b"")]


@pytest.mark.parametrize("size", [1, 2, 7, 18, 1000])
def test_frames_do_not_depend_on_how_the_network_divides_them(size):
    data = b"".join(frame.encoded() for frame in FRAMES)
    decoder = FrameDecoder(10)
    found = []
    for at in range(0, len(data), size):
        found += decoder.feed(data[at : at + size])
    assert found == FRAMES


@given(some.lists(some.binary(max_size=64), max_size=20))
def test_random_bytes_are_frames_or_an_error_and_memory_stays_bounded(pieces):
    decoder = FrameDecoder(100)
    try:
        for piece in pieces:
            for frame in decoder.feed(piece):
                assert len(frame.payload) <= 100
            assert len(decoder._data) <= 117 + 64
    except linkError:
        pass


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"\xff\xff\xff\xffD" + bytes(11) + b"\x01", "4294967295 bytes exceeds the limit of 100"),
        (b"\0\0\0\1Z" + bytes(12), "no frame of kind"),
        (b"\0\0\0\1D" + b"\0\0\0\0\0\0\0\1" + b"\0\0\0\2", "2 messages up to 1"),
        (b"\0\0\0\1D" + b"\0\0\0\0\0\0\0\7" + b"\0\0\0\2", "1 byte cannot have 2 messages"),
    ],
)
def test_a_wrong_header_is_an_error_before_anything_is_stored(header, reason):
    with pytest.raises(linkError, match=reason):
        list(FrameDecoder(100).feed(header))


def test_a_greeting_is_a_json_object():
    (frame,) = FrameDecoder().feed(greeting(HELLO, link="lines"))
    assert frame.fields() == {"link": "lines"}
    for payload in (b"[1]", b"{", b"\xff"):
        with pytest.raises(linkError, match="greeting"):
            Frame(HELLO, 0, 0, payload).fields()
