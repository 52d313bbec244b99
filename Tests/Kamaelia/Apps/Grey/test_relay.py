"""The relay, row by row, over real connections: nothing is lost, and nothing promised too early."""

import gc
import re
import threading
import time
from typing import Any
from weakref import finalize

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Tests.Kamaelia.Apps.Grey.wire import (
    HANG_UP,
    PATIENCE,
    SHORT,
    SILENCE,
    Caller,
    FarEnd,
    nowhere,
    oneMail,
    shortLimits,
)
from Tests.Kamaelia.falseEnds import FALSE_ENDS

RELAYS = ["replay", "live"]
NOT_REACHED = "451 4.4.1"


class Proxy(ConcreteMailHandler):
    def shouldWeAcceptMail(self) -> bool:
        return True


def handler(far: Any, **settings: Any) -> Any:
    """Return a protocol whose real server is `far`: a FarEnd, or a port.

    The server hears nothing but the sessions with mails.
    """
    isPort = isinstance(far, int)
    usual = {
        "smtp_port": far if isPort else far.port,
        "smtp_timeouts": shortLimits(far),
        "smtp_offer_interval": 0,
    }
    return type("Handler", (Proxy,), usual | settings)


@pytest.mark.parametrize("relay", RELAYS)
def test_a_mail_arrives_unchanged_and_the_client_hears_the_servers_own_words(
    serving: Any, relay: str
) -> None:
    text = b"Subject: x\r\n\r\n..stuffed\r\n\x80\xff\r\n...\r\n\r\n"
    with FarEnd() as far:
        assert serving(oneMail(text=text), protocol=handler(far, relay=relay)) == (
            "250 2.0.0 far took it"
        )
        (mail,) = far.mails
        assert mail == ("MAIL FROM:<a@b.example>", ["RCPT TO:<c@d.example>"], text)
        assert far.ended.acquire(timeout=PATIENCE)
        assert far.heard[-1] == "QUIT"


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("answer", [{}, {"DATA": HANG_UP}, {"dot": HANG_UP}])
def test_a_session_that_has_ended_leaves_nothing_to_the_garbage_collector(
    serving: Any, answer: dict[str, str], relay: str
) -> None:
    gone = threading.Semaphore(0)

    class Counted(Proxy):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            finalize(self, gone.release)

        def connectToRealSMTPServer(self) -> None:
            super().connectToRealSMTPServer()
            finalize(self.TCPClient, gone.release)

    def client(server: Any) -> list[bool]:
        oneMail()(server)
        return [gone.acquire(timeout=PATIENCE) for _ in ("the handler", "its TCPClient")]

    gc.disable()
    try:
        with FarEnd(**answer) as far:
            protocol = type("Handler", (Counted,), {"smtp_port": far.port, "relay": relay})
            assert serving(client, protocol=protocol) == [True, True]
    finally:
        gc.enable()


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("answer", [HANG_UP, SILENCE, "421 4.3.2 going down", "no reply at all"])
@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
def test_whatever_fails_on_the_way_is_451(
    serving: Any, stage: str, answer: str, relay: str
) -> None:
    with FarEnd(**{stage: answer}) as far:
        reply = serving(oneMail(), protocol=handler(far, relay=relay))
        assert reply.startswith(NOT_REACHED)
        assert far.dots == 0


@pytest.mark.parametrize("relay", RELAYS)
def test_a_server_that_is_not_there_is_451(serving: Any, relay: str) -> None:
    assert serving(oneMail(), protocol=handler(nowhere(), relay=relay)).startswith(NOT_REACHED)


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("stage", ["greeting", "HELO"])
@pytest.mark.parametrize("answer", ["554 5.7.1 not you", "450 4.7.1 not now"])
def test_a_refusal_of_the_proxy_itself_is_not_the_fault_of_the_client(
    serving: Any, stage: str, answer: str, relay: str
) -> None:
    with FarEnd(**{stage: answer, "EHLO": "502 no"}) as far:
        assert serving(oneMail(), protocol=handler(far, relay=relay)).startswith(NOT_REACHED)


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("answer", ["450 4.2.1 far busy", "553 5.1.8 far never"])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "dot"])
def test_a_refusal_is_passed_on_as_it_is(serving: Any, stage: str, answer: str, relay: str) -> None:
    with FarEnd(**{stage: answer}) as far:
        assert serving(oneMail(), protocol=handler(far, relay=relay)) == answer
        assert far.mails == []


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("answer", [HANG_UP, SILENCE, "421 4.3.2 going down"])
def test_no_answer_to_the_dot_is_451(serving: Any, answer: str, relay: str) -> None:
    with FarEnd(dot=answer) as far:
        reply = serving(oneMail(), protocol=handler(far, relay=relay))
        assert reply.startswith("451 4.4.2")


def test_replay_gives_up_when_one_recipient_is_refused_for_now(serving: Any) -> None:
    answers = ["250 ok", "450 4.2.1 busy", "550 5.1.1 unknown"]
    with FarEnd(RCPT=answers) as far:
        client = oneMail("<a@d.example>", "<b@d.example>", "<c@d.example>")
        assert serving(client, protocol=handler(far)) == "451 4.2.1 busy"
        assert far.dots == 0


def test_replay_passes_on_the_first_refusal_when_all_are_refused(serving: Any) -> None:
    with FarEnd(RCPT=["550 5.1.1 one", "551 5.1.6 two"]) as far:
        client = oneMail("<a@d.example>", "<b@d.example>")
        assert serving(client, protocol=handler(far)) == "550 5.1.1 one"


def test_replay_reports_permanently_refused_recipients(serving: Any) -> None:
    with FarEnd(RCPT=["250 ok", "550 5.1.1 no such user"]) as far:
        client = oneMail("<a@d.example>", "<b@d.example>")
        assert serving(client, protocol=handler(far)) == "250 2.0.0 far took it"
        mail, report = far.mails
        assert mail.recipients == ["RCPT TO:<a@d.example>"]
        assert (report.sender, report.recipients) == ("MAIL FROM:<>", ["RCPT TO:<a@b.example>"])
        assert b"Final-Recipient: rfc822; b@d.example\r\n" in report.text
        assert b"550 5.1.1 no such user" in report.text
        assert b"Subject: x\r\n" in report.text


def test_the_null_sender_gets_no_report(serving: Any) -> None:
    def client(server: Any) -> str:
        caller = Caller(server.ports[0])
        caller.begin("<a@d.example>", "<b@d.example>", sender="<>")
        return caller.send()

    with FarEnd(RCPT=["250 ok", "550 5.1.1 no such user"]) as far:
        assert serving(client, protocol=handler(far)) == "250 2.0.0 far took it"
        assert len(far.mails) == 1


def test_a_report_that_cannot_be_sent_makes_the_client_try_again(serving: Any) -> None:
    with FarEnd(RCPT=["250 ok", "550 5.1.1 no"], MAIL=["250 ok", HANG_UP]) as far:
        client = oneMail("<a@d.example>", "<b@d.example>")
        assert serving(client, protocol=handler(far)).startswith(NOT_REACHED)


def test_live_passes_on_the_reply_for_each_recipient(serving: Any) -> None:
    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        replies = caller.begin("<a@d.example>", "<b@d.example>", "<c@d.example>")
        return [*replies, caller.send()]

    with FarEnd(RCPT=["250 one", "550 5.1.1 two", "452 4.5.3 three"]) as far:
        assert serving(client, protocol=handler(far, relay="live")) == [
            "250 2.1.0 Sender ok",
            "250 one",
            "550 5.1.1 two",
            "452 4.5.3 three",
            "250 2.0.0 far took it",
        ]
        assert far.mails[0].recipients == ["RCPT TO:<a@d.example>"]


def test_live_forgets_no_recipient_when_the_server_breaks_between_them(serving: Any) -> None:
    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        replies = caller.begin("<a@d.example>", "<b@d.example>", "<c@d.example>")
        return [*replies[1:], caller.send()]

    with FarEnd(RCPT=["250 one", HANG_UP]) as far:
        first, *others = serving(client, protocol=handler(far, relay="live"))
        assert first == "250 one"
        assert all(reply.startswith(NOT_REACHED) for reply in others)
        assert far.mails == []


@pytest.mark.parametrize("relay", RELAYS)
def test_several_mails_go_through_one_session(serving: Any, relay: str) -> None:
    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        replies = []
        for number in range(3):
            caller.begin(f"<r{number}@d.example>")
            replies.append(caller.send(b"%d\r\n" % number))
            caller.begin("<never@d.example>")
            caller.say("RSET")
        caller.end()
        return replies

    with FarEnd() as far:
        replies = serving(client, protocol=handler(far, relay=relay))
        assert replies == ["250 2.0.0 far took it"] * 3
        assert [(mail.recipients, mail.text) for mail in far.mails] == [
            ([f"RCPT TO:<r{number}@d.example>"], b"%d\r\n" % number) for number in range(3)
        ]
        assert far.heard.count("EHLO localhost") == 1


def twoMails(server: Any) -> list[str]:
    """Send two mails in one session; return the answers to their dots or recipients."""
    caller = Caller(server.ports[0])
    replies = []
    for _ in range(2):
        *_, recipient = caller.begin()
        replies.append(caller.send() if recipient.startswith("250") else recipient)
        caller.say("RSET")
    return replies


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("answer", [HANG_UP, "421 4.7.0 too many mails in one session"])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
def test_a_used_session_that_ends_before_the_next_mail_has_begun_is_replaced(
    serving: Any, relay: str, answer: str, stage: str
) -> None:
    with FarEnd(**{stage: ["250 ok", answer]}) as far:
        replies = serving(twoMails, protocol=handler(far, relay=relay))
        assert replies == ["250 2.0.0 far took it"] * 2
        assert far.heard.count("EHLO localhost") == 2
        assert len(far.mails) == 2


@pytest.mark.parametrize("relay", RELAYS)
def test_a_used_session_is_replaced_once_for_each_mail(serving: Any, relay: str) -> None:
    with FarEnd(MAIL=["250 ok", HANG_UP, HANG_UP]) as far:
        replies = serving(twoMails, protocol=handler(far, relay=relay))
        assert [reply[:9] for reply in replies] == ["250 2.0.0", "451 4.4.1"]
        assert far.heard.count("EHLO localhost") == 2


@pytest.mark.parametrize("relay", RELAYS)
def test_a_broken_session_is_replaced_for_the_next_mail(serving: Any, relay: str) -> None:
    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        caller.begin()
        first = caller.send()
        caller.begin()
        return [first, caller.send()]

    with FarEnd(dot=[HANG_UP]) as far:
        first, second = serving(client, protocol=handler(far, relay=relay))
        assert (first[:9], second) == ("451 4.4.2", "250 2.0.0 far took it")


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("size", [0, 100, 100_000])
def test_a_client_that_leaves_before_the_dot_leaves_no_mail(
    serving: Any, relay: str, size: int
) -> None:
    def client(server: Any) -> None:
        caller = Caller(server.ports[0])
        caller.begin()
        caller.say("DATA")
        caller.socket.sendall(b"x" * 98 + b"\r\n" + b"y" * size)
        caller.close()

    with FarEnd() as far:
        serving(client, protocol=handler(far, relay=relay))
        if relay == "live":
            assert far.ended.acquire(timeout=PATIENCE)
            assert far.partial
        assert (far.dots, far.mails) == (0, [])
        assert "QUIT" not in far.heard
        assert b"QUIT" not in far.partial


@pytest.mark.parametrize("relay", RELAYS)
def test_what_is_pipelined_is_answered_in_order_while_the_server_is_asked(
    serving: Any, relay: str
) -> None:
    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        caller.say("EHLO me")
        lines = ["MAIL FROM:<a@b.example>", *[f"RCPT TO:<{n}@d.example>" for n in range(50)]]
        caller.socket.sendall("".join(f"{line}\r\n" for line in [*lines, "DATA"]).encode())
        replies = [caller.hear() for _ in range(52)]
        caller.socket.sendall(b"x\r\n.\r\nQUIT\r\n")
        return [*replies, caller.hear(), caller.hear()]

    with FarEnd() as far:
        extensions = ConcreteMailHandler.extensions | {"PIPELINING"}
        proxy = handler(far, relay=relay, extensions=extensions)
        codes = [int(reply[:3]) for reply in serving(client, protocol=proxy)]
        assert codes == [*[250] * 51, 354, 250, 221]
        assert len(far.mails[0].recipients) == 50


@pytest.mark.parametrize("relay", RELAYS)
def test_text_that_arrives_before_the_354_is_refused(serving: Any, relay: str) -> None:
    def client(server: Any) -> str:
        caller = Caller(server.ports[0])
        caller.begin()
        caller.socket.sendall(b"DATA\r\nevil\r\n.\r\n")
        return caller.hear()

    with FarEnd() as far:
        assert serving(client, protocol=handler(far, relay=relay)).startswith("503 5.5.0")
        assert far.dots == 0


@pytest.mark.parametrize("relay", RELAYS)
def test_a_late_354_is_never_taken_for_the_answer_to_the_dot(serving: Any, relay: str) -> None:
    with FarEnd(DATA="354 one\r\n354 two") as far:
        reply = serving(oneMail(), protocol=handler(far, relay=relay))
        assert reply.startswith(NOT_REACHED)


@pytest.mark.parametrize("relay", RELAYS)
def test_an_answer_to_the_dot_counts_although_the_server_closes_with_it(
    serving: Any, relay: str
) -> None:
    with FarEnd(dot="250 far took it\r\n421 far closes") as far:
        assert serving(oneMail(), protocol=handler(far, relay=relay)) == "250 far took it"


@pytest.mark.parametrize("relay", RELAYS)
def test_a_client_that_leaves_after_the_dot_is_logged_by_what_became_of_its_mail(
    serving: Any, relay: str
) -> None:
    results: list[str] = []
    done = threading.Event()

    class Noting(Proxy):
        def logResult(self) -> None:
            results.append(self.mailStatus)
            done.set()

    dotSeen, goOn = threading.Event(), threading.Event()

    def client(server: Any) -> None:
        caller = Caller(server.ports[0])
        caller.begin()
        caller.say("DATA")
        caller.socket.sendall(b"x\r\n.\r\n")
        assert dotSeen.wait(PATIENCE)
        caller.close()
        while server.connections:
            time.sleep(0.01)  # nothing tells another thread that a connection has ended
        goOn.set()
        assert done.wait(PATIENCE)

    with FarEnd() as far:
        far.beforeDot = lambda: (dotSeen.set(), goOn.wait(PATIENCE))
        proxy = type("P", (Noting,), {"smtp_port": far.port, "relay": relay})
        serving(client, protocol=proxy)
    assert results == ["ACCEPTED"]
    assert far.heard[-1] == "QUIT"


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("end", FALSE_ENDS)
def test_nothing_can_be_smuggled(serving: Any, relay: str, end: bytes) -> None:
    inner = b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<v@d.example>\r\nDATA\r\nevil\r\n"

    def client(server: Any) -> str:
        caller = Caller(server.ports[0])
        caller.begin()
        reply = caller.send(b"good" + end + inner)
        return reply + "|" + caller.file.read().decode()

    with FarEnd() as far:
        reply = serving(client, protocol=handler(far, relay=relay))
        assert re.fullmatch(r"550 5\.5\.2 [^|]*\|", reply)
        assert (far.dots, far.mails) == (0, [])


@pytest.mark.parametrize("relay", RELAYS)
def test_a_mail_that_is_too_big_is_refused_after_its_end(serving: Any, relay: str) -> None:
    with FarEnd() as far:
        proxy = handler(far, relay=relay, max_message_size=1000)
        assert serving(oneMail(text=b"x" * 900 + b"\r\n" + b"y" * 900 + b"\r\n"), protocol=proxy)[
            :9
        ] == ("552 5.3.4")
        assert far.dots == 0


@pytest.mark.parametrize("relay", RELAYS)
def test_eight_bits_that_are_not_declared_are_passed_on_to_any_server(
    serving: Any, relay: str
) -> None:
    text = "grüße\r\n".encode()
    with FarEnd(EHLO="250 far") as far:
        reply = serving(oneMail(text=text), protocol=handler(far, relay=relay))
        assert reply == "250 2.0.0 far took it"
        assert [(mail.sender, mail.text) for mail in far.mails] == [
            ("MAIL FROM:<a@b.example>", text)
        ]


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("size", [65_535, 65_536, 1_048_576, 3_000_000])
def test_large_mails_arrive_byte_for_byte(serving: Any, relay: str, size: int) -> None:
    line = bytes(each for each in range(1, 256) if each not in b"\r\n.") + b"\r\n"
    text = (line * (size // len(line) + 1))[:size] + b"\r\n"
    text = text.replace(b"\r\r\n", b"\r\n")
    with FarEnd() as far:
        reply = serving(oneMail(text=text), protocol=handler(far, relay=relay))
        assert reply == "250 2.0.0 far took it"
        assert far.mails[0].text == text


@pytest.mark.parametrize("relay", RELAYS)
def test_a_server_that_stops_reading_holds_a_mail_only_so_long(
    serving: Any, relay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ConnectedSocketAdapter, "promptly", 0.1)
    with FarEnd() as far:
        stalled = threading.Event()
        far.RequestHandlerClass = _stallInText(far.RequestHandlerClass, stalled)
        proxy = handler(far, relay=relay, smtp_timeouts={"text": SHORT})

        def client(server: Any) -> str:
            caller = Caller(server.ports[0])
            caller.begin()
            assert caller.say("DATA").startswith("354")
            proxy.inactivity_timeout = SHORT
            caller.socket.sendall((b"x" * 998 + b"\r\n") * 20_000 + b".\r\n")
            return caller.hear()

        reply = serving(client, protocol=proxy)
        stalled.set()
        assert reply.startswith(NOT_REACHED)


def _stallInText(base: Any, until: threading.Event) -> Any:
    class Stalling(base):  # type: ignore[misc]
        def takeText(self) -> None:
            until.wait(PATIENCE)
            raise EOFError

    return Stalling


PIPELINING = {"EHLO": "250-far.example.org\r\n250 PIPELINING"}


@pytest.mark.parametrize("relay", RELAYS)
def test_a_server_that_pipelines_hears_sender_and_recipient_in_one_write(
    serving: Any, relay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[bytes] = []
    write = ConnectedSocketAdapter.sendToPeer

    def noting(adapter: Any, data: bytes) -> Any:
        if not adapter.isServer:
            writes.append(data)
        return write(adapter, data)

    monkeypatch.setattr(ConnectedSocketAdapter, "sendToPeer", noting)
    with FarEnd(**PIPELINING) as far:
        assert serving(oneMail(), protocol=handler(far, relay=relay)) == "250 2.0.0 far took it"
    assert writes == [
        b"EHLO localhost\r\n",
        b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n",
        b"DATA\r\n",
        b"Subject: x\r\n\r\nHello\r\n.\r\n",
        b"QUIT\r\n",
    ]


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("behind", ["503 5.5.1 no sender", HANG_UP])
def test_the_refusal_of_a_sender_is_not_taken_for_that_of_a_pipelined_recipient(
    serving: Any, relay: str, behind: str
) -> None:
    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        _, refused = caller.begin()
        if relay == "replay":
            refused = caller.send()
        caller.say("RSET")
        caller.sayAll("MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>")
        taken = caller.send()
        caller.end()
        return [refused, taken]

    refusal = "550 5.7.1 far does not like you"
    with FarEnd(**PIPELINING, MAIL=[refusal], RCPT=[behind]) as far:
        protocol = handler(far, relay=relay)
        assert serving(client, protocol=protocol) == [refusal, "250 2.0.0 far took it"]
        assert [mail.recipients for mail in far.mails] == [["RCPT TO:<c@d.example>"]]
