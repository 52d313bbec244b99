"""The notes about a mail, without a handler's boxes."""

from collections.abc import Iterable
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Records.MailLog import HistoricalLines, Wording
from Kamaelia.Apps.Grey.Records.MailNotes import ACCEPTED, DEFERRED, NO_ANSWER, MailNotes
from Kamaelia.Apps.Grey.Records.PostfixLog import PostfixLines
from Kamaelia.Support.Greylist.Suspicion import Assessment
from Kamaelia.Support.Protocol.SMTP.Refusal import Refusal
from Kamaelia.Support.Protocol.SMTP.Reply import DEFERRED as DEFERRED_REPLY
from Kamaelia.Support.Protocol.SMTP.Reply import Reply
from Kamaelia.Support.Protocol.SMTP.Session import Session


class Handler:
    """What the notes read."""

    peer, peerport, remotename, sender = "192.0.2.1", 4711, "client.example", "<a@b.example>"
    mailStatus = "DEFERRED"
    octets, realServer, endedAt = 0, "", 2.0

    def __init__(self) -> None:
        self.session = Session()
        self.recipients = ["<c@d.example>"]
        self.lines: list[str] = []

    def secondsConnected(self) -> float:
        return 1.5

    def noteToLog(self, line: str) -> None:
        self.lines.append(line)


class Counting(Greylist):
    """A greylist that keeps what is counted."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(store="memory:", **settings)
        self.__dict__["counted"] = []

    def countAll(self, counters: Iterable[tuple[str, ...]]) -> None:
        self.__dict__["counted"].extend(counters)


@pytest.fixture
def notes() -> MailNotes:
    notes = MailNotes(Counting())
    notes.begin()
    return notes


def test_a_recipient_is_counted_once_with_its_last_verdict(notes: MailNotes) -> None:
    for reason in ("first contact", "first contact", "too soon: 3 s"):
        notes.note("<c@d.example>", DEFERRED, reason)
    notes.write(Handler())
    assert notes.greylist.counted == [  # type: ignore[attr-defined]
        ("mails", "deferred"),
        ("recipients", "deferred", "too soon"),
    ]


@pytest.mark.parametrize("verdict", ["", DEFERRED])
def test_a_mail_without_a_status_is_counted_as_dropped_if_it_has_a_verdict(
    notes: MailNotes, verdict: str
) -> None:
    handler = Handler()
    handler.mailStatus = ""
    if verdict:
        notes.note("<c@d.example>", verdict, "first contact")
    notes.write(handler)
    counted = [("mails", "dropped"), ("recipients", "deferred", "first contact")]
    assert notes.greylist.counted == (counted if verdict else [])  # type: ignore[attr-defined]


def test_a_recipient_without_a_verdict_is_that_of_a_trusted_client(notes: MailNotes) -> None:
    verdict = notes.verdictOn("<c@d.example>")
    assert (verdict.verdict, verdict.reason) == (ACCEPTED, "trusted client")


def test_the_next_mail_has_another_id_and_no_verdicts(notes: MailNotes) -> None:
    notes.note("<c@d.example>", DEFERRED, "first contact")
    before = notes.mailId
    notes.begin()
    assert notes.mailId != before
    assert notes.verdicts == {}


def test_a_deferral_names_the_longest_wait_and_the_mail(notes: MailNotes) -> None:
    notes.note("<c@d.example>", DEFERRED, "first contact", 60)
    notes.note("<e@f.example>", DEFERRED, "too soon", 300)
    reply = notes.deferral(notes.verdicts, closes=True)
    assert reply.text == f"4.7.1 Greylisted, please try again in 300 seconds ({notes.mailId})"
    assert reply.closes


def test_a_deferral_by_a_store_that_fails_is_not_called_greylisting(notes: MailNotes) -> None:
    notes.note("<c@d.example>", DEFERRED, NO_ANSWER)
    assert notes.deferral(notes.verdicts, closes=False).text.startswith("4.3.0 ")


def test_the_record_names_all_recipients_that_the_client_named(notes: MailNotes) -> None:
    notes.note("<e@f.example>", DEFERRED, "first contact", 60.4)
    notes.lastReply = DEFERRED_REPLY
    record = notes.record(Handler(), now=2.0)
    assert record["recipients"] == [
        {"address": "e@f.example", "verdict": DEFERRED, "reason": "first contact", "wait": 60},
        {"address": "c@d.example", "verdict": ACCEPTED, "reason": "trusted client"},
    ]
    assert (record["id"], record["seconds"], record["status"]) == (notes.mailId, 1.5, "DEFERRED")


def test_a_program_may_set_what_the_notes_read_to_values_of_other_types() -> None:
    class Free(Handler):
        peer, peerport, endedAt = None, None, 2  # type: ignore[assignment]

        def noteToLog(self, line: str) -> Any:
            self.lines.append(line)
            return self.lines

    records: list[Any] = []
    notes = MailNotes(Counting(journal=lambda record: records.append(record) or records))
    notes.begin()
    notes.note("<c@d.example>", DEFERRED, "first contact", 3600)
    notes.assessment = Assessment(5, 3, ("no name",))
    handler = Free()
    notes.write(handler)
    assert len(handler.lines) == 2
    assert [record["port"] for record in records] == [None]


def test_refusals_outside_of_a_mail_share_the_id_of_the_session(notes: MailNotes) -> None:
    handler = Handler()
    notes.refused(handler, Reply(500, "5.5.1 Command not understood"))
    notes.failedTLS(handler, None)
    ids = [line.partition(" id=")[2].partition(" ")[0] for line in handler.lines]
    assert len(set(ids)) == 1
    assert ids[0] != notes.mailId


@pytest.mark.parametrize(
    ("wording", "columns"),
    [
        (HistoricalLines(), [" | DEFERRED | ", " suspicion client=[192.0.2.1]:4711 "]),
        (
            PostfixLines("mx"),
            [": info: RCPT from ", "status=deferred (Greylisted: too soon)", ": info: suspicion "],
        ),
    ],
    ids=["kamaelia", "postfix"],
)
def test_a_mail_has_the_lines_of_the_wording_that_the_greylist_has(
    wording: Wording, columns: list[str]
) -> None:
    notes, handler = MailNotes(Counting(wording=wording)), Handler()
    notes.begin()
    notes.note("<c@d.example>", DEFERRED, "too soon")
    notes.assessment = Assessment(7, 5)
    notes.write(handler)
    assert len(handler.lines) == len(columns)
    for line, column in zip(handler.lines, columns, strict=True):
        assert column in line


@pytest.mark.parametrize(
    "wording", [HistoricalLines(), PostfixLines("mx")], ids=["kamaelia", "postfix"]
)
def test_control_characters_of_a_client_are_escaped_in_every_line(wording: Wording) -> None:
    notes, handler = MailNotes(Counting(wording=wording)), Handler()
    handler.peer = handler.remotename = handler.sender = "a\x1b[31m\nb"
    notes.begin()
    notes.note("<\u009b2J@d.example>", DEFERRED, "too soon")
    notes.assessment = Assessment(7, 5)
    notes.write(handler)
    refusal = Refusal(handler.peer, 4711, "MAIL", "FROM:<\x1b>", DEFERRED_REPLY, notes.mailId)
    lines = [*handler.lines, wording.ofRefusal(refusal, 2.0)]
    assert [each for each in lines if not each.isprintable()] == []
    assert any("\\x1b[31m\\nb" in each for each in lines)
