"""The stores of Kamaelia Grey: the cost of a decision by the number of known triples.

    python Tests/benchmarks/stores.py                     # a million triples, about two minutes
    python Tests/benchmarks/stores.py --known 10000000    # a file of 1 GB, some minutes to fill
    python Tests/benchmarks/stores.py --only sqlite,redis,memory,crowd,paced

`new` is a decision about an unknown triple, `early` one about a random known triple that changes
nothing. The figures are the CPU time of the whole process (including the thread of the store), the
real time, and the slowest decision; rounds alternate, and medians are compared. `crowd` is two
processes with one file at full speed; `paced` is one process at 4,000 new triples per second, with
the time for which its event loop is blocked. A private redis-server runs on a socket in the
folder; `n at once` is the number of decisions that wait together.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from Kamaelia.Apps.Grey.Stores import Later, Store, openStore  # noqa: E402
from Kamaelia.Apps.Grey.Stores.SQLiteFile import openFile  # noqa: E402
from Kamaelia.Support.Greylist.Rules import Rules, Triple  # noqa: E402

RULES = Rules()
START = 1.7e9  # the time of all known triples
NOW = START + 1000.0
OCTETS = sorted(range(216), key=str)  # in the order of the file; 216 ** 3 is ten million
chance = random.Random()


def knownTriple(a: int, b: int, c: int) -> Triple:
    return Triple(f"{a}.{b}.{c}.0/24", f"<user{c}@host{a}.example.com>", f"<person{b}@example.org>")


def anyKnown(known: int) -> Triple:
    number = chance.randrange(known)
    a, b, c = number // 216**2, number // 216 % 216, number % 216
    return knownTriple(OCTETS[a], OCTETS[b], OCTETS[c])


def newTriple(_: int) -> Triple:
    a, b, c = (chance.choice(OCTETS) for _ in range(3))
    word = f"{chance.getrandbits(60):x}"
    return Triple(f"{a}.{b}.{c}.0/24", f"<{word}@host{a}.example.com>", f"<person{b}@example.org>")


def fill(path: str, known: int) -> None:
    """Write the file in the order of its keys in one pass, because decisions would take hours."""
    triples = itertools.islice(itertools.product(OCTETS, repeat=3), known)
    rows = ((*knownTriple(*octets), START, None, 0) for octets in triples)
    connection = openFile(path)
    connection.execute("PRAGMA synchronous = OFF")
    began = time.perf_counter()
    while batch := list(itertools.islice(rows, 100_000)):
        with connection:
            connection.execute("BEGIN")
            connection.executemany("INSERT OR REPLACE INTO triple VALUES (?,?,?,?,?,?)", batch)
    connection.close()
    took, size = time.perf_counter() - began, os.path.getsize(path) / 1e6
    print(f"filled with {known:,} triples in {took:.0f} s: {size:,.0f} MB")


def spend(store: Store, pick: Callable[[int], Triple], known: int, times: int) -> dict[str, float]:
    triples = [pick(known) for _ in range(times)]
    slowest = 0.0
    cpu, wall = time.process_time(), time.perf_counter()
    for triple in triples:
        before = time.perf_counter()
        store.decide(triple, RULES, NOW)
        slowest = max(slowest, time.perf_counter() - before)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu us": cpu / times * 1e6, "wall us": wall / times * 1e6, "slowest ms": slowest * 1e3}


def show(title: str, rounds: list[dict[str, float]]) -> None:
    medians = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
    print(f"{title:32}", "   ".join(f"{key} {value:9.1f}" for key, value in medians.items()))


def compare(title: str, store: Store, known: int, rounds: int, times: int) -> None:
    new, early = [], []
    for _ in range(rounds):
        new.append(spend(store, newTriple, known, times))
        early.append(spend(store, anyKnown, known, times))
    show(f"{title} new", new)
    show(f"{title} early", early)


def inMemory(arguments: argparse.Namespace) -> None:
    store = openStore("memory:")
    compare("memory", store, 1, arguments.rounds, arguments.times)
    store.close()


def inFile(arguments: argparse.Namespace) -> None:
    store = openStore(f"sqlite:{arguments.file}")
    title = f"sqlite, {arguments.known:,}"
    compare(title, store, arguments.known, arguments.rounds, arguments.times)
    store.close()


def askFor(path: str, seconds: float) -> None:
    """Ask for decisions in a process of the crowd."""
    store = openStore(f"sqlite:{path}")
    end, asked = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        store.decide(newTriple(0), RULES, NOW)
        asked += 1
    store.close()
    print(json.dumps(asked / seconds))


def crowd(arguments: argparse.Namespace) -> None:
    command = [sys.executable, __file__, "--ask", arguments.file]
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(arguments.rounds):
        for number, found in rates.items():
            processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(number)]
            found.append(sum(json.loads(process.communicate()[0]) for process in processes))
    one, two = (statistics.median(found) for found in rates.values())
    print(f"{'sqlite, 1 and 2 processes':32} {one:,.0f} and {two:,.0f} decisions a second")


async def keepPace(store: Store, rate: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    stalls, later, began = [], 0, loop.time()
    cpu = time.process_time()
    waiting = []
    for number in range(int(rate * seconds)):
        while loop.time() < began + number / rate:
            await asyncio.sleep(0.0005)
        before = time.perf_counter()
        try:
            store.decide(newTriple(0), RULES, NOW)
        except Later as answer:
            later += 1
            waiting.append(answer.future)
        stalls.append(time.perf_counter() - before)
    await asyncio.gather(*waiting)
    stalls.sort()
    cpu = time.process_time() - cpu
    print(
        f"{f'sqlite, paced, {rate:,}/s':32} CPU {cpu / seconds * 100:.0f} %   "
        f"99 % in {stalls[-len(stalls) // 100] * 1e6:.0f} us   99.99 % in "
        f"{stalls[-max(1, len(stalls) // 10_000)] * 1e3:.1f} ms   slowest "
        f"{stalls[-1] * 1e3:.1f} ms   came later {later} of {len(stalls)}"
    )


def paced(arguments: argparse.Namespace) -> None:
    store = openStore(f"sqlite:{arguments.file}")
    asyncio.run(keepPace(store, 4000, 20))
    log = os.path.getsize(arguments.file + "-wal") / 1e6
    store.close()
    print(f"{'':32} log {log:.0f} MB")


async def askTogether(url: str, sessions: int, times: int) -> dict[str, float]:
    store = openStore(url)

    async def ask() -> None:
        for _ in range(times // sessions):
            try:
                store.decide(newTriple(0), RULES, time.time())
            except Later as later:
                await later.future

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*[ask() for _ in range(sessions)])
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    store.close()
    await store.waitForClose()
    return {"cpu us": cpu / times * 1e6, "rate": times / wall}


def inRedis(arguments: argparse.Namespace) -> None:
    import uvloop

    path = f"{os.path.dirname(arguments.file)}/redis"
    command = ["redis-server", "--port", "0", "--unixsocket", path, "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        next(line for line in server.stdout if "accept connections" in line)
        found: dict[int, list[dict[str, float]]] = {1: [], 5: [], 20: [], 50: []}
        for _ in range(arguments.rounds):
            for sessions, figures in found.items():
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    asking = askTogether(f"unix://{path}", sessions, arguments.times // 4)
                    figures.append(runner.run(asking))
        server.terminate()
    for sessions, figures in found.items():
        show(f"redis new, {sessions} at once", figures)


PARTS = {"memory": inMemory, "sqlite": inFile, "crowd": crowd, "paced": paced, "redis": inRedis}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--known", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=20_000, help="decisions per round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ask:
        askFor(arguments.ask, 3.0)
        return
    with tempfile.TemporaryDirectory(prefix="grey") as folder:
        arguments.file = f"{folder}/grey.db"
        names = arguments.only.split(",")
        if {"sqlite", "crowd", "paced"} & set(names):
            fill(arguments.file, arguments.known)
        for name in names:
            PARTS[name](arguments)


if __name__ == "__main__":
    main()
