"""A small mail sink: takes every mail, says so in a line, and keeps it in a Maildir.

Example usage
-------------
    class MySink(MailSink):
        maildir = "mail"

    ServerCore(protocol=MySink, port=2525).run()

How does it work?
-----------------
A mail is written into `tmp` and then moved into `new`, so that whoever looks
there finds whole mails only. It is kept byte for byte, as its sender meant it:
with the line ends that it came with, and without SMTP's extra dots.

Termination: as MailHandler.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path

from Kamaelia.Apps.Grey.Backend.MailText import MailText
from Kamaelia.Apps.Grey.StrictMailHandler import StrictMailHandler
from Kamaelia.Support.Protocol.SMTP.InputParser import TextEnded
from Kamaelia.Support.Protocol.SMTP.Reply import TAKEN, Reply
from Kamaelia.Support.Protocol.SMTP.Report import MOST_OF_HEADERS, headersOf

NOT_STORED = Reply(452, "4.3.1 The mail could not be stored, please try again later")


class MailSink(StrictMailHandler):
    """MailSink(**settings) -> takes all mail.

    maildir: where mails are kept; None: they are only told of. tell: is called
    with a line for each mail.
    """

    maildir: str | os.PathLike[str] | None = None
    tell: Callable[[str], object] = staticmethod(print)
    extensions = StrictMailHandler.extensions | {"SMTPUTF8"}
    servername = "sink.localhost"

    _text: MailText | None = None

    def shouldWeAcceptMail(self) -> bool:
        return True

    def beginMail(self) -> None:
        self._text = MailText()
        super().beginMail()

    def takeText(self, chunk: bytes) -> None:
        if self._text is not None:
            self._text.add(chunk)

    def endMail(self, event: TextEnded) -> None:
        assert self._text is not None
        reply = event.refusal or self._store(self._text, event.size)
        self._text.close()
        self.settle(reply)

    def _store(self, text: MailText, size: int) -> Reply:
        try:
            if self.maildir is not None:
                keep(text, Path(self.maildir))
        except OSError as error:
            self.noteToLog(f"a mail could not be stored in {self.maildir}: {error}")
            return NOT_STORED
        recipients = ", ".join(self.recipients)
        self.tell(f"mail from {self.sender} to {recipients}: {size} octets, {subjectOf(text)!r}")
        return TAKEN

    def cleanUp(self) -> None:
        if self._text is not None:
            self._text.close()
        super().cleanUp()


def makeMaildir(maildir: Path) -> Path:
    """The three folders of a Maildir; those that there are stay as they are."""
    for folder in ("tmp", "new", "cur"):
        (maildir / folder).mkdir(parents=True, exist_ok=True)
    return maildir


def keep(text: MailText, maildir: Path) -> Path:
    """Puts a mail into the Maildir, as a whole or not at all. Raises OSError."""
    name = f"{time.time():.6f}.{secrets.token_hex(8)}.{os.uname().nodename}"
    unfinished = makeMaildir(maildir) / "tmp" / name
    try:
        with unfinished.open("xb") as file:
            file.writelines(text.unstuffed())
        return unfinished.rename(maildir / "new" / name)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def subjectOf(text: MailText) -> str:
    """The subject of a mail, decoded; empty if it has none."""
    headers = BytesHeaderParser(policy=default).parsebytes(headersOf(text.start(MOST_OF_HEADERS)))
    return str(headers.get("Subject", ""))


__kamaelia_components__ = (MailSink,)
