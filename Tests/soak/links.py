"""Links whose processes and servers are killed, at full size: nothing is lost.

    python -m Tests.soak.links                  every scenario; half an hour
    python -m Tests.soak.links reader stop      some of them
    python -m Tests.soak.links --scale 0.05     smaller

It prints what was lost and repeated. The exit status is 1 if something was lost, or more was
repeated than a link may repeat. It needs redis-server and openssl.
"""

import argparse
import random
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from Tests.attacks.harness import say
from Tests.Kamaelia.Net.processes import (
    endAll,
    finish,
    kill,
    lostAndRepeated,
    numbersOf,
    readWithKills,
    start,
)
from Tests.Kamaelia.Net.transports import Identity, addressOf


class Outcome(NamedTuple):
    """What a scenario has counted; most: how many messages may be repeated."""

    lost: int
    repeated: int
    most: int
    about: str = ""

    def isGood(self) -> bool:
        """Return whether the link has kept its promises."""
        return self.lost == 0 and self.repeated <= self.most


Place = Any  # Tests.Kamaelia.Net.transports.Place: an address, and the server behind it


def readerKilled(place: Place, scale: float, kind: str = "plain") -> Outcome:
    """100,000 messages; the reader is killed after 25, 50 and 75 % of them."""
    count, capacity = max(600, int((100_000 if kind == "plain" else 2_000) * scale)), 64
    writer = start("writer", place.address, count)
    got = readWithKills(place.address, kind, count, kills=3, capacity=capacity)
    finish(writer)
    return Outcome(*lostAndRepeated(got, count), 3 * capacity)


def severalComponents(place: Place, scale: float) -> Outcome:
    """The same with a reader of several components and a linkage back."""
    return readerKilled(place, scale, "back")


def serverKilled(place: Place, scale: float, isEmpty: bool = False) -> Outcome:
    """100,000 messages; the server is killed three times."""
    count = max(2_000, int(100_000 * scale))
    writer = start("writer", place.address, count)
    reader = start("reader", place.address, "plain", capacity=64)
    got = []
    for part in (1, 2, 3):
        limit = count * part // 4
        got += numbersOf(reader, lambda found, limit=limit: found[-1] >= limit)
        place.server.restart(isEmpty)
    got += numbersOf(reader)
    finish(reader)
    finish(writer)
    return Outcome(*lostAndRepeated(got, count), 0)


def serverEmptied(place: Place, scale: float) -> Outcome:
    """The same, and its files are deleted each time."""
    return serverKilled(place, scale, isEmpty=True)


def serverStopped(place: Place, scale: float) -> Outcome:
    """The server is stopped for four seconds; work continues within a second afterwards."""
    count = max(2_000, int(100_000 * scale))
    writer = start("writer", place.address, count)
    reader = start("reader", place.address, "plain", capacity=64)
    got = numbersOf(reader, lambda found: found[-1] >= count // 4)
    place.server.signal(signal.SIGSTOP)
    time.sleep(4 * min(1, scale))
    place.server.signal(signal.SIGCONT)
    begun = time.monotonic()
    got += numbersOf(reader, lambda found: len(found) >= 1000)
    seconds = time.monotonic() - begun
    got += numbersOf(reader)
    finish(reader)
    finish(writer)
    return Outcome(*lostAndRepeated(got, count), 0, f"1,000 more within {seconds:.2f} s")


def writerKilled(place: Place, scale: float) -> Outcome:
    """The writer is killed three times, and its source continues from what was confirmed."""
    count = max(400, int(10_000 * scale))
    reader = start("reader", place.address, "slow", capacity=8)
    got: list[int] = []
    thread = threading.Thread(target=lambda: got.extend(numbersOf(reader)))
    thread.start()
    position = 0
    for part in (1, 2, 3):
        writer = start("writer", place.address, count, position=position, window=32)
        confirmed = numbersOf(writer, lambda found, part=part: found[-1] >= count * part // 4)
        position = (confirmed + kill(writer))[-1]
    finish(start("writer", place.address, count, position=position))
    thread.join()
    finish(reader)
    return Outcome(*lostAndRepeated(got, count), 0)


def takenOver(place: Place, scale: float) -> Outcome:
    """A second reader takes the place of the first, which says so."""
    first = start("reader", place.address, "halting", capacity=8)
    writer = start("writer", place.address, 400)
    got = numbersOf(first, lambda found: len(found) == 50)
    second = start("reader", place.address, "slow", capacity=8)
    got += numbersOf(first)
    errors = finish(first)[1]
    got += numbersOf(second)
    finish(second)
    finish(writer)
    return Outcome(
        *lostAndRepeated(got, 400), 8, "" if "linkTakenOver" in errors else "NOT REPORTED"
    )


def slowReader(place: Place, scale: float) -> Outcome:
    """A reader that takes 500 a second for a minute: the memory of both processes stays."""
    count = max(1_000, int(30_000 * scale))
    writer = start("writer", place.address, 100 * count, window=512)
    reader = start("reader", place.address, "slow", capacity=64)
    got = numbersOf(reader, lambda found: len(found) >= count // 4)
    before = residentBytes(writer), residentBytes(reader)
    got += numbersOf(reader, lambda found: len(found) >= count * 3 // 4)
    after = residentBytes(writer), residentBytes(reader)
    growth = max(b - a for a, b in zip(before, after, strict=True)) / (1 << 20)
    for process in (writer, reader):
        process.kill()
    expected = set(range(len(got)))
    about = f"memory {growth:+.1f} MB"
    return Outcome(len(expected - set(got)) + (growth > 5), len(got) - len(set(got)), 0, about)


def residentBytes(process: Any) -> int:
    """Return how much memory a process has."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def endKilled(place: Place, scale: float) -> Outcome:
    """1,000 links end while their reader is killed at some moment: the end always arrives."""
    runs, atOnce = max(3, int(1_000 * scale)), 4
    chance = random.Random(7)
    ends = [(chance.randrange(20), chance.random() ** 3 * 0.5) for _ in range(runs)]
    found: list[tuple[int, int, int]] = []
    with ThreadPoolExecutor(atOnce) as pool:
        for begin in range(0, runs, atOnce):
            group = ends[begin : begin + atOnce]
            found += pool.map(oneEndKilled, place.several(len(group)), group)
    lost, repeated, killed = map(sum, zip(*found, strict=True))
    return Outcome(lost, repeated, 4 * runs, f"{runs} runs, {killed} readers were killed in time")


def oneEndKilled(address: str, end: tuple[int, float]) -> tuple[int, int, int]:
    """Kill a reader some seconds after a number; return (lost, repeated, 1 if it was running)."""
    limit, seconds = end
    writer = start("writer", address, 20)
    reader = start("reader", address, "plain", capacity=4)
    got = numbersOf(reader, lambda found: found[-1] >= limit)
    threading.Event().wait(seconds)  # in it the end is confirmed, or not
    got += kill(reader)
    wasKilled, wrong = reader.returncode != 0, 0
    if wasKilled:  # otherwise it has ended in order
        again = start("reader", address, "plain", capacity=4)
        got += numbersOf(again)
        wrong += finish(again)[0] != 0
    wrong += finish(writer)[0] != 0
    lost, repeated = lostAndRepeated(got, 20)
    return lost + wrong, repeated, int(wasKilled)


def poolKilled(place: Place, scale: float) -> Outcome:
    """Four readers share 20,000 messages; one of them is killed every second."""
    count, kills, capacity = max(1_000, int(20_000 * scale)), max(2, int(20 * scale)), 8
    options = {"shared": True, "capacity": capacity, "heartbeat": 1.0}
    writer = start("writer", place.address, count, shared=True)
    got: list[int] = []
    readers: list[Any] = []
    threads = []

    def begin() -> None:
        readers.append(start("reader", place.address, "pool", **options))
        threads.append(
            threading.Thread(target=lambda reader: got.extend(numbersOf(reader)), args=readers[-1:])
        )
        threads[-1].start()

    for _ in range(4):
        begin()
    for _ in range(kills):
        time.sleep(1)
        readers.pop(0).kill()
        begin()
    for thread in threads:
        thread.join()
    finish(writer)
    return Outcome(*lostAndRepeated(got, count), kills * capacity, f"{kills} kills")


class Scenario(NamedTuple):
    """A function, and the transports for which it runs."""

    run: Callable[[Place, float], Outcome]
    transports: tuple[str, ...]


SERVER = ("unix",)
SCENARIOS = {
    "reader": Scenario(readerKilled, ("tcp", "tls", "unix", "redis", "rediss")),
    "back": Scenario(severalComponents, ("tcp", "unix")),
    "server": Scenario(serverKilled, SERVER),
    "empty": Scenario(serverEmptied, SERVER),
    "stop": Scenario(serverStopped, SERVER),
    "writer": Scenario(writerKilled, ("tcp", "unix")),
    "takeover": Scenario(takenOver, ("tcp", "tls", "unix")),
    "slow": Scenario(slowReader, ("tcp", "unix")),
    "end": Scenario(endKilled, ("tcp", "unix")),
    "pool": Scenario(poolKilled, SERVER),
}


@contextmanager
def places(transport: str) -> Iterator[Place]:
    """Give the place of a link over `transport`."""
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        identity = Identity(folder) if transport in ("tls", "rediss") else None
        with addressOf(transport, identity) as place:
            yield place
        endAll()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="scenario", help=", ".join(SCENARIOS))
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    wrong = 0
    say(f"{'scenario':10}{'transport':10}{'lost':>6}{'repeated':>10}{'at most':>9}{'seconds':>9}")
    for name in options.names or SCENARIOS:
        for transport in SCENARIOS[name].transports:
            begun = time.monotonic()
            with places(transport) as place:
                outcome = SCENARIOS[name].run(place, options.scale)
            wrong += not outcome.isGood()
            say(
                f"{name:10}{transport:10}{outcome.lost:6}{outcome.repeated:10}{outcome.most:9}"
                f"{time.monotonic() - begun:9.1f}  {outcome.about}"
            )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
