"""Clients that send spam and do not retry, and broken clients.

Example usage
-------------
    await burst(soak)              # spam from many clients of one network
    await twins(soak)              # the same attempt on two connections at once
    await crowd(soak)              # many pairs of one client that pass at once
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from Tests.soak.connection import Connection
from Tests.soak.journal import OURS, SPAMMERS, Mail

GARBAGE = [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    b"EHLO x\r\nMAIL FROM:<a\x00b@c.example>\r\n",
    b"HELO a b c\r\n",
    b"X" * 5000,
    b"MAIL FROM:<a@b@c>\r\n",
    b"\r\n\r\n\r\n",
    b"RCPT TO:<u1@ours.example>\r\n",
    b"EHLO x\nMAIL FROM:<a@b.example>\n",
]


async def burst(soak: Any) -> None:
    """Send spam from many clients of one network."""
    rng = soak.rng
    network = f"127.{rng.randint(100, 140)}.{rng.randint(0, 255)}"
    domain = f"spam{rng.randrange(SPAMMERS)}.example"
    ways = rng.choices(list(WAYS), list(WAYS.values()), k=rng.randint(5, 40))

    async def one(way: Callable[..., Awaitable[None]]) -> None:
        await asyncio.sleep(rng.uniform(0, 1.0))
        await way(soak, f"{network}.{rng.randint(1, 254)}", spam(soak, domain))

    await asyncio.gather(*map(one, ways))


def spam(soak: Any, domain: str) -> Mail:
    """Return a new spam mail."""
    rng = soak.rng
    recipients = {f"<u{rng.randrange(60)}@{OURS}>" for _ in range(rng.randint(1, 3))}
    sender = f"<{rng.choice('abcdefgh')}x{rng.choice('ijklmnop')}@{domain}>"
    mail: Mail = soak.journal.mail(sender, sorted(recipients), isHonest=False)
    return mail


async def once(soak: Any, address: str, mail: Mail) -> None:
    """Try once and never again."""
    async with Connection(soak, address) as connection:
        if await connection.begin("HELO spam"):
            await connection.offer(mail, mail.open())


async def again(soak: Any, address: str, mail: Mail) -> None:
    """Try several times, with random waits."""
    for _ in range(soak.rng.randint(2, 5)):
        await once(soak, address, mail)
        await asyncio.sleep(soak.rng.expovariate(1 / soak.times.minDefer))


async def atTheBoundary(soak: Any, address: str, mail: Mail) -> None:
    """Retry exactly when one rule ends and another begins."""
    times = soak.times
    for wait in (times.tooSoon, times.minDefer, times.maxDefer):
        await once(soak, address, mail)
        if mail.open():
            await asyncio.sleep(wait + soak.rng.uniform(-0.01, 0.01))
    await once(soak, address, mail)


async def early(soak: Any, address: str, mail: Mail) -> None:
    """Send all commands before the greeting, and count the answers."""
    async with Connection(soak, address) as connection:
        recipient = mail.open()[0]
        lines = ["EHLO early", f"MAIL FROM:{mail.sender}", f"RCPT TO:{recipient}"]
        start = soak.clock()
        connection.peer.write("".join(f"{line}\r\n" for line in lines).encode())
        answers = [await connection.hear()]
        while answers[-1].startswith("2") and len(answers) < 4:
            answers.append(await connection.hear())
        soak.journal.tally[f"early: {answers[-1][:9].strip()}"] += 1
        if len(answers) == 4:
            soak.journal.asked(address, mail, recipient, start, soak.clock(), answers[3])


async def disconnect(soak: Any, address: str, mail: Mail) -> None:
    """Disconnect before the answer arrives, sometimes with a reset."""
    recipient = mail.open()[0]
    async with Connection(soak, address) as connection:
        if not await connection.begin():
            return
        if not (await connection.say(f"MAIL FROM:{mail.sender}")).startswith("250"):
            return
        start = soak.clock()
        connection.peer.write(f"RCPT TO:{recipient}\r\n".encode())
        await asyncio.sleep(soak.rng.choice([0, 0, 0.001, 0.01]))
        if soak.rng.random() < 0.5:
            connection.peer.reset()
        connection.leaveUnheard(mail, recipient, start)


async def garbage(soak: Any, address: str, mail: Mail) -> None:
    """Send garbage."""
    async with Connection(soak, address) as connection:
        await connection.hear()
        connection.peer.write(soak.rng.choice(GARBAGE))
        await connection.hear()


async def openRelay(soak: Any, address: str, mail: Mail) -> None:
    """Look for an open relay."""
    async with Connection(soak, address) as connection:
        if await connection.begin():
            await connection.say(f"MAIL FROM:{mail.sender}")
            answer = await connection.say("RCPT TO:<victim@elsewhere.example>")
            if answer and not answer.startswith(("550 5.7.1", "421", "503")):
                soak.journal.strange.append(f"an open relay: {answer!r}")


async def silent(soak: Any, address: str, mail: Mail) -> None:
    """Send nothing after the greeting; the proxy must end the connection."""
    async with Connection(soak, address) as connection:
        if await connection.begin():
            answer = await connection.hear()
            if answer and not answer.startswith("421"):
                soak.journal.strange.append(f"a silent client received {answer!r}")


async def slow(soak: Any, address: str, mail: Mail) -> None:
    """Send a byte from time to time, and no QUIT."""
    async with Connection(soak, address) as connection:
        if await connection.begin():
            for letter in b"NOOP\r\n" * 3:
                connection.peer.write(bytes([letter]))
                await asyncio.sleep(soak.rng.uniform(0, 0.2))


WAYS: dict[Callable[..., Awaitable[None]], int] = {
    once: 50,
    again: 15,
    atTheBoundary: 4,
    early: 8,
    disconnect: 8,
    garbage: 6,
    openRelay: 3,
    silent: 2,
    slow: 2,
}


async def twins(soak: Any) -> None:
    """Make the same attempt on several connections at once, at each boundary."""
    rng, times = soak.rng, soak.times
    network = f"127.60.{rng.randint(0, 255)}"
    mail = spam(soak, "twins.example")
    waits = [0.0, times.tooSoon, times.minDefer, times.maxDefer * 1.05, times.minDefer * 1.1]
    for wait in waits:
        await asyncio.sleep(wait)
        both = (attempt(soak, f"{network}.{each}", mail) for each in (1, 2, 3)[: rng.randint(2, 3)])
        await asyncio.gather(*both)


async def crowd(soak: Any) -> None:
    """Let more pairs of a client pass at once than make it a regular."""
    rng, times = soak.rng, soak.times
    address = f"127.61.{rng.randint(0, 255)}.1"
    mails = [spam(soak, f"crowd{number}.example") for number in range(times.passes + 2)]
    for wait in (0.0, times.minDefer * rng.uniform(1.0, 1.3), times.minDefer):
        await asyncio.sleep(wait)
        await asyncio.gather(*(attempt(soak, address, mail) for mail in mails))


async def attempt(soak: Any, address: str, mail: Mail) -> None:
    """Ask for the first recipient of a mail, and send no mail."""
    async with Connection(soak, address) as connection:
        if await connection.begin():
            await connection.say(f"MAIL FROM:{mail.sender}")
            if not connection.peer.isOver:
                await connection.ask(mail, next(iter(mail.units)))
                connection.peer.write(b"RSET\r\nQUIT\r\n"[: soak.rng.choice([6, 12])])
                await connection.hear()
