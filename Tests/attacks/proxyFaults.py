"""Attacks on the whole mail proxy: on lists, on the ends of mails, on fairness and on metrics."""

import asyncio
import socket
import time

from Tests.attacks.application import proxied
from Tests.attacks.harness import begin, connect, inParallel, must, percentile, say

DENIED = '[deny]\nrecipients = ["closed@y.org"]\n'
SPELLINGS = [
    "closed@y.org",
    "CLOSED@y.org",
    "closed@Y.ORG",
    '"closed"@y.org',
    r'"c\losed"@y.org',
    r'"\c\l\o\s\e\d"@Y.Org',
    "closed@y.org.",
]
FLOODERS = 5
PIPELINED = 2000  # recipients in one write
SLOWEST = 1.0  # seconds for a NOOP meanwhile
IDLE = 200


async def spellings(size: float) -> None:
    """A denied recipient in each spelling of its address."""
    async with proxied(DENIED) as proxy:
        for spelling in SPELLINGS:
            peer = await begin(proxy.port)
            answer = await peer.ask(f"RCPT TO:<{spelling}>")
            must(answer.startswith("550"), f"{spelling} evades the list: {answer}")
            peer.close()
    say(f"{len(SPELLINGS)} spellings, each refused")


async def textAndMore(size: float) -> None:
    """Mails with QUIT, line ends or garbage in the segment of their final dot."""
    rests = [b"QUIT\r\n", b"\r\n", b"NOOP\r\nQUIT\r\n", b"garbage\r\n", b"\0\xff\n"]
    async with proxied() as proxy:
        for rest in rests:
            peer = await begin(proxy.port)
            for line in ("RCPT TO:<b@y.org>", "DATA"):
                await peer.ask(line)
            peer.write(b"Subject: 1\r\n\r\nHello\r\n.\r\n" + rest)
            answer = await peer.reply()
            must(answer.startswith("250"), f"a mail before {rest!r} is refused: {answer}")
            peer.close()
    say(f"{len(rests)} mails, each accepted by its own octets")


async def pipelineFlood(size: float) -> None:
    """Five clients that pipeline recipients without end, beside one that sends NOOP."""
    async with proxied() as proxy:
        flood = b"RCPT TO:<b@y.org>\r\n" * int(PIPELINED * size)
        flooders = [await begin(proxy.port) for _ in range(FLOODERS)]
        other = await begin(proxy.port)
        for each in flooders:
            each.write(flood)
        times = []
        for _ in range(50):
            began = time.monotonic()
            must((await other.ask("NOOP")).startswith("250"), "NOOP is refused")
            times.append(time.monotonic() - began)
        say(f"NOOP: median {percentile(times, 0.5):.1f} ms, slowest {1000 * max(times):.0f} ms")
        must(max(times) < SLOWEST, f"a NOOP takes {max(times):.1f} s beside {FLOODERS} floods")
        for each in [*flooders, other]:
            each.reset()


async def idleAtMetrics(size: float) -> None:
    """200 idle connections to the metrics port, then one scrape."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with proxied(f'[metrics]\naddress = "0.0.0.0:{port}"\n'):
        idle = await inParallel(lambda _: connect(port), int(IDLE * size) or 1)
        scraper = await connect(port)
        scraper.write(b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n")
        answer = await scraper.hear(100, seconds=5)
        must(answer.startswith(b"HTTP/1.1 200 "), f"no metrics beside idle clients: {answer!r}")
        for each in [*idle, scraper]:
            each.close()
        await asyncio.sleep(0)


ATTACKS = [spellings, textAndMore, pipelineFlood, idleAtMetrics]
