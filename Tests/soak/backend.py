"""The real server of the soak test, with faults that can be switched on.

Example usage
-------------
    backend = Backend(journal)
    await backend.start()
    backend.faults["dot"] = TAKE_AND_HANG_UP
    backend.kill()

How does it work?
-----------------
Without a fault it accepts everything. A fault belongs to one stage of the session: a reply code,
or one of the constants below. It records a mail in the journal before it answers. kill() resets
all connections and closes the port.
"""

import asyncio
import re
from typing import Any

from Tests.soak.journal import FAR, Journal

HANG_UP, SILENCE, TAKE_AND_HANG_UP, TAKE_IN_SILENCE, SLOW = (
    "hang up",
    "silence",
    "take and hang up",
    "take in silence",
    "slow",
)
STAGES = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot")
CODES = {"greeting": 220, "DATA": 354, "QUIT": 221}
SUBJECT = re.compile(rb"Subject: (\d+)\r\n")
LATE = 0.3  # seconds until a slow answer


class Backend:
    """A real server on 127.0.0.1."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.faults: dict[str, str] = {}  # by stage
        self.port = 0
        self.open: set[Any] = set()
        self._server: Any = None

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Conversation(self), "127.0.0.1", self.port, backlog=500, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def kill(self) -> None:
        """Close the port and reset all connections."""
        self._server.close()
        for each in list(self.open):
            each.transport.abort()


class Conversation(asyncio.Protocol):
    """One SMTP session."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.got = b""
        self.isText = self.isDeaf = False
        self.recipients: list[str] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.backend.open.add(self)
        self.answer("greeting")

    def connection_lost(self, error: Exception | None) -> None:
        self.backend.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self.got += data
        while not self.isDeaf:
            end = b"\r\n.\r\n" if self.isText else b"\r\n"
            one, found, rest = self.got.partition(end)
            if not found:
                return
            self.got = rest
            if self.isText:
                self.isText = False
                self.takeMail(one + b"\r\n")
            else:
                self.handle(one.decode("utf-8", "surrogateescape"))

    def handle(self, line: str) -> None:
        verb = line[:4].upper()
        isTaken = self.answer(verb)
        if verb == "MAIL":
            self.recipients = []
        elif verb == "RCPT" and isTaken:
            self.recipients.append(line.partition(":")[2].split()[0])
        elif verb == "DATA":
            self.isText = isTaken
        elif verb == "QUIT":
            self.transport.close()

    def takeMail(self, text: bytes) -> None:
        fault = self.backend.faults.get("dot", "")
        if fault in ("", SLOW, TAKE_AND_HANG_UP, TAKE_IN_SILENCE):
            subject = SUBJECT.match(text)
            self.backend.journal.tally["taken without an answer"] += fault not in ("", SLOW)
            self.backend.journal.kept(int(subject[1]) if subject else -1, self.recipients, text)
        self.answer("dot")

    def answer(self, stage: str) -> bool:
        """Answer at a stage; return whether the answer is positive."""
        fault = self.backend.faults.get(stage, "")
        if fault in (HANG_UP, TAKE_AND_HANG_UP):
            self.transport.abort()
        if fault in (HANG_UP, TAKE_AND_HANG_UP, SILENCE, TAKE_IN_SILENCE):
            self.isDeaf = True
            return False
        code = int(fault) if fault.isdigit() else CODES.get(stage, 250)
        words = f"{code} {FAR}\r\n" if stage != "EHLO" else f"{code}-{FAR}\r\n{code} 8BITMIME\r\n"
        if fault == SLOW:
            asyncio.get_running_loop().call_later(LATE, self.write, words.encode())
        else:
            self.write(words.encode())
        return code < 400

    def write(self, words: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(words)
