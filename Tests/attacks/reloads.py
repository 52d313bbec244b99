"""Reloads of very long lists while clients are served."""

import asyncio
import time
from pathlib import Path

from Tests.attacks.application import Proxy, proxied
from Tests.attacks.harness import PATIENCE, connect, must, percentile, rcpt, say, send

ENTRIES = 300_000
SLOWEST = 1.0  # seconds for an answer during a reload
DENIED = "10.%d.%d.%d"
LISTS = """\
[deny]
client_files = ["{clients}"]
recipient_files = ["{recipients}"]
"""


async def longLists(size: float) -> None:
    """Reloads of lists with 300,000 entries while clients send mails and NOOP."""
    many = max(100, int(ENTRIES * size))
    async with proxied() as proxy:
        clients = Path(proxy.folder.name) / "clients"
        recipients = Path(proxy.folder.name) / "recipients"
        lists = LISTS.format(clients=clients, recipients=recipients)
        proxy.replace("[store]\n", f"{lists}[store]\n")
        for turn in range(3):
            half = many // 2
            clients.write_text(
                "".join(f"{DENIED % (n >> 16, n >> 8 & 255, n & 255)}\n" for n in range(half))
            )
            recipients.write_text(
                "".join(f"r{turn}.{n}@y.org\n" for n in range(half)) + "last@y.org\n"
            )
            await _reloadWhileServing(proxy)
            answer = await rcpt(proxy.port, f"r{turn}.{half - 1}@y.org")
            must(answer.startswith("550"), f"a new entry does not count: {answer!r}")
            gone = await rcpt(proxy.port, f"r{turn - 1}.{half - 1}@y.org")
            must(gone.startswith("451 4.7.1"), f"an entry that was removed counts: {gone!r}")


async def _reloadWhileServing(proxy: Proxy) -> None:
    """Reload; meanwhile NOOP and mails must be answered in time."""
    noops: list[float] = []
    mails: list[float] = []
    peer = await connect(proxy.port)
    await peer.reply()
    began = time.monotonic()
    reload = asyncio.create_task(proxy.reload())
    while not reload.done():
        start = time.monotonic()
        must((await peer.ask("NOOP")).startswith("250"), "NOOP is refused")
        noops.append(time.monotonic() - start)
        start = time.monotonic()
        answer = await send(proxy.port, len(mails))
        must(answer.startswith("250"), f"during a reload, a mail received {answer!r}")
        mails.append(time.monotonic() - start)
        await asyncio.sleep(0)
    await reload
    peer.close()
    took = time.monotonic() - began
    say(
        f"reload {took:.1f} s; NOOP: median {percentile(noops, 0.5):.1f} ms, slowest"
        f" {1000 * max(noops):.0f} ms; {len(mails)} mails, slowest {1000 * max(mails):.0f} ms"
    )
    must(max(noops) < SLOWEST, f"during a reload, a NOOP takes {max(noops):.1f} s")
    must(took < PATIENCE, f"a reload takes {took:.0f} s")


ATTACKS = [longLists]
