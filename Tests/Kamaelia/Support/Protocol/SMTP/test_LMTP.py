"""Many replies after the dot, and one for the client: no recipient is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.SMTP.LMTP import notTo, outcomeOf
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

YES = Reply(250, "2.0.0 yes")
LATER = Reply(452, "4.2.2 full")
NEVER = Reply(550, "5.1.1 nobody")


def outcome(*replies):
    return outcomeOf([(f"<{number}@d.example>", reply) for number, reply in enumerate(replies)])


@pytest.mark.parametrize(
    ("replies", "reply", "refused"),
    [
        ([YES], YES, []),
        ([YES, Reply(250, "2.0.0 me too")], YES, []),
        ([NEVER], NEVER, []),
        ([NEVER, Reply(551, "5.1.6 moved")], NEVER, []),
        ([LATER, NEVER], LATER, []),
        ([NEVER, LATER], LATER, []),
        ([YES, LATER], LATER, []),
        ([YES, NEVER, LATER], LATER, []),
        ([YES, NEVER], YES, [("<1@d.example>", NEVER)]),
        ([NEVER, YES, NEVER], YES, [("<0@d.example>", NEVER), ("<2@d.example>", NEVER)]),
    ],
)
def test_one_answer_is_made_of_many(replies, reply, refused):
    assert outcome(*replies)[:2] == (reply, refused)


@given(st.lists(st.sampled_from([YES, LATER, NEVER]), min_size=1))
def test_no_recipient_is_left_out_and_possible_duplicates_are_noted(replies):
    reply, refused, isMixed = outcome(*replies)
    if reply.isPositive:  # each recipient without the mail is reported
        assert len(refused) == len([each for each in replies if not each.isPositive])
        assert all(each.isForGood for _, each in refused)
    assert isMixed == (YES in replies and LATER in replies)
    if reply.isForGood:
        assert YES not in replies
        assert LATER not in replies


def test_an_outcome_without_answers_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        outcome()


def test_the_reply_names_the_refused_recipients_where_no_report_can_be_sent():
    reply = notTo([("<b@d.example>", Reply(550, "5.1.1 no\nsuch user")), ("<c@d.example>", NEVER)])
    assert reply.code == 554
    assert reply.text.split("\n")[1:] == [
        "<b@d.example>: 550 5.1.1 no",
        "<b@d.example>: 550 such user",
        "<c@d.example>: 550 5.1.1 nobody",
    ]
    assert len(notTo([("<b@d.example>", NEVER)] * 1000).text.split("\n")) == 21
