"""A connection of a client to the proxy, from any address of 127.0.0.0/8, recorded in the journal.

Example usage
-------------
    async with Connection(soak, "127.3.4.5") as connection:
        if await connection.begin():
            await connection.offer(mail, mail.open())
"""

import asyncio
from contextlib import suppress
from typing import Any

from Tests.attacks.harness import Broken, Peer
from Tests.soak.clientStates import ACCEPTED, Span
from Tests.soak.journal import FAR, Delivery, Mail

PATIENCE = 12.0  # seconds for an answer, more than the timeouts of the proxy
LATER = 1.0  # seconds in which data may still be read after its sender has disconnected


class Connection:
    """A connection from `address`; `isOpen` is whether it was established."""

    def __init__(self, soak: Any, address: str) -> None:
        self.soak = soak
        self.journal = soak.journal
        self.address = address
        self.peer = Peer()
        self.isOpen = False

    async def __aenter__(self) -> "Connection":
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self.soak.connect(self.peer, self.address)
            self.isOpen = True
        self.peer.isOver = not self.isOpen
        self.journal.tally["sessions" if self.isOpen else "not connected"] += 1
        return self

    async def __aexit__(self, *_: Any) -> None:
        if self.peer.transport is not None:
            self.peer.close()

    async def hear(self) -> str:
        """Return the next reply, or "" if none arrives."""
        try:
            return await self.peer.reply(PATIENCE)
        except Broken:
            self.journal.strange.append(f"no answer in {PATIENCE:g} s for {self.address}")
            return ""

    async def say(self, line: str) -> str:
        """Send a line and return the reply."""
        self.peer.write(line.encode() + b"\r\n")
        return await self.hear()

    async def begin(self, hello: str = "EHLO client.example") -> bool:
        """Send the hello; return whether the proxy accepts the client."""
        if not self.isOpen or not (await self.hear()).startswith("220"):
            return False
        return (await self.say(hello)).startswith("250")

    async def offer(self, mail: Mail, recipients: list[str]) -> None:
        """Offer a mail for these recipients, and record the result for each of them."""
        if not (await self.say(f"MAIL FROM:{mail.sender}")).startswith("250"):
            return
        begun = self.soak.clock()
        accepted = [each for each in recipients if await self.ask(mail, each)]
        if accepted and not self.peer.isOver:
            await self.send(mail, accepted, begun)
        elif not self.peer.isOver:
            await self.say("RSET")

    async def ask(self, mail: Mail, recipient: str) -> bool:
        """Send RCPT; return whether the recipient was accepted."""
        start = self.soak.clock()
        reply = await self.say(f"RCPT TO:{recipient}")
        if mail.sender == "<>" and reply.startswith("250"):
            return True  # decided at DATA
        isReal = mail.sender != "<>" or reply.startswith("550 5.7.1")
        if isReal:
            self.journal.asked(self.address, mail, recipient, start, self.soak.clock(), reply)
        if reply.startswith("5"):
            mail.units[recipient].isDone = True
        return reply.startswith("250")

    async def send(self, mail: Mail, accepted: list[str], begun: float) -> None:
        """Send DATA, the text and the final dot."""
        start = self.soak.clock()
        reply = await self.say("DATA")
        if mail.sender == "<>":
            verdict = self.journal.askedTogether(
                self.address, mail, accepted, start, self.soak.clock(), reply
            )
            if verdict != ACCEPTED:
                return
        if not reply.startswith("354"):
            for each in accepted if reply.startswith("5") else ():
                mail.units[each].isDone = True
            return
        dot = self.soak.clock()
        self.peer.write(mail.text + b".\r\n")
        reply = await self.hear()
        end = self.soak.clock() + (0 if reply else LATER)
        if not reply.startswith("5"):
            spans = Span(begun, end), Span(dot, end)
            self.journal.deliveries.append(Delivery(self.address, mail, accepted, *spans, reply))
        self.journal.tally[f"after the dot {reply[:3] or 'nothing'}"] += 1
        for each in accepted:
            mail.units[each].heard(reply)
        if reply[:1] not in ("", "2", "4") and not (FAR in reply or reply.startswith("554 5.6.3")):
            self.journal.strange.append(f"an unexpected answer to the dot: {reply}")

    def leaveUnheard(self, mail: Mail, recipient: str, start: float) -> None:
        """Record an attempt whose answer the client does not wait for."""
        self.journal.asked(self.address, mail, recipient, start, self.soak.clock() + LATER, "")
