"""The skeleton: which hook is called when, and what it may rely on."""

from pathlib import Path
from typing import Any

import pytest

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Apps.Grey.MailHandler import MailHandler
from Kamaelia.IPC import socketShutdown
from Tests.Kamaelia.Apps.Grey.dialogue import talk


class Recording(MailHandler):
    """Answers every command, and notes each hook."""

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self.called: list[Any] = []

    def handleConnect(self) -> None:
        self.called.append("connect")
        self.netPrint("220 hello")

    def handleCommand(self, command: list[str]) -> None:
        super().handleCommand(command)
        if not self.breakConnection:
            self.netPrint("250 ok")

    def note(self, command: list[str]) -> None:
        self.called.append(command)

    handleHelo = handleEhlo = handleMail = handleRcpt = handleRset = handleNoop = note
    handleVrfy = handleHelp = note

    def handleData(self, command: list[str]) -> None:
        self.called.append(command)
        self.gettingdata = True

    def takeText(self, chunk: bytes) -> None:
        self.called.append(chunk)

    def endMail(self, event: Any) -> None:
        self.called.append(("end", self.lastline(), self.sender))
        super().endMail(event)
        self.netPrint("250 taken")

    def handleQuit(self, command: list[str]) -> None:
        self.called.append(command)
        self.breakConnection = True

    def handleDisconnect(self) -> Any:
        self.called.append("disconnect")
        yield
        self.called.append("disconnected")

    def logResult(self) -> None:
        self.called.append("result")


def test_each_command_calls_its_hook_with_the_words_of_its_line() -> None:
    lines = ["helo me", "EHLO you", "MAIL FROM:<a@b.c> SIZE=1", "RCPT TO:<d@e.f>", "RSET"]
    lines += ["NOOP a b", "VRFY you", "HELP me", "QUIT now"]
    handler = Recording()
    talk(handler, *lines)
    ends = ["disconnect", "disconnected", "result"]
    assert handler.called == ["connect", *(line.split() for line in lines), *ends]
    assert handler.inbox_log == [f"{line}\r\n" for line in lines]
    handler.inbox_log = []
    assert handler.inbox_log == []


def test_text_comes_in_chunks_until_the_dot_and_commands_follow() -> None:
    handler = Recording()
    talk(handler, "DATA", b"one\r\n..two\r\n.\r\n", "NOOP")
    assert handler.called[1:5] == [["DATA"], b"one\r\n..two\r\n", ("end", True, ""), ["NOOP"]]


def test_the_default_hooks_say_nothing_and_end_with_the_client() -> None:
    inbox = [b"HELO me\r\n", b"NOOP\r\n", b"QUIT\r\n"]
    outcome = feed(MailHandler(), inbox=inbox, control=[socketShutdown()])
    assert outcome["outbox"] == []
    assert isinstance(outcome["signal"][0], producerFinished)


def test_a_line_from_the_wire_reaches_no_attribute_but_a_hook() -> None:
    handler = Recording()
    talk(handler, "__init__ x", "handleQuit")
    assert handler.called == ["connect", "disconnect", "disconnected", "result"]


def test_what_is_said_is_one_write_whatever_its_lines() -> None:
    class Greeting(MailHandler):
        def handleConnect(self) -> None:
            self.netPrint("220-one", "220 zwei ü")

    outcome = feed(Greeting())
    assert outcome["outbox"] == ["220-one\r\n220 zwei ü\r\n".encode()]


def test_logs_are_appended_to_the_files_that_are_named(tmp_path: Path) -> None:
    class Logging(Recording):
        logfile = str(tmp_path / "log")
        debuglogfile = str(tmp_path / "debug")

        def logResult(self) -> None:
            self.noteToLog("first \udcff")
            self.noteToLog("second")

    feed(Logging())
    assert (tmp_path / "log").read_text() == "first \\udcff\nsecond\n"
    assert (tmp_path / "debug").read_text() == "220 hello\n"


def test_a_server_that_shuts_down_says_so_between_two_mails() -> None:
    outcome = feed(Recording(), control=[shutdownMicroprocess()])
    assert [reply[:9] for reply in outcome["outbox"]] == [b"220 hello", b"421 4.3.2"]


def test_state_and_settings_are_attributes_of_the_handler() -> None:
    handler = MailHandler(peer="192.0.2.1", localip="192.0.2.9", servername="mx.example")
    assert (handler.local, handler.session.settings.servername) == ("192.0.2.9", "mx.example")
    handler.sender, handler.seenMail = "<a@b.c>", True
    handler.recipients.append("<d@e.f>")
    assert (handler.session.sender, handler.session.recipients) == ("<a@b.c>", ["<d@e.f>"])
    assert MailHandler(servername="mx.example").session.settings is handler.session.settings


@pytest.mark.parametrize("name", ["gettingdata", "acceptingMail", "seenHelo", "seenRcpt"])
def test_a_new_handler_has_seen_nothing(name: str) -> None:
    assert getattr(MailHandler(), name) is False
