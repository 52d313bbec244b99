"""Mails within mails, for a real server that takes almost anything for the end of a mail.

The proxy does not normalise line ends here. What it accepts, the real server must see as one mail.
"""

import asyncio
import itertools
import random
from collections import Counter

from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import Server, begin, inParallel, must, say

PARTS = [b"\r", b"\n", b"\0", b"\r\n"]
LONGEST = 3  # parts before and after a dot
AT_ONCE = 20
INNER = 1_000_000_000  # added to the number of a mail for the one within it
EVIDENT = b"\n.\n"
RELAYS = ("live", "replay")


async def smuggling(size: float, loop: str = "uvloop") -> None:
    """CR, LF and NUL in each order around a dot, for a real server that ends mails at any."""
    ends = _ends(size)
    for relay in RELAYS:
        async with Backend("--lax") as backend:
            await _mustBeLax(backend)
            settings = backend.settings(relay=relay)
            async with Server(serve="proxy", settings=settings, loop=loop) as server:

                async def one(number: int, port: int = server.port) -> str:
                    return await _smuggle(port, 1 + number, ends[number])

                answers = await inParallel(one, len(ends), AT_ONCE)
                await server.until("connections", 0)
            _judge(relay, ends, answers, backend.kept() - Counter([0, INNER]))


async def smugglingAsyncio(size: float) -> None:
    """The same on asyncio's event loop."""
    await smuggling(size, "asyncio")


def _isHarmless(end: bytes) -> bool:
    """Return whether it contains no CR, LF or NUL that stands alone."""
    return not end.replace(b"\r\n", b"").strip(b".")


def _ends(size: float) -> list[bytes]:
    """Return what is sent around a dot; the correct end of a mail is not among it."""
    sides = [
        b"".join(each) for n in range(LONGEST + 1) for each in itertools.product(PARTS, repeat=n)
    ]
    ends = sorted({before + b"." + after for before in sides for after in sides})
    ends = [each for each in ends if b"\r\n.\r\n" not in each]
    harmless = list(filter(_isHarmless, ends))
    others = list(itertools.filterfalse(_isHarmless, ends))
    return harmless + random.sample(others, min(len(others), int(len(others) * size) + 100))


async def _mustBeLax(backend: Backend) -> None:
    """Check that without the proxy, the real server takes one mail for two."""
    await _smuggle(backend.port, 0, EVIDENT)
    must(backend.kept() == Counter([0, INNER]), "the real server is strict: this tests nothing")


async def _smuggle(port: int, number: int, end: bytes) -> str:
    """Send a mail with another in it, in two pieces; return the answer."""
    inner = b"MAIL FROM:<e@x.org>\r\nRCPT TO:<b@y.org>\r\nDATA\r\nSubject: %d\r\n\r\nx\r\n.\r\n"
    data = b"Subject: %d\r\n\r\nx" % number + end + inner % (INNER + number)
    peer = await begin(port)
    try:
        for line in ("RCPT TO:<b@y.org>", "DATA"):
            await peer.ask(line)
        cut = data.index(end) + random.randrange(len(end) + 1)
        peer.write(data[:cut])
        await asyncio.sleep(random.choice([0, 0.002]))
        peer.write(data[cut:])
        answer = await peer.reply()
        if number == 0:  # without the proxy there is an answer to each mail and command
            await peer.hear(len(b"250 taken\r\n") * 4, 1)
        return answer
    finally:
        peer.close()


def _judge(relay: str, ends: list[bytes], answers: list[str], kept: Counter[int]) -> None:
    """Check that exactly the accepted mails are kept, and none that was within another."""
    inner = [ends[n - INNER - 1] for n in kept if n >= INNER]
    must(not inner, f"{relay}: {len(inner)} mails were smuggled, the first by {inner[:1]}")
    taken = {1 + n for n, answer in enumerate(answers) if answer.startswith("250")}
    must(set(kept) == taken, f"{relay}: kept and accepted differ: {set(kept) ^ taken}")
    must(max(kept.values(), default=0) <= 1, f"{relay}: a mail was kept twice")
    codes = Counter(answer[:9] for answer in answers)
    must(set(codes) <= {"250 taken", "550 5.5.2"}, f"{relay}: the answers are {codes}")
    wrong = [
        end
        for end, answer in zip(ends, answers, strict=True)
        if answer.startswith("250") != _isHarmless(end)
    ]
    must(not wrong, f"{relay}: the answers about {wrong[:3]} are wrong")
    say(f"{relay}: {len(ends)} line ends: {dict(codes)}; none smuggled")


ATTACKS = [smuggling, smugglingAsyncio]
