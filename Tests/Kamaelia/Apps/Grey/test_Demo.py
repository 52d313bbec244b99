"""The programs that a new user runs: the demonstration and the examples, as separate processes."""

import re
import signal
import smtplib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Demo import address, optionsOf
from Tests.Kamaelia.Apps.Grey.programs import ROOT, python
from Tests.Kamaelia.Apps.Grey.wire import FarEnd

DEMO = ["-m", "Kamaelia.Apps.Grey.Demo", "--port", "0", "--sink-port", "0"]


def sendTo(port: int, recipient: str = "you@example.org") -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        smtp.sendmail("me@example.org", recipient, "Subject: Hello\r\n\r\nHello!\r\n")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("relay", ["replay", "live"])
def test_the_demo_shows_how_takes_a_mail_and_ends_without_a_trace(
    run: Any, tmp_path: Path, relay: str, how: signal.Signals
) -> None:
    demo = run(*python(*DEMO, "--maildir", tmp_path / "mail", "--relay", relay))
    said = demo.readUntil("Ctrl-C")
    assert len(said.splitlines()) <= 5
    sendTo(int(re.findall(r"swaks --server 127.0.0.1:(\d+)", said)[0]))
    told = demo.readUntil("mail from")
    assert told.endswith("from <me@example.org> to <you@example.org>: 26 octets, 'Hello'\n")
    (kept,) = (tmp_path / "mail" / "new").iterdir()
    assert kept.read_bytes() == b"Subject: Hello\r\n\r\nHello!\r\n"
    demo.send_signal(how)
    rest, _ = demo.communicate(timeout=10)
    assert demo.returncode == 0
    assert "Traceback" not in rest


def test_the_demo_may_have_a_real_server_behind_it(run: Any) -> None:
    with FarEnd() as far:
        demo = run(*python(*DEMO, "--real", f"127.0.0.1:{far.port}"))
        said = demo.readUntil("Ctrl-C")
        sendTo(int(re.findall(r"swaks --server 127.0.0.1:(\d+)", said)[0]))
        assert len(far.mails) == 1


def test_a_port_that_is_taken_is_a_sentence_and_a_failure(run: Any) -> None:
    with FarEnd() as far:
        demo = run(*python(*DEMO[:2], "--port", str(far.port), "--real", "127.0.0.1:1"))
        said, _ = demo.communicate(timeout=10)
    assert demo.returncode == 1
    assert str(far.port) in said
    assert "Traceback" not in said


def test_an_address_is_a_host_and_a_port(capsys: pytest.CaptureFixture[str]) -> None:
    assert address("mail.example.org:25") == ("mail.example.org", 25)
    assert address("[::1]:25") == ("::1", 25)
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
        assert program.wait(timeout=10) == 0


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
