"""Attacks with policies that answer wrongly, and with real servers that answer anything.

No answer of a policy but True (or 1) may open a relay, and no answer of a real server but 250
after the dot may tell a client that its mail was accepted.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable

from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import Server, connect, inParallel, must, say

HOOKS = [
    "sentFromAllowedIPAddress",
    "sentFromAllowedNetwork",
    "sentToADomainWeForwardFor",
    "shouldWeAcceptRecipient",
    "shouldWeAcceptMail",
]
ANSWERS = [
    "async-False",
    "async-text",
    "generator",
    "asynchronous-generator",
    "text",
    "2",
    "object",
]
SESSIONS = 1000
AT_ONCE = 20
STAGES = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot"]
RIGHT = {
    "greeting": b"220 far ready\r\n",
    "EHLO": b"250-far\r\n250-SIZE 100000\r\n250 8BITMIME\r\n",
    "DATA": b"354 go on\r\n",
}
GARBAGE: list[Callable[[], bytes]] = [
    lambda: os.urandom(random.randrange(1, 300)) + b"\r\n",
    lambda: b"\r\n" * random.randrange(1, 100),
    lambda: b"250-more\r\n" * random.randrange(1, 1000) + b"421 4.3.2 bye\r\n",
    lambda: b"250-a\r\n550 b\r\n",
    lambda: b"354 go on\r\n354 again\r\n",
    lambda: b"999 what\r\n",
    lambda: b"250 " + b"x" * 100_000,
    lambda: b"",
]


async def wrongAnswers(size: float) -> None:
    """Policy hooks that are asynchronous, or return anything: none of them opens a relay."""
    async with Backend() as backend:
        for relay in ("live", "replay"):
            async with Server(serve="policy", settings=backend.settings(relay=relay)) as server:
                for hook in HOOKS:
                    for answer in ANSWERS:
                        await _mustBeRefused(server.port, f"{hook}/{answer}", relay)
        must(not backend.kept(), "a mail was relayed")
    say(f"{2 * len(HOOKS) * len(ANSWERS)} policies, each refused")


async def _mustBeRefused(port: int, choice: str, relay: str) -> None:
    """Send a mail to a domain that is not ours; `choice` names the hook and its answer."""
    peer = await connect(port)
    answer = ""
    for line in ("", f"EHLO {choice}", "MAIL FROM:<a@x.org>", "RCPT TO:<b@elsewhere.org>"):
        answer = await (peer.ask(line) if line else peer.reply())
    must(answer[:3] in ("250", "451", "550"), f"{choice} ({relay}) is answered {answer!r}")
    if answer.startswith("250"):
        answer = await peer.ask("DATA")
        must(answer[:1] in ("4", "5"), f"{choice} ({relay}) opens a relay: {answer!r}")
    peer.close()


async def hostileServer(size: float) -> None:
    """1,000 mails to a real server that sends garbage at a stage: each is answered 4xx or 5xx."""
    far = await asyncio.start_server(_sayGarbage, "127.0.0.1", 0)
    port = far.sockets[0].getsockname()[1]
    for relay in ("live", "replay"):
        settings = {"smtp_ip": "127.0.0.1", "smtp_port": port, "relay": relay}
        settings["smtp_timeouts"] = dict.fromkeys([*STAGES, "connect", "HELO"], 2)
        answers: Counter[str] = Counter()
        async with Server(serve="proxy", settings=settings) as server:

            async def one(
                number: int, server: Server = server, counts: Counter[str] = answers
            ) -> None:
                answer = await _lastAnswer(server.port)
                must(answer[:1] in ("4", "5"), f"a mail that no server has is answered {answer!r}")
                counts[answer[:9]] += 1

            await inParallel(one, int(SESSIONS * size) or 1, AT_ONCE)
            await server.until("connections", 0)
        say(f"{relay}: {dict(answers)}")
    far.close()


async def _lastAnswer(port: int) -> str:
    """Send a mail; return the answer to its dot, or the first refusal."""
    peer = await connect(port)
    try:
        for line in ("", "EHLO x.org", "MAIL FROM:<a@x.org>", "RCPT TO:<b@y.org>", "DATA"):
            answer = await (peer.ask(line) if line else peer.reply())
            if answer[:1] not in ("2", "3"):
                return answer
        peer.write(b"Subject: 1\r\n\r\nHello\r\n.\r\n")
        return await peer.reply()
    finally:
        peer.close()


async def _sayGarbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer correctly up to a stage that is drawn, and with garbage there."""
    bad = random.choice(STAGES)
    stage = "greeting"
    try:
        while True:
            writer.write(
                random.choice(GARBAGE)() if stage == bad else RIGHT.get(stage, b"250 ok\r\n")
            )
            await writer.drain()
            if stage == bad and random.random() < 0.5:
                return
            if stage == "DATA":
                await reader.readuntil(b"\r\n.\r\n")
                stage = "dot"
            else:
                stage = (await reader.readline()).split()[:1][0].decode().upper()
    except (OSError, IndexError, asyncio.IncompleteReadError):
        """The proxy has gone."""
    finally:
        writer.close()


ATTACKS = [wrongAnswers, hostileServer]
