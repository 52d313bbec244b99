"""Sends mails to a greylisting server to demonstrate each possible result.

Example usage
-------------
    DemoClient("127.0.0.1", 1025, delay=20, domain="example.org", tell=print).activate()

How does it work?
-----------------
Like any mail server it retries a deferred mail: once too early, and once after `delay` seconds.
A second mail of the same sender passes at once, and a mail to a foreign domain is refused.

Termination: after the last mail, or with its program.
"""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable
from contextlib import suppress

from Axon.Component import component

PATIENCE = 30  # seconds for one mail
STEPS = [  # the fraction of the delay before the step, its description, the domain if not ours
    (0, "a mail from a new sender", ""),
    (1 / 2, "the same mail again, too early", ""),
    (1, "the same mail again, in time", ""),
    (1, "a second mail of the same sender", ""),
    (1, "a mail to a domain that is not ours", "elsewhere.example"),
]


class DemoClient(component):
    """DemoClient(host, port, delay, domain, tell) -> sends the mails of STEPS.

    delay: seconds after which a retry passes. tell: called with a line before each mail,
    and at the end.
    """

    Inboxes = {"inbox": "not used", "control": "not used: it ends after its last step"}
    Outboxes = {"outbox": "not used", "signal": "not used"}

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
        first = clock.time()  # when the first mail was answered: its delay has begun before
        for part, what, domain in STEPS:
            due = first + part * self.delay + (0.5 if part == 1 else 0)
            await asyncio.sleep(max(0.0, due - clock.time()))
            self.tell(f"Sending {what} ...")
            recipient = f"you@{domain or self.domain}"
            await asyncio.to_thread(sendOne, *self.where, recipient)
            if part == 0:
                first = clock.time()
        self.tell("That was the last mail. Send one of your own, or press Ctrl-C to stop.")


def sendOne(host: str, port: int, recipient: str) -> None:
    """Send a mail and ignore the reply, which the server shows. Raise OSError without a server."""
    text = f"From: me@example.com\r\nTo: {recipient}\r\nSubject: Hello\r\n\r\nHello!\r\n"
    with suppress(smtplib.SMTPException), smtplib.SMTP(host, port, timeout=PATIENCE) as smtp:
        smtp.sendmail("me@example.com", recipient, text)


__kamaelia_components__ = (DemoClient,)
