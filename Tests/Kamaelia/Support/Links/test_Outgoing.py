"""The writer's side: numbers, what is sent again, and the limits."""

import pytest

from Kamaelia.Support.Links.Codecs import JSONCodec, MsgpackCodec
from Kamaelia.Support.Links.Errors import linkError, notEncodable
from Kamaelia.Support.Links.Frames import DATA, END
from Kamaelia.Support.Links.Outgoing import Outgoing


def outgoing(messages=(), begin=0, **options):
    made = Outgoing(JSONCodec(), **options)
    for message in messages:
        made.put(message)
    if begin is not None:
        made.begin(begin)
    return made


def shape(frames):
    return [(frame.kind, frame.last, frame.messages) for frame in frames]


def test_messages_are_numbered_and_share_frames():
    made = outgoing("abcde", frame=2)
    made.finish("finished")
    assert shape(made.take()) == [(DATA, 2, 2), (DATA, 4, 2), (DATA, 5, 1), (END, 6, 1)]
    assert made.take() == []
    assert not made.hasFrames()


def test_nothing_has_a_number_before_the_position_of_the_link_is_known():
    made = outgoing("ab", begin=None)
    assert not made.hasFrames()
    made.resume(10)
    assert shape(made.take()) == [(DATA, 12, 2)]


def test_what_the_link_lacks_is_sent_again_after_each_new_connection():
    made = outgoing("abcd", frame=2)
    first = made.take()
    made.confirm(2)
    made.resume(2)
    assert made.take() == first[1:]
    made.resume(0)  # the engine has lost its data
    assert made.take() == first[1:]
    made.resume(4)
    assert made.take() == []


def test_a_link_with_more_messages_than_were_sent_has_another_writer():
    made = outgoing("ab")
    made.take()
    with pytest.raises(linkError, match="another writer"):
        made.resume(3)


@pytest.mark.parametrize(("limits", "full"), [({"window": 3}, 3), ({"windowBytes": 9}, 3)])
def test_the_window_is_full_and_has_room_again_when_half_of_it_is_confirmed(limits, full):
    made = outgoing(**limits)
    assert [made.put("x") for _ in range(full)] == [False] * (full - 1) + [True]
    made.take()
    assert not made.hasRoom()
    made.confirm(full)
    assert made.hasRoom()


def test_what_is_done_is_counted_from_where_this_writer_began():
    made = outgoing("abc", begin=100, frame=1)
    made.take()
    made.confirm(102)
    assert (made.accepted(), made.done()) == (3, 2)
    made.confirm(101)  # an old confirmation
    assert made.done() == 2


def test_a_source_with_a_position_sends_again_what_was_not_done():
    made = outgoing("cdef", begin=4, position=2, frame=1)  # the link has "d", which may get lost
    assert shape(made.take()) == [(DATA, 3, 1), (DATA, 4, 1), (DATA, 5, 1), (DATA, 6, 1)]
    made.confirm(6)
    assert made.done() == 4


def test_what_the_far_end_confirms_of_an_earlier_writer_is_not_sent_again():
    made = outgoing("c", begin=4, position=2, frame=1)
    made.take()
    made.confirm(4)
    made.put("d")
    made.put("e")
    assert [frame.payload for frame in made.take()] == [b'["e"]']
    assert made.done() == 2


def test_the_end_is_done_last():
    made = outgoing("a")
    made.finish("shutdown")
    (data, end) = made.take()
    made.confirm(data.last)
    assert not made.isDone()
    made.confirm(end.last)
    assert made.isDone()
    assert made.done() == 1


def test_a_confirmation_of_what_was_never_sent_is_an_error():
    made = outgoing("a")
    made.take()
    with pytest.raises(linkError, match="confirms message 2"):
        made.confirm(2)


def test_a_message_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr("Kamaelia.Support.Links.Outgoing.LARGEST", 100)
    with pytest.raises(notEncodable, match="exceeds 100"):
        outgoing(["x" * 99])


def test_everything_is_encoded_again_for_an_end_with_another_codec():
    made = Outgoing(MsgpackCodec(), frame=1)
    made.put((1, b"2"))
    made.begin(0)
    made.take()
    made.put("later")
    made.useCodec(JSONCodec())
    made.resume(0)
    payloads = [frame.payload for frame in made.take()]
    assert [JSONCodec().split(each, 1) for each in payloads] == [[(1, b"2")], ["later"]]
