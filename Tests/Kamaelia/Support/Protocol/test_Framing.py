from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.Framing import (
    ChunkCutter,
    CorruptFrame,
    IncompleteChunk,
    ShortFrame,
    SimpleFrame,
    checkedSyncMessage,
    decodeChunk,
    encodeChunk,
)

TAGS = st.one_of(st.integers(0, 2**80), st.text(st.characters(categories=["L", "P"]), min_size=1))
SYNCS = st.sampled_from(["XXXXXXXX", "X", "aXa", "abXab", "%X%", "sync", "\n\n"])


def messagesOf(results):
    return [each for each in results if not isinstance(each, IncompleteChunk)]


@given(TAGS, st.binary())
def test_a_frame_returns_its_tag_and_data(tag, data):
    assert SimpleFrame.fromString(bytes(SimpleFrame(tag, data))) == (tag, data)


@given(TAGS, st.text())
def test_a_frame_of_text_may_be_transported_as_text_or_as_bytes(tag, data):
    frame = SimpleFrame(tag, data)
    assert SimpleFrame.fromString(str(frame)) == (tag, data)
    assert SimpleFrame.fromString(bytes(frame)) == (tag, data.encode())
    assert str(frame).encode() == bytes(frame)


def test_the_format_of_a_frame():
    assert bytes(SimpleFrame(7, b"data\n")) == b"7 5\ndata\n"


@pytest.mark.parametrize("tag", ["", "two words", "line\n", " 1"])
def test_a_tag_that_is_not_one_word_is_an_error(tag):
    with pytest.raises(ValueError, match="must be one word"):
        SimpleFrame(tag, b"")


@given(st.binary(min_size=1), st.data())
def test_a_frame_that_is_cut_short_is_found(data, draw):
    frame = bytes(SimpleFrame(1, data))
    cut = draw.draw(st.integers(0, len(frame) - 1))
    with pytest.raises((ShortFrame, CorruptFrame)):
        SimpleFrame.fromString(frame[:cut])


def test_data_after_the_end_of_a_frame_is_discarded_or_an_error():
    assert SimpleFrame.fromString(b"1 2\nabcd") == (1, b"ab")
    with pytest.raises(CorruptFrame, match="2 bytes were announced, but 4 are there"):
        SimpleFrame.fromString(b"1 2\nabcd", isExact=True)


@pytest.mark.parametrize(
    "frame",
    [b"", b"\n", b"1\nx", b"1 x\nx", b"1 -1\nx", b"1 2 3\nx", b"a" * 9999, b"1 1" + b"0" * 99],
)
def test_data_without_a_header_is_corrupt(frame):
    with pytest.raises(CorruptFrame):
        SimpleFrame.fromString(frame)


@given(st.binary())
def test_any_data_is_a_frame_or_an_error(frame):
    with suppress(CorruptFrame, ShortFrame):
        assert len(SimpleFrame.fromString(frame)) == 2


@given(st.one_of(st.binary(), st.text()), SYNCS)
def test_a_chunk_returns_its_message(message, sync):
    assert decodeChunk(encodeChunk(message, sync), sync) == message


@given(st.lists(st.binary()), SYNCS, st.data())
def test_messages_do_not_depend_on_how_the_stream_is_cut(messages, sync, draw):
    stream = b"".join(encodeChunk(each, sync) for each in messages)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(stream)))))
    cutter = ChunkCutter(sync)
    results = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        results += cutter.feed(stream[start:end])
    assert results + cutter.flush() == messages


@given(st.lists(st.text()), SYNCS)
def test_a_stream_of_text_gives_messages_of_text(messages, sync):
    cutter = ChunkCutter(sync)
    results = cutter.feed("".join(encodeChunk(each, sync) for each in messages))
    assert results + cutter.flush() == messages


@given(st.binary(max_size=100), st.lists(st.binary(min_size=1, max_size=20), min_size=2))
def test_after_any_data_all_messages_but_the_first_are_found(garbage, messages):
    cutter = ChunkCutter("SYNC")
    results = cutter.feed(garbage + b"".join(encodeChunk(each, "SYNC") for each in messages))
    found = messagesOf(results + cutter.flush())
    assert found[-len(messages) + 1 :] == messages[1:]


@given(st.binary())
def test_any_data_is_a_stream(data):
    cutter = ChunkCutter("X")
    for each in cutter.feed(data) + cutter.flush():
        assert isinstance(each, bytes | IncompleteChunk)


def test_a_chunk_that_has_lost_its_beginning_is_reported():
    cutter = ChunkCutter("SYNC")
    whole = encodeChunk(b"whole", "SYNC")
    lost, found = cutter.feed(b"lost" + whole + b"SYNC")
    assert isinstance(lost, IncompleteChunk)
    assert found == b"whole"
    with pytest.raises(IncompleteChunk, match="does not begin"):
        decodeChunk(b"lost", "SYNC")
    with pytest.raises(IncompleteChunk, match="contains a part"):
        decodeChunk(b"SYNC" + b"YNC", "SYNC")


def test_memory_is_bounded_without_a_sync_message():
    cutter = ChunkCutter("SYNC")
    for _ in range(100):
        cutter.feed(b"x" * 1000)
    assert len(cutter.flush()) <= 1


def test_a_chunk_over_the_limit_is_discarded_and_the_next_one_is_found():
    cutter = ChunkCutter("SYNC", limit=100)
    results = []
    for _ in range(50):
        results += cutter.feed(b"x" * 10 if results or _ else b"SYNC")
    results += cutter.feed(encodeChunk(b"good", "SYNC") + b"SYNC")
    assert messagesOf(results) == [b"good"]
    assert any(isinstance(each, IncompleteChunk) for each in results)


@pytest.mark.parametrize("sync", ["", "%", "25", "abc", "é"])
def test_a_sync_message_that_may_occur_in_data_is_an_error(sync):
    with pytest.raises(ValueError, match=r"sync message|ascii"):
        checkedSyncMessage(sync)


@given(st.binary(min_size=1), st.binary())
def test_a_valid_sync_message_does_not_occur_in_a_message(sync, message):
    try:
        checkedSyncMessage(sync)
    except ValueError:
        assume(False)
    assert sync not in encodeChunk(message, sync)[len(sync) :]
