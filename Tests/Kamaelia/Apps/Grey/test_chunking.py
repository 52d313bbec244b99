"""A mail by BDAT through the relay: what arrives, and what no cut or hostile chunk can do."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Backend.ServerSettings import serversFor
from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Apps.Grey.Service.MailSink import MailSink
from Tests.Kamaelia.Apps.Grey.offers import Offers
from Tests.Kamaelia.Apps.Grey.programs import Program
from Tests.Kamaelia.Apps.Grey.Service.test_Application import Grey, eventually
from Tests.Kamaelia.Apps.Grey.wire import HANG_UP, PATIENCE, Caller, FarEnd

RELAYS = pytest.mark.parametrize("relay", ["replay", "live"])
TEXT = b"Subject: x\r\n\r\n.dot\r\n.\r\nRSET\r\n..\r\nend\r\n"
STUFFED = TEXT.replace(b"\r\n.", b"\r\n..")
EVERY = {"PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING"}
LINES = ["MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"]


class Proxy(ConcreteMailHandler):
    extensions = EVERY
    strict = False
    isOpen = True

    def shouldWeAcceptMail(self) -> bool:
        return self.isOpen


def handler(port: int, relay: str, **settings: Any) -> Any:
    usual = {"smtp_port": port, "relay": relay, "smtp_offers": Offers()}
    return type("Handler", (Proxy,), usual | settings)


def behind(**answers: Any) -> FarEnd:
    """Return a real server that offers CHUNKING."""
    return FarEnd(EHLO="250-far.example.org\r\n250-SIZE\r\n250 CHUNKING", **answers)


def proxy(far: FarEnd, relay: str, **settings: Any) -> Any:
    """Return the protocol of a proxy that knows what the real server offers."""
    protocol = handler(far.port, relay, **settings)
    for server in serversFor(protocol):
        protocol.smtp_offers.record(server, {"SIZE": "", "CHUNKING": ""})
    return protocol


def bdat(octets: bytes, last: bool = False) -> bytes:
    return b"BDAT %d%s\r\n" % (len(octets), b" LAST" if last else b"") + octets


def send(caller: Caller, *pieces: bytes) -> list[str]:
    """Send each piece and return the code of its reply."""
    replies = []
    for piece in pieces:
        caller.socket.sendall(piece)
        replies.append(caller.hear()[:3])
    return replies


def client(*pieces: bytes, lines: list[str] = LINES) -> Callable[[Any], list[str]]:
    """A client that sends the envelope, and then each piece after the reply to the last one."""

    def run(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        caller.sayAll("EHLO client", *lines)
        replies = send(caller, *pieces)
        caller.close()
        return replies

    return run


@RELAYS
@pytest.mark.parametrize("size", [1, 7, 100])
def test_chunks_arrive_as_one_mail(serving: Any, relay: str, size: int) -> None:
    pieces = [bdat(TEXT[at : at + size]) for at in range(0, len(TEXT), size)]
    with behind() as far:
        replies = serving(client(*pieces, b"BDAT 0 LAST\r\n"), protocol=proxy(far, relay))
        assert replies == ["250"] * (len(pieces) + 1)
        assert [mail.text for mail in far.mails] == [STUFFED]


@RELAYS
def test_the_last_chunk_gets_the_words_of_the_real_server(serving: Any, relay: str) -> None:
    with behind(dot=["452 no room"]) as far:
        replies = serving(client(bdat(TEXT, last=True)), protocol=proxy(far, relay))
        assert (replies, far.mails) == (["452"], [])


@RELAYS
def test_large_chunks_pass_and_are_not_kept_in_memory(serving: Any, relay: str) -> None:
    line = b"." + b"x" * 98 + b"\r\n"
    chunk = line * 20_000
    with behind() as far:
        pieces = bdat(chunk), bdat(chunk, last=True)
        assert serving(client(*pieces), protocol=proxy(far, relay)) == ["250", "250"]
        assert far.mails[0].text == b"." + (2 * chunk).replace(b"\r\n.", b"\r\n..")


@RELAYS
def test_a_mail_may_be_pipelined_and_another_may_follow(serving: Any, relay: str) -> None:
    def run(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        caller.say("EHLO client")
        envelope = "".join(f"{line}\r\n" for line in LINES).encode()
        mail = envelope + bdat(TEXT[:9]) + bdat(TEXT[9:], last=True)
        caller.socket.sendall(mail + mail + b"QUIT\r\n")
        return [caller.hear()[:3] for _ in range(9)]

    with behind() as far:
        replies = serving(run, protocol=proxy(far, relay))
        assert replies == ["250"] * 8 + ["221"]
        assert [mail.text for mail in far.mails] == [STUFFED, STUFFED]


@RELAYS
@pytest.mark.parametrize("after", [b"RSET\r\n", b"EHLO again\r\n", b"HELO again\r\n"])
def test_a_mail_that_is_dropped_between_its_chunks_is_never_delivered(
    serving: Any, relay: str, after: bytes
) -> None:
    again = "".join(f"{line}\r\n" for line in LINES).encode().splitlines(keepends=True)
    pieces = [bdat(b"one\r\n"), after, *again, bdat(b"two\r\n", last=True)]
    with behind() as far:
        replies = serving(client(*pieces), protocol=proxy(far, relay))
        assert replies == ["250"] * len(pieces)
        assert [mail.text for mail in far.mails] == [b"two\r\n"]


@RELAYS
@pytest.mark.parametrize(
    "cut", [b"BDAT 100 LAST\r\nabc\r\n", b"BDAT 5\r\nabc\r\n", b"BDAT 5\r\nabc\r\nQUIT\r\n"]
)
def test_a_client_that_leaves_before_the_last_octet_has_sent_no_mail(
    serving: Any, relay: str, cut: bytes
) -> None:
    def run(server: Any) -> None:
        caller = Caller(server.ports[0])
        caller.sayAll("EHLO client", *LINES)
        caller.socket.sendall(cut)
        caller.socket.shutdown(1)
        caller.file.read()

    with behind() as far:
        serving(run, protocol=proxy(far, relay))
        assert (far.mails, far.dots) == ([], 0)


@RELAYS
@pytest.mark.parametrize("bare", [b"a\nb\r\n", b"a\r", b"a\0\r\n", b"\n.\n", b"\r\n.\nMAIL"])
@pytest.mark.parametrize("cuts", [False, True])
def test_a_bare_line_end_refuses_the_mail_and_the_real_server_gets_no_dot(
    serving: Any, relay: str, bare: bytes, cuts: bool
) -> None:
    pieces = [bdat(bare[:1]), bdat(bare[1:], last=True)] if cuts else [bdat(bare, last=True)]
    with behind() as far:
        replies = serving(client(*pieces), protocol=proxy(far, relay))
        assert "550" in replies
        assert (far.mails, far.dots) == ([], 0)


@RELAYS
def test_a_chunk_over_the_limit_is_refused(serving: Any, relay: str) -> None:
    pieces = bdat(TEXT), bdat(TEXT, last=True), b"NOOP\r\n"
    with behind() as far:
        protocol = proxy(far, relay, max_message_size=50)
        assert serving(client(*pieces), protocol=protocol) == ["250", "552", "250"]
        assert (far.mails, far.dots) == ([], 0)


@RELAYS
def test_if_policy_refuses_a_mail_its_chunks_are_dropped(serving: Any, relay: str) -> None:
    def fail(self: Any) -> bool:
        raise RuntimeError("no policy")

    pieces = bdat(b"RSET\r\n"), bdat(b"QUIT\r\n", last=True), b"NOOP\r\n"
    with behind() as far:
        protocol = proxy(far, relay, shouldWeAcceptMail=fail)
        assert serving(client(*pieces), protocol=protocol) == ["451", "503", "250"]
        assert far.mails == []


def test_if_policy_defers_a_mail_the_connection_ends(serving: Any) -> None:
    with behind() as far:
        protocol = proxy(far, "live", isOpen=False)
        assert serving(client(b"BDAT 0\r\n", b"NOOP\r\n"), protocol=protocol) == ["451", ""]


@pytest.mark.parametrize(
    ("answers", "replies"),
    [
        ({"DATA": ["451 later"]}, ["451", "503", "250"]),
        ({"DATA": [HANG_UP]}, ["451", "503", "250"]),
        ({"dot": [HANG_UP]}, ["250", "451", "250"]),
    ],
)
def test_live_a_failure_of_the_real_server_ends_the_mail_and_no_rest_of_it_is_delivered(
    serving: Any, answers: Any, replies: list[str]
) -> None:
    pieces = bdat(TEXT), bdat(TEXT, last=True), b"NOOP\r\n"
    with behind(**answers) as far:
        assert serving(client(*pieces), protocol=proxy(far, "live")) == replies
        assert far.mails == []


def test_a_server_of_ones_own_takes_chunks(serving: Any, tmp_path: Any) -> None:
    settings = {"maildir": tmp_path, "extensions": EVERY, "tell": staticmethod(lambda line: None)}
    protocol = type("Sink", (MailSink,), settings)
    assert serving(client(bdat(TEXT[:20]), bdat(TEXT[20:], last=True)), protocol=protocol) == [
        "250",
        "250",
    ]
    (mail,) = (tmp_path / "new").iterdir()
    assert mail.read_bytes() == TEXT


@pytest.mark.parametrize(("notify", "mails"), [("NEVER", 1), ("SUCCESS", 1), ("FAILURE", 2)])
def test_a_sender_who_wants_no_report_gets_none(serving: Any, notify: str, mails: int) -> None:
    lines = [*LINES, f"RCPT TO:<e@d.example> NOTIFY={notify}"]
    answers = {"EHLO": "250-far\r\n250 DSN", "RCPT": ["250 ok", "550 5.1.1 no such user"]}
    with FarEnd(**answers) as far:
        protocol = handler(far.port, "replay")
        for server in serversFor(protocol):
            protocol.smtp_offers.record(server, {"DSN": ""})
        pieces = b"DATA\r\n", b"Subject: x\r\n\r\n.\r\n"
        assert serving(client(*pieces, lines=lines), protocol=protocol) == ["354", "250"]
        assert len(far.mails) == mails


def test_the_application_offers_what_the_real_server_offers_and_passes_chunks_on(
    run: Callable[..., Program], tmp_path: Path
) -> None:
    """As an administrator runs it: with the defaults, and in the live relay."""
    offer = "250-far\r\n250-SIZE 900000\r\n250-SMTPUTF8\r\n250-DSN\r\n250 CHUNKING"
    with FarEnd(EHLO=offer) as far:
        allowed = '[allow]\nrecipients = ["c@example.org"]'
        grey = Grey(run, tmp_path, far.port, {"more": allowed})

        def offered() -> set[str]:
            caller = Caller(grey.port)
            names = {line[4:].split(" ")[0] for line in caller.say("EHLO client").split("\n")[1:]}
            caller.end()
            return names & {"SMTPUTF8", "DSN", "CHUNKING", "8BITMIME", "XCLIENT", "PIPELINING"}

        wanted = {"SMTPUTF8", "DSN", "CHUNKING", "PIPELINING"}
        eventually(lambda: offered() == wanted, "the offer of the real server")
        caller = Caller(grey.port)
        caller.sayAll("EHLO client", "MAIL FROM:<é@b.example> SMTPUTF8 RET=HDRS ENVID=x")
        caller.say("RCPT TO:<c@example.org> NOTIFY=NEVER")
        assert send(caller, bdat(TEXT[:9]), bdat(TEXT[9:], last=True)) == ["250", "250"]
        (mail,) = far.mails
        assert mail.sender == "MAIL FROM:<é@b.example> SMTPUTF8 RET=HDRS ENVID=x"
        assert mail.recipients == ["RCPT TO:<c@example.org> NOTIFY=NEVER"]
        assert mail.text == STUFFED


# Postfix


@pytest.mark.needs("postfix")
@pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root")
@RELAYS
def test_a_mail_with_BDAT_DSN_and_SMTPUTF8_passes_to_Postfix_byte_for_byte(
    serving: Any, postfix: Callable[..., Any], relay: str
) -> None:
    """Postfix offers all of it, and reports the delivery with the ENVID as the client asked."""
    real = postfix(virtual_mailbox_maps="static:box/")
    text = "\r\n".join(
        [
            "From: é <é@d.example>",
            "Date: Thu, 1 Jan 2026 00:00:00 +0000",
            "Message-ID: <1@d.example>",
            "Subject: grüße",
            "",
            ".",
            "..dots",
            "日本語 " * 100,
            "",
            "",
        ]
    ).encode()

    def run(server: Any) -> tuple[set[str], list[str]]:
        assert protocol.smtp_offers.recorded.acquire(timeout=PATIENCE)
        caller = Caller(server.ports[0])
        offered = {line[4:].split(" ")[0] for line in caller.say("EHLO client").split("\n")[1:]}
        replies = caller.sayAll(
            "MAIL FROM:<é@d.example> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=our+2Bid SIZE=900",
            "RCPT TO:<ü@d.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x@d.example",
        )
        codes = send(caller, bdat(text[:50]), bdat(text[50:333]), bdat(text[333:], last=True))
        caller.end()
        return offered, [reply[:3] for reply in replies] + codes

    protocol = handler(real.port, relay)
    offered, codes = serving(run, protocol=protocol)
    assert offered == EVERY
    assert codes == ["250"] * 5
    mails = real.waitForMails(2)
    assert sum(mail.endswith(text.replace(b"\r\n", b"\n")) for mail in mails) == 1
    (report,) = [mail for mail in mails if b"Original-Envelope-Id: our+id" in mail]
    assert b"Original-Recipient: rfc822;x@d.example" in report
    assert b"Action: delivered" in report or b"Action: relayed" in report


@pytest.mark.parametrize(
    "parameter", ["BODY=8BITMIME", "SMTPUTF8", "RET=FULL", "ENVID=x", "SIZE=5"]
)
def test_a_parameter_whose_extension_was_not_offered_is_refused(
    serving: Any, parameter: str
) -> None:
    with FarEnd(EHLO="250 far.example.org") as far:
        protocol = handler(far.port, "live", extensions=set())

        def run(server: Any) -> str:
            assert protocol.smtp_offers.recorded.acquire(timeout=PATIENCE)
            caller = Caller(server.ports[0])
            return caller.sayAll("EHLO client", f"MAIL FROM:<a@b.example> {parameter}")[-1]

        assert serving(run, protocol=protocol)[:3] == "555"
