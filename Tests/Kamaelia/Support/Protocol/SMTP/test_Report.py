"""The delivery report, read back by the standard library."""

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.SMTP.Reply import Reply
from Kamaelia.Support.Protocol.SMTP.Report import (
    deliveryReport,
    dotStuffed,
    hasReturnAddress,
    headersOf,
    wantsReport,
)
from Kamaelia.Support.Protocol.SMTP.TextScanner import END, TextScanner

DATE = "Thu, 01 Jan 2026 00:00:00 +0000"
REFUSED = [
    ("<nobody@example.net>", Reply(550, "5.1.1 No such user")),
    ("<full@example.net>", Reply(552, "Mailbox\n full\x09up")),
]


def report(refused=REFUSED, headers=b"Subject: hello\r\n"):
    return deliveryReport("mx.example", "<s@example.org>", refused, headers, DATE, "b.1-2_3")


def parsed(data):
    return email.message_from_bytes(data, policy=email.policy.SMTP)


def test_the_report_is_a_multipart_report_to_the_sender():
    message = parsed(report())
    assert message.get_content_type() == "multipart/report"
    assert message["Content-Type"].params["report-type"] == "delivery-status"
    assert message["To"] == "s@example.org"
    assert message["Date"] == DATE
    assert message["Auto-Submitted"] == "auto-replied"
    assert not message.defects
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "message/delivery-status", "text/rfc822-headers"]


def test_each_recipient_has_its_block():
    _, status, _ = parsed(report()).iter_parts()
    mail, first, second = status.get_payload()
    assert mail["Reporting-MTA"] == "dns; mx.example"
    assert first["Final-Recipient"] == "rfc822; nobody@example.net"
    assert first["Action"] == "failed"
    assert first["Status"] == "5.1.1"
    assert first["Diagnostic-Code"] == "smtp; 550 5.1.1 No such user"
    assert second["Status"] == "5.0.0"


def test_the_headers_of_the_mail_come_back_and_a_person_can_read_why():
    text, _, headers = parsed(report()).iter_parts()
    assert "<nobody@example.net>: 550 5.1.1 No such user" in text.get_content()
    assert b"Subject: hello" in headers.get_payload(decode=True)


def test_the_report_is_ASCII_whatever_was_in_the_mail():
    refused = [("<é@例え.example>", Reply(550, "5.1.1 pas trouvé"))]
    data = report(refused, "Subject: trouvé\r\n".encode())
    assert data.isascii()
    message = parsed(data)
    _, status, headers = message.iter_parts()
    _, block = status.get_payload()
    assert block["Final-Recipient"] == "utf-8; \\x{E9}@\\x{4F8B}\\x{3048}.example"
    assert "trouvé".encode() in headers.get_payload(decode=True)


def test_every_line_of_the_report_ends_with_CRLF_and_is_no_longer_than_allowed():
    data = report([("<a@b>", Reply(550, "x" * 4000 + "\n" + "y" * 4000))])
    assert data.endswith(b"\r\n")
    assert data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r")
    assert max(len(line) for line in data.split(b"\r\n")) <= 998


@pytest.mark.parametrize("boundary", ["", "a b", 'a"', "x" * 61, "a\r\n"])
def test_a_boundary_that_would_not_hold_is_an_error(boundary):
    with pytest.raises(ValueError, match="boundary"):
        deliveryReport("mx", "<a@b>", REFUSED, b"", DATE, boundary)


@pytest.mark.parametrize(("sender", "hasOne"), [("<>", False), ("", False), ("<a@b>", True)])
def test_the_null_sender_gets_no_report(sender, hasOne):
    assert hasReturnAddress(sender) is hasOne


@pytest.mark.parametrize(
    ("start", "headers"),
    [
        (b"A: 1\r\nB: 2\r\n\r\nbody", b"A: 1\r\nB: 2\r\n"),
        (b"A: 1\r\nB: 2\r\n", b"A: 1\r\nB: 2\r\n"),
        (b"A: 1\r\nB: 2", b"A: 1\r\n"),
        (b"\r\nbody", b""),
        (b"", b""),
        (b"..A: 1\r\n..B\r\n\r\n", b".A: 1\r\n.B\r\n"),
    ],
)
def test_the_headers_end_at_the_first_empty_line(start, headers):
    assert headersOf(start) == headers


def test_the_headers_are_cut_at_a_whole_line():
    assert headersOf(b"A: 12345\r\n" * 10, most=25) == b"A: 12345\r\n" * 2


@given(st.lists(st.sampled_from([b".", b"..", b"a", b"\r\n", b"\r\n.\r\n"])).map(b"".join))
def test_a_stuffed_text_comes_out_as_one_whole_text(data):
    stuffed = dotStuffed(data)
    text = TextScanner()
    given = text.take(stuffed + END)
    assert text.hasEnded
    assert text.refusal() is None
    assert text.rest == b""
    unstuffed = (b"\r\n" + given).replace(b"\r\n.", b"\r\n")[2:]
    assert unstuffed.removesuffix(b"\r\n") == data.removesuffix(b"\r\n")


@pytest.mark.parametrize(
    ("parameters", "wants"),
    [
        ({}, True),
        ({"ORCPT": "rfc822;a@b"}, True),
        ({"NOTIFY": "NEVER"}, False),
        ({"NOTIFY": "never"}, False),
        ({"NOTIFY": "SUCCESS,DELAY"}, False),
        ({"NOTIFY": "success,failure"}, True),
    ],
)
def test_NOTIFY_may_exclude_a_report_of_a_failure(parameters, wants):
    assert wantsReport(parameters) is wants
