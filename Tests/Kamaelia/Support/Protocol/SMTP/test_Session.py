"""Each rule of the server's side of SMTP, said in bytes."""

import pytest

from Kamaelia.Support.Protocol.SMTP.ClientAttributes import ATTRIBUTES
from Kamaelia.Support.Protocol.SMTP.InputParser import TextEnded
from Kamaelia.Support.Protocol.SMTP.Session import COMMANDS, Session
from Kamaelia.Support.Protocol.SMTP.Settings import KNOWN_EXTENSIONS, Settings

ALL = frozenset(KNOWN_EXTENSIONS)
HELLO = [b"EHLO client.example"]
MAIL = [*HELLO, b"MAIL FROM:<s@example.org>"]
RCPT = [*MAIL, b"RCPT TO:<r@example.net>"]
DATA = [*RCPT, b"DATA"]


def opened(**settings):
    session = Session(Settings(servername="mx.example", **settings))
    session.greet("Thu, 1 Jan 2026 00:00:00 +0000")
    return session


def talk(session, lines):
    """The reply to the last of these lines; each one before it has to succeed."""
    for line in lines[:-1]:
        (reply,) = session.receive(line + b"\r\n")
        assert reply.isPositive, (line, reply)
    (reply,) = session.receive(lines[-1] + b"\r\n")
    return reply


def check(session, lines, code, status, closes):
    reply = talk(session, lines)
    assert (reply.code, reply.closes) == (code, closes), reply
    assert reply.text.startswith(status)
    assert session.breakConnection is closes
    if closes:
        assert session.receive(b"NOOP\r\n") == []


@pytest.mark.parametrize(
    ("lines", "code", "status", "closes"),
    [
        ([b"HELO client.example"], 250, "mx.example", False),
        ([b"EHLO client.example"], 250, "mx.example\n", False),
        ([b"helo client.example"], 250, "mx.example", False),
        ([b"eHlO client.example  "], 250, "mx.example\n", False),
        ([b"HELO"], 501, "5.5.4", True),
        ([b"EHLO"], 501, "5.5.4", True),
        ([b"HELO a b"], 501, "5.5.4", True),
        ([b"EHLO a b"], 501, "5.5.4", True),
        ([b"EHLO a\x07b"], 501, "5.5.4", True),
        ([b"HELO h\xc3\xa9"], 501, "5.5.4", True),
        ([b"MAIL FROM:<a@b.example>"], 503, "5.5.1", False),
        ([*MAIL, b"MAIL FROM:<a@b.example>"], 503, "5.5.1", False),
        ([*HELLO, b"MAIL FROM:<a@b.example>"], 250, "2.1.0", False),
        ([*HELLO, b"mail from:<a@b.example>"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM: <a@b.example>"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<>"], 250, "2.1.0", False),
        ([*HELLO, b'MAIL FROM:<"a  b"@c.example>'], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<@x.example,@y.example:a@b.example>"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<a@[IPv6:2001:db8::1]>"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL"], 501, "5.5.4", True),
        ([*HELLO, b"MAIL TO:<a@b.example>"], 501, "5.5.4", True),
        ([*HELLO, b"MAIL FROM"], 501, "5.5.4", True),
        ([*HELLO, b"MAIL FROM:"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:a@b.example"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<a@b.example"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<a@b.example>x"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<postmaster>"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<u@a@b>"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<a\t@b>"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<a\x7f@b>"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<a@b\x01>"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<@b>"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<a@>"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<" + 252 * b"a" + b"@b>"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<" + 253 * b"a" + b"@b>"], 501, "5.1.7 The path", True),
        ([*HELLO, b"MAIL FROM:<a@" + 125 * b"b." + b"cd>"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<a@" + 126 * b"b." + b"c>"], 501, "5.1.7 The path", True),
        ([*HELLO, b"MAIL FROM:<a..b@example.ne.jp>"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<user.@example.ne.jp>"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<u@example.com.>"], 250, "2.1.0", False),
        ([*HELLO, b'MAIL FROM:<""@example.com>'], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<a@b>\t"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<a@b> \t SIZE=1\t BODY=7BIT \t"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<>\tSIZE=1"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<a@b>\x0b"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<a@b> \x0bSIZE=1"], 501, "5.5.4", True),
        ([*HELLO, b"MAIL FROM:<a@b> \xc2\xa0SIZE=1"], 501, "5.5.4", True),
        ([*HELLO, b"MAIL FROM:<root>"], 501, "5.1.7", True),
        ([*HELLO, b'MAIL FROM:<"a@b>'], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<\xc3\xa9@b.example>"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<a@b> SIZE=33554432"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<a@b> SIZE=33554433"], 552, "5.3.4", False),
        ([*HELLO, b"MAIL FROM:<a@b> size=1 body=8bitmime"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<a@b> SIZE=x"], 501, "5.5.4", True),
        ([*HELLO, b"MAIL FROM:<a@b> SIZE=1 SIZE=1"], 501, "5.5.4", True),
        ([*HELLO, b"MAIL FROM:<a@b> AUTH=<>"], 555, "5.5.4", False),
        ([*HELLO, b"MAIL FROM:<a@b> SMTPUTF8"], 555, "5.5.4", False),
        ([*HELLO, b"MAIL FROM:<a@b> RET=FULL"], 555, "5.5.4", False),
        ([*HELLO, b"MAIL FROM:<a@b> X"], 555, "5.5.4", False),
        ([*HELLO, b"RCPT TO:<a@b.example>"], 503, "5.5.1", True),
        ([b"RCPT TO:<a@b.example>"], 503, "5.5.1", True),
        ([*MAIL, b"RCPT TO:<a@b.example>"], 250, "2.1.5", False),
        ([*MAIL, b"RCPT TO:<PostMaster>"], 250, "2.1.5", False),
        ([*MAIL, b"RCPT TO:<>"], 501, "5.1.3", False),
        ([*MAIL, b"RCPT"], 501, "5.5.4", True),
        ([*MAIL, b"RCPT FROM:<a@b>"], 501, "5.5.4", True),
        ([*MAIL, b"RCPT TO:<u@a@b>"], 501, "5.1.3", True),
        ([*MAIL, b"RCPT TO:<@b>"], 501, "5.1.3", True),
        ([*MAIL, b"RCPT TO:<a@>"], 501, "5.1.3", True),
        ([*MAIL, b"RCPT TO:<a\x1b@b>"], 501, "5.1.3", True),
        ([*MAIL, b"RCPT TO:<" + 252 * b"a" + b"@b>"], 250, "2.1.5", False),
        ([*MAIL, b"RCPT TO:<" + 253 * b"a" + b"@b>"], 501, "5.1.3 The path", True),
        ([*MAIL, b"RCPT TO:<a..b@c>"], 250, "2.1.5", False),
        ([*MAIL, b"RCPT TO:<a.@c.>"], 250, "2.1.5", False),
        ([*MAIL, b"RCPT TO:a@c"], 501, "5.1.3", True),
        ([*MAIL, b"RCPT TO:<root>"], 501, "5.1.3", True),
        ([*MAIL, b"RCPT TO:<a@b> NOTIFY=NEVER"], 555, "5.5.4", False),
        ([*MAIL, b"DATA"], 503, "5.5.1", True),
        ([b"DATA"], 503, "5.5.1", True),
        ([*RCPT, b"DATA now"], 501, "5.5.4", False),
        (DATA, 354, "", False),
        ([b"RSET"], 250, "2.0.0", False),
        ([b"NOOP"], 250, "2.0.0", False),
        ([b"NOOP anything at all"], 250, "2.0.0", False),
        ([b"VRFY"], 252, "2.5.2", False),
        ([b"VRFY someone"], 252, "2.5.2", False),
        ([b"QUIT"], 221, "2.0.0", True),
        ([b"qUiT"], 221, "2.0.0", True),
        ([b"HELP"], 500, "5.5.1", True),
        ([b"EXPN list"], 500, "5.5.1", True),
        ([b"STARTTLS"], 500, "5.5.1", True),
        ([b"AUTH PLAIN"], 500, "5.5.1", True),
        ([*HELLO, b"XCLIENT ADDR=127.0.0.1"], 500, "5.5.1", True),
        ([*HELLO, b"XFORWARD ADDR=127.0.0.1"], 500, "5.5.1", True),
        ([b"PROXY TCP4 127.0.0.1 127.0.0.1 1 25"], 500, "5.5.1", True),
        ([b"__init__"], 500, "5.5.1", True),
        ([b""], 500, "5.5.1", True),
        ([b"   "], 500, "5.5.1", True),
        ([b"\tNOOP"], 500, "5.5.1", True),
        ([b"R\xc5\xbfET"], 500, "5.5.1", True),  # the long s has the capital S
        ([b"NOOP " + 505 * b"x"], 250, "2.0.0", False),
        ([b"NOOP " + 506 * b"x"], 500, "5.5.2", True),
        ([*HELLO, b"MAIL FROM:<a@b> SIZE=1 " + 4071 * b" "], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<a@b> SIZE=1 " + 4072 * b" "], 500, "5.5.2", True),
        ([b"NO\0OP"], 500, "5.5.2", True),
        ([b"NO\rOP"], 500, "5.5.2", True),
        ([b"NO\nOP"], 500, "5.5.2", True),
        ([b"NOOP\r"], 500, "5.5.2", True),
    ],
)
def test_a_command_is_answered_as_the_table_says(lines, code, status, closes):
    check(opened(), lines, code, status, closes)


@pytest.mark.parametrize(
    ("lines", "code", "status", "closes"),
    [
        ([*HELLO, b"MAIL FROM:<\xc3\xa9@b.example> SMTPUTF8"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<\xc3\xa9@b.example>"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<\xe9@b.example> SMTPUTF8"], 501, "5.1.7", True),
        ([*HELLO, b"MAIL FROM:<a@b> SMTPUTF8=1"], 501, "5.5.4", True),
        ([*HELLO, b"MAIL FROM:<a@b> SMTPUTF8", b"RCPT TO:<\xc3\xa9@b>"], 250, "2.1.5", False),
        ([*MAIL, b"RCPT TO:<\xc3\xa9@b.example>"], 501, "5.1.3", True),
        ([*HELLO, b"MAIL FROM:<a@b> RET=hdrs ENVID=a+2Bb"], 250, "2.1.0", False),
        ([*HELLO, b"MAIL FROM:<a@b> RET=some"], 501, "5.5.4", True),
        ([*MAIL, b"RCPT TO:<a@b> NOTIFY=success,delay ORCPT=rfc822;a@b"], 250, "2.1.5", False),
        ([*MAIL, b"RCPT TO:<a@b> NOTIFY=never,delay"], 501, "5.5.4", True),
        ([b"STARTTLS"], 503, "5.5.1", False),
        ([*HELLO, b"STARTTLS now"], 501, "5.5.4", False),
        ([*HELLO, b"STARTTLS"], 220, "2.0.0", False),
    ],
)
def test_what_is_switched_on_is_taken(lines, code, status, closes):
    check(opened(extensions=ALL), lines, code, status, closes)


def test_the_greeting_names_the_server_and_the_date():
    session = Session(Settings(servername="mx.example", serverid="Grey"))
    greeting = session.greet("Thu, 1 Jan 2026 00:00:00 +0000")
    assert greeting.wire == b"220 mx.example ESMTP Grey Thu, 1 Jan 2026 00:00:00 +0000\r\n"


def test_a_client_that_speaks_before_the_greeting_is_refused():
    session = Session()
    session.feed(b"E")
    assert session.next() is None
    greeting = session.greet("today")
    assert (greeting.code, greeting.closes) == (554, True)
    assert session.receive(b"HLO a\r\n") == []


def test_EHLO_lists_what_is_offered_and_HELO_does_not():
    session = opened(extensions=ALL, max_message_size=1000)
    assert talk(session, [b"HELO a"]).wire == b"250 mx.example\r\n"
    listed = talk(session, [b"EHLO a"]).text.split("\n")
    assert listed[0] == "mx.example"
    arguments = {"SIZE": 1000, **ATTRIBUTES}
    expected = {f"{name} {arguments.get(name, '')}".strip() for name in ALL}
    assert set(listed[1:]) == expected


def test_without_ESMTP_the_client_is_told_to_say_HELO():
    session = opened(esmtp=False)
    check(session, [b"EHLO a"], 500, "5.5.1", False)
    check(session, [b"HELO a"], 250, "mx.example", False)


@pytest.mark.parametrize("again", [b"HELO b", b"EHLO b", b"RSET"])
def test_hello_and_RSET_drop_the_mail(again):
    session = opened()
    assert talk(session, [*RCPT, again]).code == 250
    assert (session.sender, session.recipients, session.seenMail) == ("", [], False)
    assert talk(session, [b"MAIL FROM:<a@b>"]).code == 250


def test_a_refused_hello_leaves_the_mail_as_it_was():
    session = opened()
    talk(session, RCPT)
    session.receive(b"EHLO\r\n")
    assert session.recipients == ["<r@example.net>"]


def test_the_session_knows_what_was_said():
    session = opened()
    talk(session, [*HELLO, b"MAIL FROM:<s@example.org> SIZE=5 BODY=7bit"])
    talk(session, [b"RCPT TO:<@relay.example:r@example.net>"])
    talk(session, [b"RCPT TO:<q@example.net>"])
    talk(session, [b"DATA"])
    assert session.remotename == "client.example"
    assert session.sender == "<s@example.org>"
    assert session.recipients == ["<r@example.net>", "<q@example.net>"]
    assert session.parameters == {"SIZE": "5", "BODY": "7bit"}
    assert session.gettingdata
    assert session.acceptingMail
    assert session.seenHelo
    assert session.seenMail
    assert session.seenRcpt


def test_the_parameters_of_each_recipient_are_kept():
    session = opened(extensions=ALL)
    talk(session, [*MAIL, b"RCPT TO:<a@b> NOTIFY=NEVER", b"RCPT TO:<c@d>"])
    assert session.recipientParameters == {"<a@b>": {"NOTIFY": "NEVER"}, "<c@d>": {}}


def test_may_changes_nothing_until_do():
    session = opened()
    talk(session, MAIL)
    words = ["RCPT", "TO:<r@example.net>"]
    assert session.may("RCPT", words) is None
    assert session.asked.path == "<r@example.net>"
    assert (session.recipients, session.seenRcpt) == ([], False)
    assert session.do("RCPT", words).code == 250
    assert session.recipients == ["<r@example.net>"]


def test_too_many_recipients_are_refused_and_the_others_stay():
    session = opened(max_recipients=2)
    talk(session, [*RCPT, b"RCPT TO:<q@example.net>"])
    check(session, [b"RCPT TO:<p@example.net>"], 452, "4.5.3", False)
    assert len(session.recipients) == 2
    check(session, [b"DATA"], 354, "", False)


def test_too_many_errors_end_the_session():
    session = opened(max_errors=3)
    for _ in range(2):
        check(session, [b"MAIL FROM:<a@b>"], 503, "5.5.1", False)
    check(session, [b"MAIL FROM:<a@b>"], 421, "4.7.0", True)


def test_a_limit_of_nothing_is_none():
    session = opened(max_errors=0, max_recipients=0, max_message_size=0)
    for _ in range(200):
        check(session, [b"MAIL FROM:<a@b>"], 503, "5.5.1", False)
    talk(session, [*HELLO, b"MAIL FROM:<a@b> SIZE=99999999999999"])
    for _ in range(1100):
        talk(session, [b"RCPT TO:<a@b>"])
    talk(session, [b"DATA"])
    assert session.receive(b"text\r\n.\r\n")[0].code == 250


@pytest.mark.parametrize("text", [b".\r\n", b"one\r\n.\r\n", b"..\r\n\r\n.\r\n", b"\xff\r\n.\r\n"])
def test_after_the_final_dot_the_session_goes_on(text):
    session = opened()
    for _ in range(3):
        talk(session, [*DATA])
        assert [reply.code for reply in session.receive(text)] == [250]
        assert not session.gettingdata
    check(session, [b"QUIT"], 221, "2.0.0", True)


def test_a_mail_over_the_limit_is_refused_after_its_dot():
    session = opened(max_message_size=10)
    talk(session, DATA)
    assert session.receive(b"12345678\r\n") == []
    assert session.receive(b"9\r\n.\r\n")[0].wire.startswith(b"552 5.3.4 ")
    talk(session, [b"MAIL FROM:<a@b>", b"RCPT TO:<a@b>", b"DATA"])
    assert session.receive(b"12345678\r\n.\r\n")[0].code == 250


def test_a_mail_with_a_bare_line_end_is_refused_after_its_dot_and_closes():
    session = opened()
    talk(session, DATA)
    assert session.receive(b"one\ntwo\r\n.\n") == []
    (reply,) = session.receive(b"\r\n.\r\n")
    assert (reply.code, reply.text[:5], reply.closes) == (550, "5.5.2", True)
    assert session.receive(b"NOOP\r\n") == []


@pytest.mark.parametrize(
    "data",
    [b"EHLO a\r\nMAIL FROM:<a@b>\r\n", b"NOOP\r\nN", b"RSET\r\n\r\n", b"HELO a\r\n\r"],
)
def test_a_client_that_does_not_wait_for_the_answer_is_refused(data):
    session = opened()
    (reply,) = session.receive(data)
    assert (reply.code, reply.text[:5], reply.closes) == (503, "5.5.0", True)


def test_a_client_that_sends_while_an_answer_is_prepared_is_refused_after_it():
    session = opened()
    session.feed(b"NOOP\r\n")
    assert session.next() == ["NOOP"]
    session.feed(b"NOOP\r\n" * 1000)
    assert session.unread == 0
    assert session.next().reply.wire.startswith(b"503 5.5.0")
    assert session.next() is None


def test_what_comes_after_an_answer_is_not_early_though_nothing_was_asked_since():
    session = opened()
    session.feed(b"NOOP\r\n")
    session.answer(session.say("NOOP", session.next()))
    session.feed(b"NOOP\r\n")
    assert session.next() == ["NOOP"]


@pytest.mark.parametrize("more", [b"MAIL FROM:<a@b>\r\n", b"QUIT\r\n", b"\r\n", b"\n", b"x"])
@pytest.mark.parametrize("strict", [True, False])
def test_a_mail_is_judged_by_itself_and_then_what_follows_its_dot(more, strict):
    session = opened(strict=strict)
    talk(session, DATA)
    taken, refused = session.receive(b"one\r\n.\r\n" + more)
    assert taken.code == 250
    assert (refused.code, refused.text[:5], refused.closes) == (503, "5.5.0", True)
    assert session.receive(b"NOOP\r\n") == []


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        (b"QUIT\r\n", [250, 221]),
        (b"\r\nQUIT\r\n", [250, 500, 221]),
        (b"NOOP\nQUIT\r\nNOOP\r\n", [250, 500, 250]),
        (b"RSET\r\nMAIL FROM:<a@b>\r\n", [250, 250, 250]),
    ],
)
def test_with_pipelining_commands_may_follow_the_dot_in_one_segment(more, codes):
    session = opened(strict=False, extensions=ALL)
    talk(session, DATA)
    assert [reply.code for reply in session.receive(b"one\r\n.\r\n" + more)] == codes


def test_text_sent_before_the_354_is_refused_even_with_pipelining():
    session = opened(extensions=ALL)
    talk(session, RCPT)
    (reply,) = session.receive(b"DATA\r\none\r\n.\r\n")
    assert (reply.code, reply.closes) == (503, True)
    assert not session.gettingdata


def test_text_that_comes_while_DATA_is_considered_is_refused_even_with_pipelining():
    session = opened(extensions=ALL)
    talk(session, RCPT)
    session.feed(b"DATA\r\n")
    words = session.next()
    session.feed(b"one\r\n.\r\n")
    assert session.say("DATA", words).code == 354
    assert session.next().reply.wire.startswith(b"503 5.5.0")


def test_what_may_be_pipelined_may_come_while_an_answer_is_made():
    session = opened(extensions=ALL)
    talk(session, HELLO)
    session.feed(b"NOOP\r\n")
    session.next()
    session.feed(b"RSET\r\n" * 20000)
    assert session.isFull
    assert session.next() == ["RSET"]


def test_with_pipelining_a_group_is_answered_in_order():
    session = opened(extensions=ALL)
    talk(session, HELLO)
    group = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<>\r\nDATA\r\n"
    assert [reply.code for reply in session.receive(group)] == [250, 250, 501, 354]
    answers = session.receive(b"one\r\n.\r\nNOOP\r\nQUIT\r\nNOOP\r\n")
    assert [reply.code for reply in answers] == [250, 250, 221]


def test_pipelining_holds_only_once_it_was_offered():
    session = opened(extensions=ALL)
    talk(session, [b"HELO a"])
    assert session.receive(b"NOOP\r\nNOOP\r\n")[0].code == 503


def test_nothing_is_heard_after_QUIT():
    session = opened()
    assert [reply.code for reply in session.receive(b"QUIT\r\nNOOP\r\nHELP\r\n")] == [221]
    assert session.receive(b"NOOP\r\n") == []


def test_what_is_unread_is_dropped_when_an_answer_closes():
    session = opened(extensions=ALL)
    talk(session, HELLO)
    assert [reply.code for reply in session.receive(b"HELP\r\n" * 1000)] == [500]
    assert session.unread == 0


def test_TLS_restarts_the_session_and_drops_what_was_sent_before():
    session = opened(extensions=ALL)
    talk(session, RCPT)
    assert [reply.code for reply in session.receive(b"RSET\r\nSTARTTLS\r\n")] == [250, 220]
    session.feed(b"NOOP\r\nMAIL FRO")
    session.startedTLS()
    assert (session.seenHelo, session.remotename, session.unread) == (False, "", 0)
    assert session.next() is None
    assert talk(session, [b"MAIL FROM:<a@b>"]).code == 503
    assert "STARTTLS" not in talk(session, [b"EHLO a"]).text
    check(session, [b"STARTTLS"], 503, "5.5.1", False)


@pytest.mark.parametrize("extensions", [frozenset({"STARTTLS"}), ALL])
def test_commands_injected_before_TLS_are_never_answered(extensions):
    session = opened(extensions=extensions)
    talk(session, HELLO)
    assert [reply.code for reply in session.receive(b"STARTTLS\r\nNOOP\r\n")] == [220]
    assert session.receive(b"NOOP\r\n") == []
    session.startedTLS()
    assert session.next() is None


def test_what_stands_behind_STARTTLS_does_not_fill_a_session_that_hears_nothing_until_TLS():
    session = opened(extensions=ALL)
    talk(session, HELLO)
    session.receive(b"STARTTLS\r\n" + b"x" * 70_000)
    assert not session.isFull


LENIENT_MISTAKES = [
    ([b"HELO"], 501, "5.5.4"),
    ([b"EHLO a b"], 501, "5.5.4"),
    ([b"HELP"], 500, "5.5.1"),
    ([b"EXPN list"], 500, "5.5.1"),
    ([b""], 500, "5.5.1"),
    ([b"NO\0OP"], 500, "5.5.2"),
    ([b"NO\nOP"], 500, "5.5.2"),
    ([b"NOOP " + 600 * b"x"], 500, "5.5.2"),
    ([b"MAIL FROM:<a@b> " + 5000 * b"x"], 500, "5.5.2"),
    ([b"MAIL FROM:<a@b>"], 503, "5.5.1"),
    ([*HELLO, b"RCPT TO:<a@b>"], 503, "5.5.1"),
    ([*HELLO, b"MAIL"], 501, "5.5.4"),
    ([*HELLO, b"MAIL FROM:<u@a@b>"], 501, "5.1.7"),
    ([*HELLO, b"MAIL FROM:u@a@b"], 501, "5.1.7"),
    ([*HELLO, b"MAIL FROM:<u@a"], 501, "5.1.7"),
    ([*HELLO, b"MAIL FROM:u@a>"], 501, "5.1.7"),
    ([*HELLO, b"MAIL FROM:root"], 501, "5.1.7"),
    ([*HELLO, b"MAIL FROM:"], 501, "5.1.7"),
    ([*HELLO, b"MAIL FROM:<" + 300 * b"a" + b"@b>"], 501, "5.1.7 The path"),
    ([*HELLO, b"MAIL FROM:<a@b> SIZE=x"], 501, "5.5.4"),
    ([*MAIL, b"RCPT TO:<a\x1b@b>"], 501, "5.1.3"),
    ([*MAIL, b"RCPT TO:<\xc3\xa9@b>"], 501, "5.1.3"),
    ([*MAIL, b"DATA"], 503, "5.5.1"),
]


@pytest.mark.parametrize(("lines", "code", "status"), LENIENT_MISTAKES)
def test_where_strict_is_off_a_mistake_is_refused_and_the_session_continues(lines, code, status):
    session = opened(strict=False)
    check(session, lines, code, status, False)
    check(session, [b"NOOP"], 250, "2.0.0", False)
    assert session.errors == 1


def test_one_bad_recipient_does_not_cost_the_others_their_mail():
    session = opened(strict=False)
    talk(session, MAIL)
    check(session, [b"RCPT TO:<bad@@example.net>"], 501, "5.1.3", False)
    talk(session, [b"RCPT TO:<good@example.net>", b"DATA"])
    assert [reply.code for reply in session.receive(b"text\r\n.\r\n")] == [250]


def test_where_strict_is_off_mistakes_are_answered_until_there_are_too_many():
    session = opened(strict=False, max_errors=3)
    check(session, [b"FOO"], 500, "5.5.1", False)
    check(session, [b"HELP"], 500, "5.5.1", False)
    check(session, [b"NO\rOP"], 421, "4.7.0", True)


@pytest.mark.parametrize("data", [b"EHLO a\r\nMAIL FROM:<a@b>\r\n", b"FOO\r\nNOOP\r\n"])
def test_pipelining_that_was_not_offered_closes_where_strict_is_off(data):
    session = opened(strict=False)
    (reply,) = session.receive(data)
    assert (reply.code, reply.text[:5], reply.closes) == (503, "5.5.0", True)


@pytest.mark.parametrize(
    "bad", [b"NOOP\nRSET", b"NOOP\rRSET", b"NO\0OP\nRSET", 600 * b"x" + b"\nRSET"]
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_nothing_in_a_refused_line_is_a_command(bad, size):
    session = opened(strict=False, extensions=ALL)
    talk(session, RCPT)
    data = bad + b"\r\nNOOP\r\n"
    replies = []
    for start in range(0, len(data), size):
        replies += session.receive(data[start : start + size])
        assert session.unread < 520
    assert [reply.code for reply in replies] == [500, 250]
    assert session.recipients == ["<r@example.net>"]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"MAIL FROM:a@b.example", "<a@b.example>"),
        (b"MAIL FROM: a@b.example  SIZE=1", "<a@b.example>"),
        (b'MAIL FROM:"a b"@c', '<"a b"@c>'),
        (b"MAIL FROM:a@[192.0.2.1]\t", "<a@[192.0.2.1]>"),
    ],
)
def test_where_strict_is_off_brackets_may_be_missing_and_are_added(line, path):
    session = opened(strict=False)
    check(session, [*HELLO, line], 250, "2.1.0", False)
    assert session.sender == path


@pytest.mark.parametrize("line", [b"MAIL FROM:<root>", b"MAIL FROM:root"])
def test_a_trusted_client_may_omit_the_domain_where_strict_is_off(line):
    session = opened(strict=False)
    session.trust()
    check(session, [*HELLO, line], 250, "2.1.0", False)
    check(session, [line.replace(b"MAIL FROM", b"RCPT TO")], 250, "2.1.5", False)
    assert (session.sender, session.recipients) == ("<root>", ["<root>"])
    strict = opened()
    strict.trust()
    check(strict, [*HELLO, line], 501, "5.1.7", True)


@pytest.mark.parametrize("line", [b"MAIL FROM:<postmaster>", b"MAIL FROM:postmaster"])
def test_a_sender_without_a_domain_is_refused_from_other_clients(line):
    check(opened(strict=False), [*HELLO, line], 501, "5.1.7", False)


def test_a_trusted_client_may_end_lines_with_LF_where_that_is_normalized():
    session = opened(normalize_bare_lf=True)
    session.trust()
    for line in (*HELLO, MAIL[-1], RCPT[-1], b"DATA"):
        assert session.receive(line + b"\n")[0].isPositive
    text = b"Subject: one\n\ntwo\n..three\r\n.\r\n"
    session.feed(text)
    assert session.next() == text.replace(b"\r\n.\r\n", b"\n").replace(b"\n", b"\r\n")
    assert session.next().refusal is None


@pytest.mark.parametrize(("isTrusted", "normalizes"), [(True, False), (False, True)])
def test_bare_LF_is_refused_unless_both_the_client_and_the_setting_allow_it(isTrusted, normalizes):
    session = opened(normalize_bare_lf=normalizes)
    if isTrusted:
        session.trust()
    talk(session, DATA)
    (reply,) = session.receive(b"one\ntwo\r\n.\r\n")
    assert (reply.code, reply.text[:5], reply.closes) == (550, "5.5.2", True)


def test_the_session_knows_what_the_client_has_to_send_next():
    session = opened(extensions=ALL)
    stages = [session.awaited]
    for line in (*DATA, b"text\r\n.", b"STARTTLS"):
        session.receive(line + b"\r\n")
        stages.append(session.awaited)
    assert stages == ["hello", "command", "command", "command", "text", "command", "TLS"]


def test_an_unknown_extension_is_an_error_at_once():
    with pytest.raises(ValueError, match="BINARYMIME"):
        Settings(extensions=frozenset({"BINARYMIME"}))


def test_every_row_has_a_deed():
    assert all(verb.isupper() and callable(command.do) for verb, command in COMMANDS.items())


DIALOGUES = [
    b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\none\r\n.\r\nNOOP\r\nQUIT\r\n",
    b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 3\r\none\r\nBDAT 0 LAST\r\nNOOP\r\n",
    b"EHLO a\r\nBDAT 4 LAST\r\nNOOPNOOP\r\nFOO\r\nNOOP\r\n",
    b"EHLO a\r\n" + b"x" * 600 + b"\r\nNO\nOP\r\nNOOP\r\n",
    b"EHLO a\r\nDATA\r\nSTARTTLS\r\nNOOP\r\n",
]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("size", [1, 2, 5, 19, 1000])
@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_a_session_without_input_has_no_event(dialogue, size, strict):
    session = opened(extensions=ALL, strict=strict)
    events = 0
    for start in range(0, len(dialogue), size):
        session.feed(dialogue[start : start + size])
        while session.hasInput:
            event = session.next()
            events += event is not None
            if event is None:
                assert not session.hasInput
            elif isinstance(event, list):
                session.say(event[0].upper(), event)
            elif isinstance(event, TextEnded):
                session.reset()
        assert session.next() is None
    assert events


@pytest.mark.skipif(not hasattr(Session(), "__dict__"), reason="the modules are compiled")
def test_the_attributes_of_a_session_are_few_enough_for_Python_to_read_them_fast():
    assert len(vars(opened())) <= 30
