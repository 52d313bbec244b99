"""The milter, by its bytes: what it answers, counts and records."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from Axon.Component import component
from Axon.testing import feedConnection
from Kamaelia.Apps.Grey.Delegation.MilterHandler import MilterHandler
from Kamaelia.Apps.Grey.Delegation.PolicyService import LastStage, PolicyService
from Kamaelia.Apps.Grey.Stores import StoreFailed
from Kamaelia.Support.Greylist.Rules import Decision
from Kamaelia.Support.Protocol.Milter import CONTINUE
from Kamaelia.Support.Protocol.PolicyDelegation import END
from Tests.Kamaelia.Apps.Grey.Delegation.sessions import DELAY, greylist
from Tests.Kamaelia.Apps.Grey.Service.test_Servers import program  # noqa: F401 - a fixture
from Tests.Kamaelia.Support.Protocol.test_Milter import MAIL, START, words
from Tests.Kamaelia.Support.Protocol.test_Milter import packet as packetOf


class Milter:
    """A milter whose clock a test sets; `journal` has the records of its mails."""

    def __init__(self, **settings: Any) -> None:
        self.greylist, self.journal, self.clock = greylist(**settings)
        self.service = PolicyService(self.greylist, LastStage(END))

    def said(self, *packets: bytes) -> list[bytes]:
        """The answers of one connection after the negotiation, without the lengths."""
        data = feedConnection(MilterHandler(service=self.service), *packets)
        found = []
        while data:
            length = int.from_bytes(data[:4])
            found.append(data[4 : 4 + length])
            data = data[4 + length :]
        assert found.pop(0)[:1] == b"O"
        return found


GREYLISTED = b"y451 4.7.1 Greylisted, please try again in 300 seconds ("


def test_a_first_mail_is_deferred_and_its_retry_gets_a_header_at_its_end() -> None:
    milter = Milter()
    (deferred,) = milter.said(*START, *MAIL[:4], packetOf(b"A"), packetOf(b"Q"))
    assert deferred.startswith(GREYLISTED)
    milter.clock.now += DELAY
    rcpt, begun, header, ended = milter.said(*START, *MAIL, packetOf(b"Q"))
    assert (rcpt, begun, ended) == (b"c", b"c", b"c")
    assert header.startswith(b"i\0\0\0\0X-Greylist\0delayed 300 seconds by Kamaelia Grey at ")
    assert milter.said(*START, *MAIL) == [b"c"] * 3
    assert [each["status"] for each in milter.journal] == ["DEFERRED", "ACCEPTED", "ACCEPTED"]


def test_a_mail_counts_for_its_client_at_its_end_and_not_before() -> None:
    milter = Milter()
    milter.said(*START, *MAIL[:4])
    milter.clock.now += DELAY
    milter.said(*START, *MAIL[:5], packetOf(b"A"))
    assert list(milter.greylist.opened.regulars()) == []
    milter.said(*START, *MAIL)
    assert [key for key, _ in milter.greylist.opened.regulars()] == ["192.0.2.0/24"]


def test_a_flood_of_empty_packets_leaves_turns_to_the_other_components() -> None:
    class Busy(component):
        turns = 0

        def main(self) -> Iterator[int]:
            while not handler.hasEnded():
                self.turns += 1
                yield 1

    service = Milter().service._replace(longestText=1000)  # so that no packet has a reply
    handler = MilterHandler(service=service)
    busy = Busy().activate()
    feedConnection(handler, *START, packetOf(b"B") * 100_000, packetOf(b"Q"))
    assert busy.turns > 300


def test_an_authenticated_client_is_not_deferred() -> None:
    login = packetOf(b"D", b"M" + words("{auth_authen}", "ann"))
    assert Milter().said(*START, login, *MAIL[1:]) == [b"c"] * 3


def test_a_mail_is_deferred_if_the_store_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*about: Any) -> Decision:
        raise StoreFailed("the disk is full")

    milter = Milter()
    monkeypatch.setattr(milter.greylist, "decide", fails)
    (said,) = milter.said(*START, *MAIL[:4])
    assert said.startswith(b"y451 4.3.0 ")


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", packetOf(b"?"), b"\0\0\0\0"])
def test_garbage_ends_the_connection_and_is_logged(
    caplog: pytest.LogCaptureFixture, garbage: bytes
) -> None:
    assert Milter().said(*START, garbage, *MAIL) == []
    assert "bad input from a Unix socket" in caplog.text


def test_a_packet_that_is_fed_in_pieces_is_answered_once() -> None:
    data = b"".join([*START, *MAIL[:4]])
    said = Milter().said(*[data[at : at + 1] for at in range(len(data))])
    assert len(said) == 1


def test_the_length_of_an_answer_is_that_of_its_packet() -> None:
    assert packetOf(b"c") == CONTINUE


SCRIPT = """\
for number = 1, 2 do
    conn = mt.connect("{where}", 50, 0.1)
    assert(conn ~= nil)
    assert(mt.conninfo(conn, "mx.b.example", "192.0.2.7") == nil)
    assert(mt.helo(conn, "mx.b.example") == nil)
    assert(mt.macro(conn, SMFIC_MAIL, "{{mail_addr}}", "a@b.example") == nil)
    assert(mt.mailfrom(conn, "<a@b.example>", "SIZE=100") == nil)
    assert(mt.getreply(conn) == SMFIR_CONTINUE)
    assert(mt.rcptto(conn, "<c@example.org>") == nil)
    if number == 1 then
        assert(mt.getreply(conn) == SMFIR_REPLYCODE)
        mt.sleep(1.2)
    else
        assert(mt.getreply(conn) == SMFIR_CONTINUE)
        assert(mt.data(conn) == nil)
        assert(mt.eom(conn) == nil)
        assert(mt.getreply(conn) == SMFIR_CONTINUE)
        assert(mt.eom_check(conn, MT_HDRINSERT, "X-Greylist"))
    end
    mt.disconnect(conn)
end
"""


@pytest.mark.needs("miltertest")
@pytest.mark.parametrize("isUnix", [False, True])
def test_miltertest_finds_the_replies_and_the_header(
    program: Callable[..., Any],  # noqa: F811 - the fixture
    tmp_path: Path,
    isUnix: bool,
) -> None:
    path = tmp_path / "milter"
    address = f"unix:{path}" if isUnix else "127.0.0.1:0"
    grey = program(section="milter", address=address, delay=1)
    where = str(path) if isUnix else f"inet:{grey.port('milter:')}@127.0.0.1"
    script = tmp_path / "script.lua"
    script.write_text(SCRIPT.format(where=where))
    subprocess.run(["miltertest", "-s", script], check=True, timeout=60)
    grey.stop()
    records = [json.loads(each) for each in (tmp_path / "mails.json").read_text().splitlines()]
    assert [each["status"] for each in records] == ["DEFERRED", "ACCEPTED"]
