"""A small mail sink: accepts every mail, prints a line about it, and stores it in a Maildir.

Example usage
-------------
    class MySink(MailSink):
        maildir = "mail"

    ServerCore(protocol=MySink, port=2525).run()

How does it work?
-----------------
A mail is written into `tmp` and then moved into `new`, so `new` contains only complete mails.
It is stored byte for byte, with its original line ends and without SMTP's stuffed dots.

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
    """MailSink(**settings) -> accepts all mail.

    maildir: the folder for mails; None: mails are only reported. tell: called with a line for
    each mail.
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
    """Create the three folders of a Maildir, if missing, and return it."""
    for folder in ("tmp", "new", "cur"):
        (maildir / folder).mkdir(parents=True, exist_ok=True)
    return maildir


def keep(text: MailText, maildir: Path) -> Path:
    """Store a mail in the Maildir atomically, and return its path. Raise OSError."""
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
    """Return the decoded subject of a mail, or "" if it has none."""
    headers = BytesHeaderParser(policy=default).parsebytes(headersOf(text.start(MOST_OF_HEADERS)))
    return str(headers.get("Subject", ""))


__kamaelia_components__ = (MailSink,)
