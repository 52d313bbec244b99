"""The mail sink, with a real client: what is sent is told of, and found in the Maildir."""

import mailbox
import smtplib
from pathlib import Path
from typing import Any

from Kamaelia.Apps.Grey.Service.MailSink import MailSink
from Tests.Kamaelia.sockets import PATIENCE

TEXT = "Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\r\n.hidden\r\n..\r\nend\r\n"


def test_a_mail_is_kept_as_it_was_meant(serving: Any, tmp_path: Path) -> None:
    told: list[str] = []

    class Sink(MailSink):
        maildir = tmp_path / "mail"
        tell = told.append

    def client(server: Any) -> None:
        with smtplib.SMTP("127.0.0.1", server.ports[0], timeout=PATIENCE) as smtp:
            smtp.sendmail("a@b.example", ["c@d.example", "e@d.example"], TEXT)

    serving(client, protocol=Sink)
    (kept,) = (tmp_path / "mail" / "new").iterdir()
    assert kept.read_bytes() == TEXT.encode()
    assert len(mailbox.Maildir(tmp_path / "mail")) == 1
    assert not any((tmp_path / "mail" / "tmp").iterdir())
    stuffed = len(TEXT) + 2
    assert told == [
        f"mail from <a@b.example> to <c@d.example>, <e@d.example>: {stuffed} octets, 'grüße'"
    ]


def test_a_mail_that_cannot_be_stored_is_refused_for_now(serving: Any, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("no folder")

    class Sink(MailSink):
        maildir = tmp_path / "mail"

    def client(server: Any) -> int:
        with smtplib.SMTP("127.0.0.1", server.ports[0], timeout=PATIENCE) as smtp:
            try:
                smtp.sendmail("a@b.example", ["c@d.example"], TEXT)
            except smtplib.SMTPDataError as error:
                return error.smtp_code
        return 250

    assert serving(client, protocol=Sink) == 452
