"""A strict server: the table of SMTP through a handler's boxes, policy, and the limits in time."""

import logging
import ssl
from pathlib import Path
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.testing import feed
from Axon.Timers import VirtualClock
from Kamaelia.Apps.Grey import MailHandler
from Kamaelia.Apps.Grey.StrictMailHandler import StrictMailHandler
from Tests.Kamaelia.Apps.Grey.dialogue import codes, talk

HELLO = ["EHLO me", "MAIL FROM:<a@b.c>"]
MAIL = [*HELLO, "RCPT TO:<d@e.f>", "DATA"]


class Accepting(StrictMailHandler):
    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self.results: list[Any] = []

    def shouldWeAcceptMail(self) -> bool:
        return True

    def logResult(self) -> None:
        self.results.append((self.mailStatus, self.sender, list(self.recipients)))


def test_a_mail_is_taken_and_another_may_follow() -> None:
    handler = Accepting()
    dialogue = talk(handler, *MAIL, b"x\r\n.\r\n", *MAIL[1:], b"y\r\n.\r\n", "QUIT")
    assert codes(dialogue) == [250, 250, 250, 354, 250, 250, 250, 354, 250, 221]
    assert dialogue.closed
    assert handler.results == [("ACCEPTED", "<a@b.c>", ["<d@e.f>"])] * 2


def test_the_greeting_names_the_server_and_the_time() -> None:
    dialogue = talk(StrictMailHandler(servername="mx.example", serverid="Grey"))
    assert dialogue.heard[0].startswith("220 mx.example ESMTP Grey ")


def test_a_client_that_speaks_first_is_refused() -> None:
    outcome = feed(Accepting(), inbox=[b"EHLO spam\r\n"], control=())
    assert [reply[:9] for reply in outcome["outbox"]] == [b"554 5.5.0"]


def test_a_client_that_speaks_during_the_delay_of_the_greeting_is_refused(
    virtualClock: VirtualClock,
) -> None:
    from Axon.Component import component
    from Axon.Scheduler import scheduler

    class Hasty(component):
        def main(self) -> Any:
            yield from self.waitForMessage(timeout=1)
            self.send(b"EHLO spam\r\n")

    handler, hasty = Accepting(greet_delay=5), Hasty().activate()
    hasty.link((hasty, "outbox"), (handler, "inbox"))
    assert scheduler.run.timers.clock is virtualClock
    assert feed(handler, control=())["outbox"][0].startswith(b"554 5.5.0")


REFUSED = [
    (["MAIL FROM:<a@b.c>"], 503, False),
    (["EHLO"], 501, True),
    (["HELO me you"], 501, True),
    (["EHLO me", "RCPT TO:<a@b.c>"], 503, True),
    (["EHLO me", "DATA"], 503, True),
    ([*HELLO, "DATA"], 503, True),
    ([*HELLO, "MAIL FROM:<a@b.c>"], 503, False),
    ([*HELLO, "RCPT TO:<>"], 501, False),
    ([*MAIL[:3], "DATA now"], 501, False),
    (["EHLO me", "MAIL FROM:a@b.c"], 501, True),
    (["EHLO me", "MAIL FROM:<a@b@c>"], 501, True),
    (["EHLO me", "MAIL FROM:<a@b.c> SIZE=99999999999"], 552, False),
    (["EHLO me", "MAIL FROM:<a@b.c> AUTH=<>"], 555, False),
    (["HELP"], 500, True),
    (["NONSENSE"], 500, True),
    ([""], 500, True),
    ([b"NOOP\n"], 500, True),
    ([b"NOOP\r\nNOOP\r\n"], 503, True),
    (["STARTTLS"], 500, True),
]


@pytest.mark.parametrize(("lines", "code", "closes"), REFUSED)
def test_refusals_are_those_of_the_table(lines: list[Any], code: int, closes: bool) -> None:
    dialogue = talk(Accepting(), *lines, "NOOP")
    assert codes(dialogue)[len(lines) - 1 :] == ([code] if closes else [code, 250])


def test_old_smtp_alone_can_be_spoken() -> None:
    assert codes(talk(Accepting(esmtp=False), "EHLO me", "HELO me")) == [500, 250]


# Policy


def test_the_default_policy_defers_and_closes() -> None:
    dialogue = talk(StrictMailHandler(), *MAIL)
    assert (dialogue.heard[-1][:9], dialogue.closed) == ("451 4.7.1", True)


def test_a_deferred_mail_is_noted_with_its_envelope() -> None:
    class Deferring(Accepting):
        def shouldWeAcceptMail(self) -> bool:
            return False

    handler = Deferring()
    talk(handler, *MAIL)
    assert handler.results == [("DEFERRED", "<a@b.c>", ["<d@e.f>"])]


def test_a_policy_that_fails_never_accepts(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(StrictMailHandler):
        def shouldWeAcceptMail(self) -> bool:
            raise KeyError("greylist")

    with caplog.at_level(logging.ERROR, "Kamaelia"):
        dialogue = talk(Failing(), *MAIL, "NOOP")
    assert (dialogue.heard[-2][:9], dialogue.heard[-1][:3]) == ("451 4.3.0", "250")
    assert "KeyError: 'greylist'" in caplog.text


def test_a_policy_may_answer_by_itself() -> None:
    class Curt(StrictMailHandler):
        def shouldWeAcceptMail(self) -> bool:
            self.error("554 5.7.1 Never")
            return False

    dialogue = talk(Curt(), *MAIL)
    assert (dialogue.heard[-1], dialogue.closed) == ("554 5.7.1 Never", True)
    assert codes(dialogue)[-2:] == [250, 554]


def test_a_recipient_may_be_refused_while_others_are_taken() -> None:
    class Choosy(Accepting):
        def shouldWeAcceptRecipient(self, recipient: str) -> bool:
            if recipient == "<raise@e.f>":
                raise ValueError
            return recipient != "<no@e.f>"

    handler = Choosy()
    names = ["RCPT TO:<no@e.f>", "RCPT TO:<yes@e.f>", "RCPT TO:<raise@e.f>", "DATA"]
    dialogue = talk(handler, *HELLO, *names, b"x\r\n.\r\n")
    assert codes(dialogue)[2:] == [550, 250, 451, 354, 250]
    assert handler.results[0][2] == ["<yes@e.f>"]


def test_a_hook_that_is_overridden_decides_alone() -> None:
    class Mine(Accepting):
        def handleRcpt(self, command: list[str]) -> None:
            self.recipients.append(command[1])
            self.seenRcpt = True
            self.netPrint("250 mine")

    handler = Mine()
    dialogue = talk(handler, *MAIL, b"x\r\n.\r\n")
    assert dialogue.heard[-3:-1] == ["250 mine", "354 End the mail with CRLF . CRLF"]
    assert handler.results[0][2] == ["TO:<d@e.f>"]


def test_a_client_may_go_on_after_the_answer_of_a_hook_even_if_the_turn_ends_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Mine(Accepting):
        extensions = frozenset({"PIPELINING"})

        def handleEhlo(self, command: list[str]) -> None:
            self.session.do("EHLO", command)
            self.netPrint("250 mine")

    monkeypatch.setattr(MailHandler, "MOST_SECONDS", -1.0)  # a turn ends after two events
    dialogue = talk(Mine(), "EHLO me", b"NOOP\r\nEHLO again\r\n", "NOOP", "QUIT")
    assert codes(dialogue) == [250, 250, 250, 250, 221]


def test_each_answer_is_passed_to_an_overridden_netPrint() -> None:
    class Overheard(Accepting):
        def netPrint(self, *args: str) -> None:
            printed.extend(args)
            super().netPrint(*args)

        def noteToDebugLog(self, line: str) -> None:
            noted.append(line)

    printed: list[str] = []
    noted: list[str] = []
    dialogue = talk(Overheard(), *MAIL, b"x\r\n.\r\n", "QUIT")
    assert printed == noted == dialogue.heard


def test_whatever_is_answered_is_in_the_debugging_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    talk(Accepting(debuglogfile=str(tmp_path / "debug")), *MAIL, b"x\r\n.\r\n")
    with caplog.at_level(logging.DEBUG, "Kamaelia.Apps.Grey"):
        talk(Accepting(), *MAIL, b"x\r\n.\r\n")
    logged = [record.getMessage() for record in caplog.records]
    assert logged[1:] == (tmp_path / "debug").read_text().splitlines()[1:]
    assert logged[-2:] == ["354 End the mail with CRLF . CRLF", "250 2.0.0 Ok"]


def test_a_debugging_log_may_be_named_once_the_client_is_known(tmp_path: Path) -> None:
    class Watched(Accepting):
        def handleConnect(self) -> None:
            self.debuglogfile = str(tmp_path / self.peer)
            super().handleConnect()

    dialogue = talk(Watched(peer="192.0.2.1"), *MAIL)
    assert (tmp_path / "192.0.2.1").read_text().splitlines() == dialogue.heard


# Limits


@pytest.mark.parametrize("lines", [(), ("NOOP",)])
def test_a_client_that_says_nothing_is_told_so(
    virtualClock: VirtualClock, lines: tuple[str, ...]
) -> None:
    dialogue = talk(Accepting(inactivity_timeout=60), *lines, leaves=False)
    assert (dialogue.heard[-1][:9], dialogue.closed) == ("421 4.4.2", True)
    assert virtualClock.now() == 60


class Slow(component):
    """Says NOOP every so many seconds, so many times; then nothing."""

    def __init__(self, handler: Any, seconds: float, times: int) -> None:
        super().__init__()
        self.seconds, self.times = seconds, times
        self.link((self, "outbox"), (handler, "inbox"))

    def main(self) -> Any:
        for _ in range(self.times):
            yield from self.waitForMessage(timeout=self.seconds)
            self.send(b"NOOP\r\n")


def test_the_time_for_the_next_command_restarts_with_each_answer(
    virtualClock: VirtualClock,
) -> None:
    handler = Accepting(inactivity_timeout=60)
    Slow(handler, seconds=50, times=3).activate()
    assert codes(talk(handler, leaves=False)) == [250, 250, 250, 421]
    assert virtualClock.now() == 3 * 50 + 60


def test_a_session_has_an_end(virtualClock: VirtualClock) -> None:
    dialogue = talk(Accepting(session_timeout=600, inactivity_timeout=0), leaves=False)
    assert dialogue.heard[-1].startswith("421 4.4.2")
    assert virtualClock.now() == 600


class Steady(component):
    """Send a piece every so many seconds, until the handler has ended."""

    def __init__(self, handler: Any, pieces: list[bytes], seconds: float) -> None:
        super().__init__()
        self.handler = handler
        self.pieces, self.seconds = pieces, seconds
        self.link((self, "outbox"), (handler, "inbox"))

    def main(self) -> Any:
        for piece in self.pieces:
            yield from self.waitForMessage(timeout=self.seconds)
            if not self.handler._task.isAlive():
                return
            self.send(piece)


def test_a_text_is_not_cut_off_by_the_limit_of_the_session(virtualClock: VirtualClock) -> None:
    handler = Accepting(session_timeout=600)
    pieces = [b"x" * 30_000 + b"\r\n"] * 20 + [b".\r\n"]
    Steady(handler, pieces, seconds=250).activate()
    dialogue = talk(handler, *MAIL, leaves=False)
    assert codes(dialogue)[-3:] == [354, 250, 421]
    assert "too long" in dialogue.heard[-1]
    assert virtualClock.now() >= 21 * 250


def test_a_text_of_single_octets_is_cut_off(virtualClock: VirtualClock) -> None:
    handler = Accepting(session_timeout=0)
    Steady(handler, [b"x"] * 1000, seconds=100).activate()
    dialogue = talk(handler, *MAIL, leaves=False)
    assert dialogue.heard[-1].startswith("421 4.4.2 The mail arrives too slowly")
    assert virtualClock.now() <= 500


def test_after_the_time_of_a_session_no_mail_begins(virtualClock: VirtualClock) -> None:
    handler = Accepting(session_timeout=600, inactivity_timeout=0, strict=False)
    mail = b"RSET\r\nMAIL FROM:<a@b>\r\n"
    handler.extensions = {"PIPELINING"}
    handler.beginSession()
    Steady(handler, [mail] * 20, seconds=100).activate()
    dialogue = talk(handler, "EHLO me", leaves=False)
    assert (codes(dialogue)[-1], dialogue.closed) == (421, True)
    assert virtualClock.now() <= 700


def test_too_many_errors_end_the_session() -> None:
    dialogue = talk(Accepting(max_errors=3), *["MAIL FROM:<a@b.c>"] * 5)
    assert codes(dialogue) == [503, 503, 421]


def test_too_many_recipients_are_refused_for_now() -> None:
    assert codes(talk(Accepting(max_recipients=1), *HELLO, *["RCPT TO:<d@e.f>"] * 2))[-1] == 452


# STARTTLS


def test_STARTTLS_restarts_the_session() -> None:
    handler = Accepting(starttls=ssl.create_default_context())
    dialogue = talk(handler, "EHLO me", "STARTTLS")
    assert "250 STARTTLS" in dialogue.heard
    assert dialogue.heard[-1].startswith("220 ")
    assert handler.session.isEncrypted
    assert not handler.seenHelo


def test_only_the_end_of_a_connection_ends_a_handler_that_was_told_nothing() -> None:
    outcome = feed(Accepting(), control=[producerFinished()])
    assert len(outcome["outbox"]) == 1
    assert len(outcome["signal"]) == 1
