"""A logger of a channel: what it writes, what it answers, and what it does with a real server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import errorInformation, producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Apps.IRCLogger import Support, __main__
from Kamaelia.Apps.IRCLogger.Logger import BasicLogger, Logger
from Kamaelia.Apps.IRCLogger.LogWriter import LogWriter
from Kamaelia.Apps.IRCLogger.Reconnect import Reconnect
from Kamaelia.Apps.IRCLogger.Support import (
    HTMLOutformat,
    TimedOutformat,
    answer,
    currentTimeString,
    getFilenames,
)
from Kamaelia.Protocol.IRC.IRCClient import SimpleIRCClientPrefab
from Tests.Kamaelia.ircd import User, chat, heard


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock."""
    monkeypatch.setattr(Support, "currentDateString", lambda: "2026-01-31")
    monkeypatch.setattr(Support, "currentTimeString", lambda: "09:30:05")


def said(text: str, command: str = "PRIVMSG", sender: str = "ann") -> tuple[str, str, str, str]:
    return (command, sender, "#tea", text)


def test_a_line_has_the_time_and_escapes_what_a_terminal_would_obey() -> None:
    assert TimedOutformat(said("hi")) == "[09:30] <ann> hi\n"
    assert TimedOutformat(said("\x1b[31m\x02red\x9b")) == "[09:30] <ann> \\x1b[31m\\x02red\\x9b\n"


def test_a_message_that_is_marked_so_is_not_logged() -> None:
    assert TimedOutformat(said("[off] secret")) is None
    assert HTMLOutformat(said("[off] secret")) is None
    assert TimedOutformat(said("[off]", command="NOTICE")) is not None


def test_markup_is_text_in_the_HTML() -> None:
    row = HTMLOutformat(said("<script>&'\""))
    assert row == ("<tr><td>[09:30] &lt;ann&gt; &lt;script&gt;&amp;&#x27;&quot;</td></tr>\n")


@pytest.mark.parametrize(
    ("channel", "name"), [("#tea", "tea"), ("#../../etc/x\0", "______etc_x_"), ("##t-e_a", "t-e_a")]
)
def test_a_channel_cannot_name_a_file_elsewhere(channel: str, name: str) -> None:
    assert getFilenames("logs", channel, "txt") == (
        f"logs/{name}2026-01-31_log.txt",
        f"logs/{name}2026-01-31_info.txt",
    )


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("bot: date", ("PRIVMSG", "#tea", "2026-01-31")),
        ("bot: TIME please", ("PRIVMSG", "#tea", "09:30:05")),
        ("bot:logfile", ("PRIVMSG", "#tea", "log")),
        ("bot: infofile", ("PRIVMSG", "#tea", "info")),
        ("bot: dance", ("ME", "#tea", "dances a waltz")),
        ("bot: unknown", None),
        ("bot:", None),
        ("robot: date", None),
        ("date", None),
    ],
)
def test_it_answers_to_its_name(text: str, reply: object) -> None:
    assert answer(said(text), "bot", "#tea", ["log", "info"]) == reply
    assert answer(said(text, command="NOTICE"), "bot", "#tea", ["log", "info"]) is None


def test_help_names_every_word() -> None:
    reply = answer(said("bot: help"), "bot", "#tea", ["log", "info"])
    assert reply is not None
    for word in ("logfile", "infofile", "date", "time", "help", "dance", "boo"):
        assert word in reply[2]


def test_talk_goes_to_the_log_and_the_rest_to_the_information_file() -> None:
    logger = BasicLogger("#Tea", TimedOutformat, name="bot", logdir="x", extension="txt")
    outcome = feed(
        logger,
        inbox=[
            ("001", "irc", "bot", "Welcome"),
            said("hi"),
            said("bot: poke"),
            ("QUIT", "ann", "", "bye"),
            said("[off] x"),
        ],
    )
    log, info = getFilenames("x", "#Tea", "txt")
    assert outcome == {
        "outbox": [
            (info, "[09:30] Reply 001 from irc to bot: Welcome\n"),
            (log, "[09:30] <ann> hi\n"),
            (log, "[09:30] <ann> bot: poke\n"),
            (log, "[09:30] <bot> Please do not poke me.\n"),
            (log, "[09:30] *** ann has quit IRC\n"),
        ],
        "irc": [("PRIVMSG", "#Tea", "Please do not poke me.")],
        "signal": [FINISHED],
    }


def test_a_new_day_has_new_files(monkeypatch: pytest.MonkeyPatch) -> None:
    days = iter(["2026-01-31", "2026-02-01"])
    monkeypatch.setattr(Support, "currentDateString", lambda: next(days))
    paths = [path for path, _ in feed(BasicLogger("#tea"), inbox=[said("a"), said("b")])["outbox"]]
    assert [path[3:13] for path in paths] == ["2026-01-31", "2026-02-01"]


def test_it_waits_while_its_receiver_is_full_and_ends_at_shutdownMicroprocess() -> None:
    logger, full, message = BasicLogger("#tea"), component(), shutdownMicroprocess()
    full.inboxes["inbox"].setSize(1)
    logger.link((logger, "outbox"), (full, "inbox"))
    outcome = feed(logger, inbox=[said("a")] * 3, control=[message])
    assert outcome["signal"] == [message]
    assert full.dataReady() == 1


# The files


def test_lines_are_appended_and_a_new_file_gets_the_header(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "folder" / "new"
    old.write_text("before\n")
    lines = [
        (str(old), "a\n"),
        (str(new), "b\n"),
        (str(tmp_path / "third"), "c\n"),
        (str(old), "d\n"),
    ]
    outcome = feed(LogWriter(header="head\n"), inbox=lines)
    assert outcome == {"outbox": [], "signal": [FINISHED], "error": []}
    assert old.read_text() == "before\na\nd\n"
    assert new.read_text() == "head\nb\n"


@pytest.mark.parametrize("message", [FINISHED, shutdownMicroprocess()])
def test_the_lines_before_a_shutdown_message_are_written(tmp_path: Path, message: object) -> None:
    path = tmp_path / "log"
    feed(LogWriter(), inbox=[(str(path), "\ud800 x\n")] * 100, control=[message])
    assert path.read_text() == "? x\n" * 100


def test_a_folder_in_place_of_a_file_is_reported_with_its_name(tmp_path: Path) -> None:
    outcome = feed(LogWriter(), inbox=[(str(tmp_path), "a\n")], control=[])
    (error,), (end,) = outcome["error"], outcome["signal"]
    assert isinstance(error, errorInformation)
    assert error.exception.filename == str(tmp_path)
    assert isinstance(end, producerFinished)
    assert end.message is error.exception


def test_a_full_disk_is_reported() -> None:
    outcome = feed(LogWriter(), inbox=[("/dev/full", "a\n")], control=[])
    assert "No space left" in str(outcome["error"][0].exception)


# The whole


def test_a_channel_is_logged(ircServer: int, tmp_path: Path) -> None:
    logger = Logger(
        "#tea", TimedOutformat, name="bot", logdir=str(tmp_path), host="127.0.0.1", port=ircServer
    )
    ann = User(
        steps=[
            lambda each: each[0] in ("JOIN", "353") and "bot" in each[1] + each[3],
            ("PRIVMSG", "#tea", "good morning"),
            ("PRIVMSG", "#tea", "bot: poke"),
            heard("PRIVMSG", "bot", "#tea", "Please do not poke me."),
            ("QUIT", "bye"),
        ]
    )

    class EndWithAnn(component):
        """A component that tells the logger to end when the user has gone."""

        def main(self) -> Iterator[int]:
            yield from self.waitForMessage("control")
            logger.deliver(FINISHED, "control")

    client = SimpleIRCClientPrefab("127.0.0.1", ircServer, nick="ann", channels=["#tea"])
    end = EndWithAnn()
    ann.link((ann, "signal"), (end, "control"))
    end.activate()
    logger.activate()
    chat(ann=(ann, client)).run()
    log = (tmp_path / "tea2026-01-31_log.txt").read_text().splitlines()
    assert "[09:30] <ann> good morning" in log
    assert "[09:30] <bot> Please do not poke me." in log
    info = (tmp_path / "tea2026-01-31_info.txt").read_text()
    assert "Reply 001 from irc.example.net to bot" in info


def test_a_logger_that_cannot_write_leaves_the_server(ircServer: int, tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("not a folder")
    logger = Logger("#tea", logdir=str(tmp_path / "logs"), host="127.0.0.1", port=ircServer)
    outcome = feed(logger, control=[])
    (error,) = outcome["error"]
    assert isinstance(error.exception, OSError)
    assert len(outcome["signal"]) == 1


# Connecting again


class Once(component):
    """A component that lives for some seconds."""

    Outboxes = {"outbox": "its number", "signal": "", "error": ""}

    number = 0
    seconds = 0.0
    failure: Any = None

    def main(self) -> Iterator[int]:
        self.send(self.number)
        if self.failure:
            self.send(self.failure, "error")
            return
        yield from self.waitForMessage("control", timeout=self.seconds)


def createOnce(lives: list[float], failure: Any = None) -> Callable[[], component]:
    numbers = iter(range(100))
    return lambda: Once(number=(n := next(numbers)), seconds=lives[n % len(lives)], failure=failure)


def test_it_connects_again_after_growing_delays(virtualClock: Any) -> None:
    outcome = feed(Reconnect(createOnce([0.0]), delay=1.0, longest=4.0), control=[], until=15.5)
    assert outcome["outbox"] == [0, 1, 2, 3, 4, 5]  # at 0, 1, 3, 7, 11, 15


def test_after_a_long_connection_the_delay_is_short_again(virtualClock: Any) -> None:
    outcome = feed(Reconnect(createOnce([0, 0, 10]), delay=1, longest=4), control=[], until=14.5)
    assert outcome["outbox"] == [0, 1, 2, 3]  # at 0, 1, 3, 14


@pytest.mark.parametrize("message", [FINISHED, shutdownMicroprocess()])
@pytest.mark.parametrize("life", [0.0, 100.0])
def test_a_shutdown_message_ends_it(life: float, message: object, virtualClock: Any) -> None:
    outcome = feed(Reconnect(createOnce([life])), control=[message])
    assert (outcome["outbox"], outcome["signal"]) == ([0], [message])


def test_an_error_ends_it(virtualClock: Any) -> None:
    failure = errorInformation(None, OSError("full"))
    outcome = feed(Reconnect(createOnce([0.0], failure)), control=[])
    assert outcome["error"] == [failure]
    assert len(outcome["signal"]) == 1


# The program


def test_the_program_reports_a_log_that_cannot_be_written(
    ircServer: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("not a folder")
    words = ["--channel", "#tea", "--port", str(ircServer), "--logdir", str(tmp_path / "logs")]
    assert __main__.main(words) == 1
    assert capsys.readouterr().err.startswith("the log cannot be written: [Errno ")


def test_the_program_ends_with_its_connection_and_logs_why(
    refusingPort: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = ["--channel", "#tea", "--port", str(refusingPort), "--logdir", str(tmp_path), "--once"]
    assert __main__.main(words) == 0
    (record,) = caplog.records
    assert "the connection to the IRC server has ended: " in record.getMessage()
    assert "refused" in record.getMessage()


def test_times_are_those_of_the_day() -> None:
    assert len(currentTimeString()) == 8
