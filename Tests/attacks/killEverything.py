"""Mails through the application while the real server, the proxy, workers and clients are killed.

A client that is killed, or that receives no answer, sends its mail again, as a queue does. Each
copy beyond the first must belong to an attempt of unknown outcome: its dot was sent, and its
answer was lost by a kill, or was 451 4.4.2.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from Tests.attacks.application import Proxy
from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import Peer, connect, inParallel, must, say

MAILS = 2000
AT_ONCE = 20
KILLED = 0.15  # the share of clients that are killed within SOON
SOON = 0.03  # seconds
BETWEEN = (20, 150)  # mails between two kills of the proxy or of a worker
BETWEEN_BACKEND = (10, 60)  # mails between two kills of the real server


class Attempt(NamedTuple):
    """One attempt to send a mail: the last answer, and whether the dot was sent."""

    answer: str
    isDotSent: bool

    def isUnknown(self) -> bool:
        """Return whether the mail may have been kept without the client's knowledge."""
        return self.isDotSent and (self.answer == "" or self.answer.startswith("451 4.4.2"))


async def attempt(port: int, number: int) -> Attempt:
    """Send one mail, and perhaps be killed."""
    try:
        peer = await connect(port)
    except OSError:
        return Attempt("", False)
    if random.random() < KILLED:
        asyncio.get_running_loop().call_later(random.uniform(0, SOON), peer.reset)
    try:
        return await talk(peer, number)
    finally:
        peer.close()


async def talk(peer: Peer, number: int) -> Attempt:
    said = [
        *("", "EHLO attack.example.org", f"MAIL FROM:<n{number}@x.org>", "RCPT TO:<b@y.org>"),
        "DATA",
    ]
    for line in said:
        answer = await (peer.ask(line) if line else peer.reply())
        if answer[:1] not in ("2", "3"):
            return Attempt(answer, False)
    isDotSent = not peer.isOver
    peer.write(b"Subject: %d\r\n\r\n%s\r\n.\r\n" % (number, b"x" * random.randrange(20000)))
    return Attempt(await peer.reply(), isDotSent)


async def killAgainAndAgain(
    kill: Any, between: tuple[int, int], taken: Callable[[], int], many: int
) -> int:
    """Kill after a number of accepted mails, independently of the speed of the machine."""
    deaths = due = 0
    while taken() < many:
        if taken() >= due:
            due = taken() + random.randint(*between)
            await asyncio.sleep(random.uniform(0, SOON))
            await kill()
            deaths += 1
        await asyncio.sleep(0.002)
    return deaths


async def killAll(size: float, workers: int, relay: str) -> None:
    many = int(MAILS * size)
    tried: dict[int, list[Attempt]] = {number: [] for number in range(many)}
    async with Backend() as backend:
        proxy = Proxy(backend, workers, relay)

        async def killBackend() -> None:
            await backend.kill()
            await asyncio.sleep(random.uniform(0, 0.1))
            await backend.start()

        async def one(number: int) -> None:
            while not (tried[number] and tried[number][-1].answer.startswith("250")):
                if tried[number]:
                    await asyncio.sleep(random.uniform(0.02, 0.3))
                tried[number].append(await attempt(proxy.port, number))

        def taken() -> int:
            return sum(each[-1].answer.startswith("250") for each in tried.values() if each)

        await proxy.start()
        killing = [
            asyncio.create_task(killAgainAndAgain(killBackend, BETWEEN_BACKEND, taken, many)),
            asyncio.create_task(killAgainAndAgain(proxy.kill, BETWEEN, taken, many)),
        ]
        try:
            await asyncio.wait_for(inParallel(one, many, AT_ONCE), 1800)
            deaths = await asyncio.gather(*killing)
        finally:
            await proxy.end()
        say(f"{relay}, {workers} worker(s): {many} mails, {deaths[0]} deaths of the real server,")
        say(f"    {deaths[1]} of the proxy or a worker")
        judge(tried, backend.kept())
        must("Traceback" not in proxy.log(), f"the proxy had an error: {proxy.log()[-3000:]}")


def judge(tried: dict[int, list[Attempt]], kept: Counter[int]) -> None:
    """Check that no mail is lost and each additional copy has an attempt of unknown outcome."""
    answers = Counter(each.answer[:9] for attempts in tried.values() for each in attempts)
    say(f"    answers: {dict(answers)}")
    lost = [number for number in tried if not kept[number]]
    must(not lost, f"{len(lost)} mails are lost: {lost[:3]}")
    unmatched = [
        number
        for number, attempts in tried.items()
        if kept[number] - 1 > sum(each.isUnknown() for each in attempts)
    ]
    must(not unmatched, f"{[(n, kept[n], tried[n]) for n in unmatched][:3]}: kept too often")
    expected = ("250", "451 4.", "421 4.")
    wrong = [answer for answer in answers if answer and not answer.startswith(expected)]
    must(not wrong, f"unexpected answers: {wrong[:3]}")
    duplicated = sum(kept[number] - 1 for number in tried)
    unknown = sum(each.isUnknown() for attempts in tried.values() for each in attempts)
    say(f"    0 lost, {duplicated} duplicated, {unknown} attempts of unknown outcome")


async def killAllLive(size: float) -> None:
    """2,000 mails, relayed live, with one and two workers, while everything is killed."""
    for workers in (1, 2):
        await killAll(size, workers, "live")


async def killAllReplay(size: float) -> None:
    """The same, with each mail kept until it is complete."""
    for workers in (1, 2):
        await killAll(size, workers, "replay")


ATTACKS = [killAllLive, killAllReplay]
