"""Real parts: swaks, smtplib and smtp-source in front; aiosmtpd and smtp-sink behind."""

import signal
import smtplib
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE
from Tests.Kamaelia.Apps.Grey.watchedSessions import WatchedSessions
from Tests.Kamaelia.Apps.Grey.wire import Caller

RELAYS = ["replay", "live"]
TEXT = b"Subject: x\r\n\r\n.dot\r\n..\r\n\xc3\xa4" + b"x" * 500 + b"\r\n"


class Proxy(ConcreteMailHandler):
    def shouldWeAcceptMail(self) -> bool:
        return True


def handler(port: int, relay: str) -> Any:
    return type("Handler", (Proxy,), {"smtp_port": port, "relay": relay})


def sendBySmtplib(server: Any) -> str:
    with smtplib.SMTP("127.0.0.1", server.ports[0], timeout=PATIENCE) as smtp:
        try:
            smtp.sendmail("a@b.example", ["c@d.example"], TEXT)
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = refused.recipients["c@d.example"]
        except smtplib.SMTPResponseException as refused:
            code, text = refused.smtp_code, refused.smtp_error
        else:
            return "250"
        return f"{code} {text.decode()}"


@pytest.fixture
def aiosmtpd() -> Iterator[Callable[..., Any]]:
    """aiosmtpd(**settings) -> its controller, which listens; `taken` has the envelopes."""
    controller = pytest.importorskip("aiosmtpd.controller")
    smtp = pytest.importorskip("aiosmtpd.smtp")
    sessions = WatchedSessions()

    class Keeping:
        def __init__(self) -> None:
            self.taken: list[Any] = []

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            self.taken.append((session.ssl is not None, envelope))
            return "250 kept"

    class OnAnyPort(controller.Controller):  # type: ignore[misc, name-defined]
        def factory(self) -> Any:
            return sessions.watched(smtp.SMTP)(self.handler, **self.SMTP_kwargs)

        def _trigger_server(self) -> None:
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    started: list[Any] = []

    def start(**settings: Any) -> Any:
        settings = {"hostname": "127.0.0.1", "port": 0, "ready_timeout": PATIENCE} | settings
        started.append(OnAnyPort(Keeping(), **settings))
        started[-1].start()
        return started[-1]

    yield start
    sessions.waitForEnds()
    for each in started:
        each.stop()


@pytest.mark.parametrize("relay", RELAYS)
def test_aiosmtpd_gets_from_smtplib_what_was_meant(
    serving: Any, aiosmtpd: Callable[..., Any], relay: str
) -> None:
    behind = aiosmtpd()
    assert serving(sendBySmtplib, protocol=handler(behind.port, relay)) == "250"
    ((_, envelope),) = behind.handler.taken
    assert envelope.content == TEXT
    assert (envelope.mail_from, envelope.rcpt_tos) == ("a@b.example", ["c@d.example"])


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("tls", ["may", "must"])
def test_the_way_to_the_real_server_may_be_encrypted(
    serving: Any, aiosmtpd: Callable[..., Any], certificate: Any, relay: str, tls: str
) -> None:
    behind = aiosmtpd(tls_context=certificate.server, require_starttls=True)
    protocol = handler(behind.port, relay)
    protocol.smtp_tls, protocol.smtp_ssl = tls, certificate.client
    assert serving(sendBySmtplib, protocol=protocol) == "250"
    assert [isEncrypted for isEncrypted, _ in behind.handler.taken] == [True]


@pytest.mark.parametrize("relay", RELAYS)
def test_a_server_whose_certificate_is_not_trusted_gets_no_mail(
    serving: Any, aiosmtpd: Callable[..., Any], certificate: Any, relay: str
) -> None:
    behind = aiosmtpd(tls_context=certificate.server)
    protocol = handler(behind.port, relay)
    protocol.smtp_tls = "must"
    assert serving(sendBySmtplib, protocol=protocol).startswith("451 4.4.1")
    assert behind.handler.taken == []


@pytest.mark.parametrize("relay", RELAYS)
def test_swaks_sends_a_mail_to_smtp_sink(
    serving: Any, smtpSink: Callable[..., Any], needs: Callable[[str], str], relay: str
) -> None:
    _, port = smtpSink()

    def client(server: Any) -> tuple[int, str]:
        command = [needs("swaks"), "--server", f"127.0.0.1:{server.ports[0]}", "--pipeline"]
        command += ["--from", "a@b.example", "--to", "c@d.example,e@d.example"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        return done.returncode, done.stdout

    status, said = serving(client, protocol=handler(port, relay))
    assert status == 0, said


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize(
    ("options", "start"),
    [
        (["-f", "CONNECT"], "451 4.4.1"),
        (["-f", "EHLO,HELO"], "451 4.4.1"),
        (["-f", "MAIL"], "500 5.3.0 Error: command failed"),
        (["-f", "RCPT"], "500 5.3.0 Error: command failed"),
        (["-f", "DATA"], "500 5.3.0 Error: command failed"),
        (["-f", "."], "500 5.3.0 Error: command failed"),
        (["-r", "MAIL"], "450 4.3.0 Error: command failed"),
        (["-r", "RCPT"], "450 4.3.0 Error: command failed"),
        (["-r", "DATA"], "450 4.3.0 Error: command failed"),
        (["-r", "."], "450 4.3.0 Error: command failed"),
        (["-q", "CONNECT"], "451 4.4.1"),
        (["-q", "EHLO"], "451 4.4.1"),
        (["-q", "MAIL"], "451 4.4.1"),
        (["-q", "RCPT"], "451 4.4.1"),
        (["-q", "DATA"], "451 4.4.1"),
        (["-q", "."], "451 4.4.2"),
        (["-Q", "RCPT"], "451 4.4.1"),
        (["-Q", "."], "451 4.4.2"),
        # It refuses right after its 354: early, or as an answer to a dot that is out already.
        (["-A", "0"], ("451 4.4.1", "550 This violates SMTP")),
        (["-e"], "250"),
        (["-P"], "250"),
    ],
)
def test_each_misbehaviour_of_smtp_sink_has_its_answer(
    serving: Any, smtpSink: Callable[..., Any], options: list[str], start: Any, relay: str
) -> None:
    ascii7 = options[0] in ("-e", "-P")  # these do not offer 8BITMIME
    _, port = smtpSink(*options)
    client = sendSevenBits if ascii7 else sendBySmtplib
    assert serving(client, protocol=handler(port, relay)).startswith(start)


def sendSevenBits(server: Any) -> str:
    with smtplib.SMTP("127.0.0.1", server.ports[0], timeout=PATIENCE) as smtp:
        smtp.sendmail("a@b.example", ["c@d.example"], b"Subject: x\r\n\r\nx\r\n")
    return "250"


@pytest.mark.parametrize("relay", RELAYS)
def test_a_thousand_mails_of_smtp_source_all_arrive(
    serving: Any,
    smtpSink: Callable[..., Any],
    needs: Callable[[str], str],
    relay: str,
    waitForSink: Callable[[int], None],
) -> None:
    _, port = smtpSink()

    def client(server: Any) -> int:
        address = f"127.0.0.1:{server.ports[0]}"
        command = [needs("smtp-source"), "-s", "20", "-m", "1000", "-l", "1024", "-d", address]
        return subprocess.run(command, timeout=PATIENCE * 2).returncode

    assert serving(client, protocol=handler(port, relay)) == 0
    waitForSink(1000)


@pytest.mark.parametrize("relay", RELAYS)
def test_a_server_that_is_killed_and_comes_back_is_used_again(
    serving: Any, smtpSink: Callable[..., Any], relay: str
) -> None:
    sink, port = smtpSink()

    def client(server: Any) -> list[str]:
        said = [sendBySmtplib(server)]
        sink.send_signal(signal.SIGKILL)
        sink.wait(timeout=PATIENCE)
        said.append(sendBySmtplib(server))
        smtpSink(port=port)
        return [*said, sendBySmtplib(server)]

    first, second, third = serving(client, protocol=handler(port, relay))
    assert (first, second[:9], third) == ("250", "451 4.4.1", "250")


@pytest.mark.parametrize("relay", RELAYS)
def test_a_session_in_tls_relays_as_any_other(
    serving: Any, smtpSink: Callable[..., Any], certificate: Any, relay: str
) -> None:
    _, port = smtpSink()

    def client(server: Any) -> tuple[str, bool]:
        with smtplib.SMTP("localhost", server.ports[0], timeout=PATIENCE) as smtp:
            smtp.starttls(context=certificate.client)
            smtp.ehlo()
            smtp.sendmail("a@b.example", ["c@d.example"], TEXT)
            return smtp.sock.version(), smtp.has_extn("starttls")

    protocol = type("TLS", (handler(port, relay),), {"starttls": certificate.server})
    assert serving(client, protocol=protocol) == ("TLSv1.3", False)


def test_others_are_served_while_one_client_dawdles(
    serving: Any, smtpSink: Callable[..., Any]
) -> None:
    _, port = smtpSink()

    def client(server: Any) -> str:
        dawdler = Caller(server.ports[0])
        dawdler.begin()
        dawdler.say("DATA")
        dawdler.socket.sendall(b"x" * 5_000_000)  # without a line end
        other = threading.Thread(target=lambda: said.append(sendBySmtplib(server)))
        said: list[str] = []
        other.start()
        other.join(PATIENCE)
        dawdler.close()
        return said[0]

    assert serving(client, protocol=handler(port, "live")) == "250"
