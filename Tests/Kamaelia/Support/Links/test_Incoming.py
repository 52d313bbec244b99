"""The reader's side: repeats, gaps, and which message is done."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from Kamaelia.Support.Links.Codecs import JSONCodec
from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Support.Links.Frames import DATA, END, Frame
from Kamaelia.Support.Links.Incoming import Incoming

CODEC = JSONCodec()


def data(last, *messages):
    payload = CODEC.join([CODEC.encode(each) for each in messages])
    return Frame(DATA, last, len(messages), payload)


def incoming(*frames, position=0):
    made = Incoming()
    made.begin(position)
    for frame in frames:
        made.accept(frame, CODEC)
    return made


def handed(made):
    return made.hand(100)


def test_messages_are_handed_out_once_whatever_is_repeated():
    made = incoming(data(2, "a", "b"), data(1, "a"), data(2, "a", "b"), data(3, "b", "c"))
    assert handed(made) == ["a", "b", "c"]


def test_a_new_reader_begins_within_a_frame():
    assert handed(incoming(data(12, "k", "l", "m"), position=10)) == ["l", "m"]


def test_a_gap_in_the_numbers_is_an_error():
    with pytest.raises(linkError, match="message 4 follows message 2"):
        incoming(data(2, "a", "b"), data(4, "d"))


def test_the_end_is_reached_when_every_message_before_it_is_done():
    made = incoming(data(2, "a", "b"), Frame(END, 3, 1, b"finished"))
    handed(made)
    made.markDone(1)
    assert not made.isAtEnd()
    made.markDone(1)
    assert made.isAtEnd()
    made.finish()
    assert made.done == 3


def test_a_message_after_the_end_is_an_error():
    with pytest.raises(linkError, match="follows the end, which is number 1"):
        incoming(Frame(END, 1, 1, b"finished"), data(2, "a"))


def test_more_messages_than_were_handed_out_cannot_be_done():
    made = incoming(data(2, "a", "b"))
    made.hand(1)
    with pytest.raises(linkError, match="only 1"):
        made.markDone(2)


@given(some.lists(some.tuples(some.integers(0, 30), some.integers(1, 6)), max_size=30))
def test_whatever_numbers_arrive_messages_are_consecutive_or_an_error(frames):
    """Numbers that go back are repeats; those that leave some out are an error."""
    made = incoming()
    for last, count in frames:
        before = made.last
        try:
            made.accept(data(last, *range(last - count + 1, last + 1)), CODEC)
        except linkError:
            assert last - count > before
            assert made.last == before
    assert handed(made) == list(range(1, made.last + 1))
