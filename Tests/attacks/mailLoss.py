"""Mails through the proxy while the real server is killed and started repeatedly."""

import asyncio
import os
import random
import shutil
from collections import Counter
from typing import Any

from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import Server, inParallel, must, say, send


async def lossesLive(size: float, relay: str = "live") -> None:
    """10,000 mails, relayed live, while the real server is killed repeatedly."""
    many = int(10000 * size)
    async with Backend() as backend:
        async with Server(serve="proxy", settings=backend.settings(relay=relay)) as server:
            isDone = asyncio.Event()
            killing = asyncio.create_task(_killAgainAndAgain(backend, isDone))
            told: dict[int, list[str]] = {number: [] for number in range(many)}

            async def one(number: int) -> None:
                while not (told[number] and told[number][-1].startswith("250")):
                    if told[number]:
                        await asyncio.sleep(random.uniform(0.02, 0.2))
                    told[number].append(await send(server.port, number))

            await asyncio.wait_for(inParallel(one, many, 20), 400)
            isDone.set()
            deaths = await killing
            state = await server.until("connections", 0)
            say(f"{many} mails, {deaths} deaths, then {state}")
            judge(told, backend.kept())


async def lossesReplay(size: float) -> None:
    """The same, with each mail kept until it is complete."""
    await lossesLive(size, "replay")


async def _killAgainAndAgain(backend: Backend, isDone: asyncio.Event) -> int:
    deaths = 0
    while not isDone.is_set():
        await asyncio.sleep(random.uniform(0.05, 0.5))
        await backend.kill()
        deaths += 1
        await asyncio.sleep(random.uniform(0, 0.1))
        await backend.start()
    return deaths


def judge(told: dict[int, list[str]], kept: Counter[int]) -> None:
    """Check that no accepted mail is lost and that each additional copy had an unknown outcome."""
    answers = Counter(answer[:9] for each in told.values() for answer in each)
    say(f"answers: {dict(answers)}")
    missing = [n for n, each in told.items() if _has(each, "250") and not kept[n]]
    must(not missing, f"{len(missing)} accepted mails are lost")
    tooMany = [
        n for n, each in told.items() if kept[n] > _has(each, "250") + _has(each, "451 4.4.2")
    ]
    must(not tooMany, f"{[(n, kept[n], told[n]) for n in tooMany][:3]}: kept too often")
    wrong = [
        a for each in told.values() for a in each if a and not a.startswith(("250", "451 4.4"))
    ]
    must(not wrong, f"{len(wrong)} unexpected answers: {wrong[:1]}")
    duplicated = sum(1 for count in kept.values() if count > 1)
    say(f"kept {sum(kept.values())}: none lost, {duplicated} duplicated (unknown after the dot)")


def _has(answers: list[Any], code: str) -> int:
    return sum(1 for answer in answers if answer.startswith(code))


async def smtpSource(size: float) -> None:
    """10,000 mails of smtp-source in each relay mode, without kills."""
    program = shutil.which("smtp-source", path=os.environ["PATH"] + ":/usr/sbin")
    must(program, "this attack needs smtp-source, a program of Postfix")
    many = int(10000 * size)
    for relay in ("live", "replay"):
        async with Backend() as backend:
            async with Server(serve="proxy", settings=backend.settings(relay=relay)) as server:
                words = f"-s 20 -m {many} -l 1000 -f a@b.c -t d@e.f 127.0.0.1:{server.port}"
                source = await asyncio.create_subprocess_exec(program, *words.split())
                status = await asyncio.wait_for(source.wait(), 120)
                must(status == 0, f"smtp-source ended with {status}")
                await server.until("connections", 0)
            kept = sum(backend.kept().values())
            say(f"{relay}: {kept} kept")
            must(kept == many, f"of {many} mails {kept} are kept")


ATTACKS = [lossesLive, lossesReplay, smtpSource]
