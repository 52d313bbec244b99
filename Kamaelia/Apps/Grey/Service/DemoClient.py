"""Sends mails to a greylisting server, so that one sees each thing that may happen to a mail.

Example usage
-------------
    Newcomer("127.0.0.1", 1025, delay=20, domain="example.org", tell=print).activate()

How does it work?
-----------------
Like any server of mail it comes back with what was deferred: once too early, and
once after `delay` seconds. A second mail of the same kind passes at once, and one
to a domain that is nobody's here is refused.

Termination: when all has been tried, or its program ends.
"""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable
from contextlib import suppress

from Axon.Component import component

PATIENCE = 30  # seconds for one mail
STORY = [  # the part of the delay after which it begins, what is tried, and at whose domain
    (0, "a stranger's mail", ""),
    (1 / 2, "the same mail again, too early", ""),
    (1, "the same mail again, in time", ""),
    (1, "a second mail of the same sender", ""),
    (1, "a mail to a domain that is not ours", "elsewhere.example"),
]


class Newcomer(component):
    """Newcomer(host, port, delay, domain, tell) -> sends the mails of STORY.

    delay: seconds after which a retry passes. tell: called with a line before each mail,
    and at the end.
    """

    Inboxes = {"inbox": "nothing", "control": "nothing: it ends with its story"}
    Outboxes = {"outbox": "nothing", "signal": "nothing"}

    def __init__(
        self, host: str, port: int, delay: float, domain: str, tell: Callable[[str], object]
    ) -> None:
        super().__init__()
        self.where = (host, port)
        self.delay = delay
        self.domain = domain
        self.tell = tell

    async def main(self) -> None:
        clock = asyncio.get_running_loop()
        began = clock.time()
        for part, what, domain in STORY:
            due = began + part * self.delay + (0.5 if part == 1 else 0)
            await asyncio.sleep(max(0.0, due - clock.time()))
            self.tell(f"Sending {what} ...")
            recipient = f"you@{domain or self.domain}"
            await asyncio.to_thread(sendOne, *self.where, recipient)
        self.tell("That was all. Send one of your own, or end it with Ctrl-C.")


def sendOne(host: str, port: int, recipient: str) -> None:
    """Sends a mail. What became of it, the server shows. Raises OSError where there is none."""
    text = f"From: me@example.com\r\nTo: {recipient}\r\nSubject: Hello\r\n\r\nHello!\r\n"
    with suppress(smtplib.SMTPException), smtplib.SMTP(host, port, timeout=PATIENCE) as smtp:
        smtp.sendmail("me@example.com", recipient, text)


__kamaelia_components__ = (Newcomer,)
