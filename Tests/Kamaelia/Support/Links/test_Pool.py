"""The share of one reader of a pool."""

from Kamaelia.Support.Links.Pool import Share


def share(*entries):
    made = Share()
    for entry in entries:
        made.acceptEntry(entry, f"message {entry}")
    return made


def test_an_entry_that_is_here_already_is_no_second_message():
    made = share("3-0", "7-0", "3-0")
    assert made.hand(9) == ["message 3-0", "message 7-0"]
    assert made.held() == 2


def test_entries_are_confirmed_in_the_order_in_which_they_were_done():
    made = share("3-0", "7-0", "9-0")
    made.hand(3)
    made.markDone(2)
    assert made.toConfirm(made.done) == ["3-0", "7-0"]
    assert made.toConfirm(made.done) == ["3-0", "7-0"]  # the answer was lost
    made.forget(2)
    assert made.toConfirm(made.done) == []
    assert made.held() == 1


def test_an_entry_that_comes_back_after_it_was_done_is_a_message_again():
    made = share("3-0")
    made.hand(1)
    made.markDone(1)
    made.forget(1)
    made.acceptEntry("3-0", "again")
    assert made.hand(1) == ["again"]


def test_the_end_is_reached_when_all_messages_here_are_done():
    made = share("3-0")
    made.hand(1)
    made.endWith("finished")
    assert not made.isAtEnd()
    made.markDone(1)
    assert made.isAtEnd()
    made.endWith("finished")
    made.finish()
    assert made.done == made.last == 2
