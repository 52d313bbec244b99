"""What the client hears in replay, from what the real server says."""

import pytest

from Kamaelia.Support.Protocol.SMTP.ReplayOutcome import needsOf, refusalFor, verdictOn
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

OK = Reply(250, "2.1.5 ok")
LATER = Reply(450, "4.2.0 later")
FULL = Reply(452, "4.2.2 full")
NEVER = Reply(550, "5.1.1 nobody")
GONE = Reply(551, "5.1.6 gone")


@pytest.mark.parametrize(
    ("replies", "heard", "reported"),
    [
        ([OK], None, []),
        ([OK, OK], None, []),
        ([NEVER], NEVER, []),
        ([LATER], LATER, []),
        ([NEVER, GONE], NEVER, []),
        ([LATER, FULL], LATER, []),
        ([NEVER, LATER], LATER, []),
        ([OK, LATER], Reply(451, "4.2.0 later"), []),
        ([FULL, OK, NEVER], Reply(451, "4.2.2 full"), []),
        ([OK, NEVER], None, [("<1>", NEVER)]),
        ([GONE, OK, NEVER], None, [("<0>", GONE), ("<2>", NEVER)]),
    ],
)
def test_the_answers_to_all_recipients_make_one(replies, heard, reported):
    verdict = verdictOn([(f"<{i}>", reply) for i, reply in enumerate(replies)])
    assert verdict == (heard, reported)


def test_a_verdict_without_recipients_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        verdictOn([])


@pytest.mark.parametrize(
    ("parameters", "offered", "refused"),
    [
        ([], {}, None),
        ([("SIZE", "5"), ("BODY", "7BIT")], {}, None),
        ([("BODY", "8BITMIME")], {"8BITMIME": ""}, None),
        ([("BODY", "8BITMIME")], {"SIZE": ""}, b"554 5.6.3 "),
        ([("SMTPUTF8", "")], {}, b"554 5.6.7 "),
        ([("SMTPUTF8", ""), ("BODY", "8BITMIME")], {"SMTPUTF8": "", "8BITMIME": ""}, None),
        ([("RET", "HDRS")], {}, b"554 5.6.0 "),
        ([("NOTIFY", "NEVER")], {"DSN": ""}, None),
    ],
)
def test_a_mail_that_needs_what_is_not_offered_is_refused(parameters, offered, refused):
    reply = refusalFor(needsOf(parameters), offered)
    assert reply is None if refused is None else reply.wire.startswith(refused)
