"""The programs that a new user runs: the demonstration and the examples, as separate processes."""

import io
import os
import pty
import re
import signal
import smtplib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Service.Command import main as command
from Kamaelia.Apps.Grey.Service.Demo import address, optionsOf
from Kamaelia.Apps.Grey.Service.Display import PlainDisplay, displayOn
from Kamaelia.Apps.Grey.Stores import Counts
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, ROOT, Program, python
from Tests.Kamaelia.Apps.Grey.wire import FarEnd

DEMO = ["-m", "Kamaelia.Apps.Grey.Service.Demo", "--port", "0", "--sink-port", "0"]


def sendTo(port: int, recipient: str = "you@example.org") -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as smtp:
        smtp.sendmail("me@example.com", recipient, "Subject: Hello\r\n\r\nHello!\r\n")


def portIn(said: str) -> int:
    return int(re.findall(r"swaks --server 127.0.0.1:(\d+)", said)[0])


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("relay", ["replay", "live"])
def test_the_demo_says_how_defers_a_stranger_takes_its_retry_and_ends_in_order(
    run: Any, tmp_path: Path, relay: str, how: signal.Signals
) -> None:
    demo = run(*python(*DEMO, "--delay", "0", "--maildir", tmp_path / "mail", "--relay", relay))
    said = demo.readUntil("Ctrl-C")
    assert len(said.splitlines()) <= 9
    assert re.search(r"^http://127\.0\.0\.1:\d+/\?token=\S+$", said, re.MULTILINE)
    port = portIn(said)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        sendTo(port)
    assert refused.value.recipients["you@example.org"][0] == 451
    deferred = demo.readUntil("statistics")
    assert "deferred <me@example.com> to <you@example.org>: never seen (id " in deferred
    assert "statistics: 1 session; 1 deferred; triples: 1 waiting, 0 passed" in deferred
    sendTo(port)
    passed = demo.readUntil("statistics")
    assert "kept     mail from <me@example.com> to <you@example.org>: 26 octets, 'Hello'" in passed
    assert "passed   <me@example.com> to <you@example.org>: waited long enough (id " in passed
    assert "statistics: 2 sessions; 1 passed, 1 deferred; triples: 0 waiting, 1 passed" in passed
    (kept,) = (tmp_path / "mail" / "new").iterdir()
    assert kept.read_bytes() == b"Subject: Hello\r\n\r\nHello!\r\n"
    demo.send_signal(how)
    rest, _ = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 0
    assert "Traceback" not in rest


def test_the_demo_tries_by_itself_all_that_may_happen_to_a_mail(run: Any) -> None:
    demo = run(*python(*DEMO, "--send", "--delay", "2"))
    said = demo.readUntil("That was the last mail")
    shown = re.findall(r"(?:\d\d:){2}\d\d (\w+) +<.*?>: (.*?)(?:;| \()", said)
    assert shown == [
        ("deferred", "never seen"),
        ("deferred", "retried early"),
        ("passed", "waited long enough"),
        ("passed", "passed before"),
        ("refused", "relaying denied"),
    ]
    assert re.search(r"never seen; a retry passes after \d\d:\d\d:\d\d \(id \w{12}\)", said)


@pytest.mark.parametrize("option", ["--port", "--sink-port"])
def test_if_a_port_is_in_use_the_demo_says_how_to_choose_others(run: Any, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = run(*python(*DEMO, option, str(port)))
        said, _ = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 1
    first, second = (line for line in said.splitlines() if "never run" not in line)
    assert first.endswith(f"cannot listen on port {port} of 127.0.0.1: Address already in use")
    assert second == "Choose other ports: make run ARGS='--port 1027 --sink-port 2527'"
    assert optionsOf(["--port", "1027", "--sink-port", "2527"]).sink_port == 2527


def test_the_demo_leaves_the_port_of_the_programs_in_the_README_to_them() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ports = {int(each) for each in re.findall(r"\bport=(\d+)", readme)}
    options = optionsOf([])
    assert ports
    assert not ports & {options.port, options.sink_port}
    assert f'smtp_port = "127.0.0.1", {options.sink_port}' in readme


def test_what_the_demo_says_of_the_command_is_so(run: Any, tmp_path: Path, capsys: Any) -> None:
    demo = run(*python(*DEMO, "--folder", tmp_path / "here"))
    said = demo.readUntil("Ctrl-C")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        sendTo(portIn(said))
    demo.readUntil("statistics")
    (file,) = re.findall(r"kamaelia-grey stats -c (\S+)", said)
    assert command(["check", "-c", file]) == 0
    assert command(["stats", "-c", file]) == 0
    assert re.search(r"mails deferred +1 +100.0 %", capsys.readouterr().out)
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(timeout=PATIENCE) == 0
    assert command(["show", "-c", file, "me@example.com"]) == 0  # its folder has a name: it stays


def test_a_folder_without_a_name_is_gone_at_the_end(run: Any) -> None:
    demo = run(*python(*DEMO))
    said = demo.readUntil("Ctrl-C")
    assert "deleted, unless you use --folder" in said
    folder = Path(re.findall(r"stats -c (\S+)", said)[0]).parent
    assert (folder / "mail" / "new").is_dir()
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(timeout=PATIENCE) == 0
    assert not folder.exists()


def test_a_hangup_does_not_end_what_is_shown(run: Any) -> None:
    demo = run(*python(*DEMO, "--verbose"))
    port = portIn(demo.readUntil("Ctrl-C"))
    demo.send_signal(signal.SIGHUP)
    assert "reloaded" in demo.readUntil("reloaded")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        sendTo(port, "you@elsewhere.example")
    said = demo.readUntil("statistics")
    assert "550 5.7.1" in said  # as it was said to the client
    assert "refused  <me@example.com> to <you@elsewhere.example>: relaying denied" in said


def test_the_demo_may_have_a_real_server_behind_it(run: Any) -> None:
    with FarEnd() as far:
        words = [
            "--real",
            f"127.0.0.1:{far.port}",
            "--domain",
            "a.example",
            "--domain",
            "b.example",
        ]
        demo = run(*python(*DEMO, *words, "--delay", "0"))
        port = portIn(demo.readUntil("Ctrl-C"))
        for _ in range(2):
            last = None
            try:
                sendTo(port, "you@b.example")
            except smtplib.SMTPRecipientsRefused as refused:
                last = refused
        assert last is None
        assert len(far.mails) == 1


def test_on_a_terminal_the_figures_are_a_table_below_the_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    ours, theirs = pty.openpty()
    demo = Program(*python(*DEMO, "--send", "--delay", "2"), stdout=theirs, stderr=theirs)
    os.close(theirs)
    said: list[str] = []

    def listen() -> None:
        with open(ours, encoding="utf-8", closefd=True) as screen:
            try:
                for line in screen:
                    said.append(line)
                    if "That was the last mail" in line:
                        demo.send_signal(signal.SIGINT)
            except OSError:
                """The other end of a terminal has been closed."""

    listener = threading.Thread(target=listen)
    listener.start()
    assert demo.wait(timeout=PATIENCE) == 0
    listener.join(PATIENCE)
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", "".join(said)).rpartition("number")[2]
    assert re.search(r"mails accepted +2 +40\.0 %", last)
    assert re.search(r"triples passed +1 +100\.0 %", last)
    assert "\x1b[32mpassed" in "".join(said)


def test_where_no_terminal_is_nothing_moves_and_figures_are_said_once() -> None:
    file = io.StringIO()
    display = displayOn(file)
    assert type(display) is PlainDisplay
    for _ in range(2):
        display.figures({"sessions": 1, "mails/deferred": 1}, Counts(1, 0, 0))
    assert file.getvalue().count("statistics") == 1


def test_the_words_of_strangers_cannot_move_the_cursor() -> None:
    file = io.StringIO()
    verdict = {"address": "b\x1b[2J", "verdict": "deferred", "reason": "never seen"}
    record = {"id": "1", "sender": "a\r", "recipients": [verdict], "status": "DEFERRED"}
    displayOn(file).mail(record | {"reply": ""}, 0.0)
    assert "<a\\r> to <b\\x1b[2J>" in file.getvalue()


def test_why_a_mail_failed_that_policy_had_passed_is_what_was_answered() -> None:
    file = io.StringIO()
    verdict = {"address": "b", "verdict": "accepted", "reason": "passed before"}
    record = {"id": "1", "sender": "a", "recipients": [verdict], "status": "REFUSED"}
    displayOn(file).mail(record | {"reply": "550 5.7.1 spam"}, 0.0)
    assert "refused  <a> to <b>: 550 5.7.1 spam (id 1)" in file.getvalue()


@pytest.mark.parametrize("option", ["--port", "--sink-port"])
def test_a_port_that_is_taken_is_a_sentence_and_a_failure(run: Any, option: str) -> None:
    with FarEnd() as far:
        demo = run(*python(*DEMO, option, str(far.port)))
        said, _ = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 1
    assert str(far.port) in said
    assert "Traceback" not in said


def test_a_delay_that_is_none_is_a_sentence_and_a_failure(
    run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = run(*python(*DEMO, "--delay", "30d"))
    said, _ = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 1
    assert "no mail could ever pass" in said
    assert optionsOf(["--delay", "1m"]).delay == 60
    with pytest.raises(SystemExit):
        optionsOf(["--delay", "soon"])
    assert "'soon' is not a duration" in capsys.readouterr().err


def test_an_address_is_a_host_and_a_port(capsys: pytest.CaptureFixture[str]) -> None:
    assert address("mail.example.org:25")[:2] == ("mail.example.org", 25)
    assert address("[::1]:25")[:2] == ("::1", 25)
    with pytest.raises(SystemExit):
        optionsOf(["--real", "example.org"])
    assert "'example.org' is not HOST:PORT" in capsys.readouterr().err


@pytest.mark.parametrize("example", ["spamme.py", "spamme_class.py"])
def test_the_spamme_examples_relay(run: Any, freePorts: Callable[[], int], example: str) -> None:
    port = freePorts()
    with FarEnd() as far:
        program = run(*python(ROOT / "Examples/SpamMe" / example, str(port), str(far.port)))
        program.waitForPort(port)
        sendTo(port)
        assert len(far.mails) == 1
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=PATIENCE) == 0


def test_the_policy_example_takes_mail_for_the_domains_in_a_file(
    run: Any, freePorts: Callable[[], int], tmp_path: Path
) -> None:
    domains, port = tmp_path / "domains", freePorts()
    domains.write_text("Example.org\n")
    with FarEnd() as far:
        policy = ROOT / "Examples/SpamMe/policy.py"
        program = run(*python(policy, domains, str(port), str(far.port)))
        program.waitForPort(port)
        sendTo(port)
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            sendTo(port, "you@elsewhere.example")
        assert refused.value.recipients["you@elsewhere.example"][0] == 550
        domains.unlink()
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            sendTo(port)
        assert refused.value.recipients["you@example.org"][0] == 451
        assert len(far.mails) == 1


def test_the_greylisting_example_defers_all_but_mail_for_the_postmaster(
    run: Any,
) -> None:
    with FarEnd() as far:
        program = run(*python(ROOT / "Examples/Greylisting/greylister.py", "0", str(far.port)))
        port = int(program.readUntil("GreyLister listens on").rpartition(":")[2])
        sendTo(port, "postmaster@example.org")
        assert len(far.mails) == 1
        with pytest.raises(smtplib.SMTPResponseException) as deferred:
            sendTo(port)
        assert deferred.value.smtp_code == 451
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            sendTo(port, "postmaster@elsewhere.example")
        assert refused.value.recipients["postmaster@elsewhere.example"][0] == 550
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=PATIENCE) == 0
