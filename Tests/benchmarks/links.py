"""Links between two processes: messages a second, and the CPU time of each end for a message.

    python Tests/benchmarks/links.py                       every transport and capacity
    python Tests/benchmarks/links.py -t tcp -n 100000      some of them
    python Tests/benchmarks/links.py --prototype DIR       DIR contains tcplink.py and redislink.py,
                                                           which are measured in the same run
    python Tests/benchmarks/links.py --path DIR            another checkout beside this one

A message is a dict with a text of 64 characters. The processes alternate, and each figure is the
median of `--reps` runs. CPU times count from the first message to the last, and do not depend on
what else runs. "lone" is one message from end to end, when the link is idle. "idle" is how often
the writer and the reader of an idle link wake up in 10 seconds. Redis needs redis-server.
"""

import argparse
import json
import os
import select
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from programs import freePort

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

NUMBERS = count(1)

#: transport: the capacities that are measured
TRANSPORTS = {"tcp": (64, 1024, 4096), "local": (64, 1024), "redis": (64, 1024, 4096)}

#: (name, transport, capacity): what is required, in messages a second
REQUIRED = {
    ("tcp", 1024): 250_000,
    ("local", 1024): 250_000,
    ("redis", 64): 100_000,
    ("redis", 1024): 150_000,
}


@contextmanager
def redisServer(folder: Path) -> Iterator[str]:
    """Run a redis-server; yield the path of its socket."""
    path = str(folder / "redis.sock")
    words = ["--port", "0", "--unixsocket", path, "--dir", str(folder), "--save", ""]
    server = subprocess.Popen(
        ["redis-server", *words, "--appendonly", "yes", "--appendfsync", "everysec"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if "ready to accept connections" in line.lower():
                break
        else:
            raise SystemExit("redis-server does not start")
        yield path
    finally:
        server.kill()
        server.wait()


def startPair(checkout: Path, contender: str, url: str, capacity: int, messages: int) -> Any:
    """Start a reader and a writer, and return them. url: "local", or an address."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["LINK"] = f"link{next(NUMBERS)}"  # a link that has ended stays so
    pair = socket.socketpair()
    processes = []
    for role, connection in zip(("reader", "writer"), pair, strict=True):
        address = f"local:{connection.fileno()}" if url == "local" else url
        words = [role, contender, address, str(capacity), str(messages)]
        processes.append(
            subprocess.Popen(
                [sys.executable, str(HERE / "contenders" / "linkends.py"), *words],
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
                cwd=checkout,
                pass_fds=[connection.fileno()],
            )
        )
        connection.close()
    return processes


def runPair(checkout: Path, contender: str, url: str, capacity: int, messages: int) -> Any:
    """Run a reader and a writer; return what they report: a dict with the figures."""
    answers = {}
    processes = startPair(checkout, contender, url, capacity, messages)
    try:
        for process in processes:
            answers.update(json.loads(process.communicate(timeout=300)[0].splitlines()[-1]))
    finally:
        for process in processes:
            process.kill()
    return answers


def wakesWhenIdle(url: str, seconds: float = 10.0) -> int:
    """Return how often the two ends of an idle link are given the processor in some seconds."""
    processes = startPair(ROOT, "idle", url, 64, 1)
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()  # the link works
        before = sum(switches(process.pid) for process in processes)
        select.select([], [], [], seconds)
        return sum(switches(process.pid) for process in processes) - before
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def switches(pid: int) -> int:
    """Return how often a process has given up the processor by itself, which is once a wake-up."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches"):
            return int(line.split()[1])
    raise ValueError(pid)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("-t", "--transports", default=",".join(TRANSPORTS))
    parser.add_argument("-c", "--capacities", default="")
    parser.add_argument("-n", "--count", type=int, default=200_000)
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--prototype", type=Path)
    parser.add_argument("--path", type=Path, action="append", default=[])
    parser.add_argument("--idle", action="store_true", help="also count wake-ups of idle links")
    options = parser.parse_args()
    if options.prototype is not None:
        os.environ["PROTOTYPE"] = str(options.prototype)
    contenders = [("ours", ROOT, "ours")]
    contenders += [(path.name, path.resolve(), "ours") for path in options.path]
    if options.prototype is not None:
        contenders.append(("prototype", ROOT, "prototype"))
    with tempfile.TemporaryDirectory(prefix="links") as name:
        folder = Path(name)
        print(f"load {os.getloadavg()[0]:.1f}, {options.count} messages, medians of {options.reps}")
        print(
            f"{'transport':10}{'capacity':>9} {'contender':12}{'a second':>10}{'required':>10}",
            end="",
        )
        print(f"{'writer us':>11}{'reader us':>11}{'lone ms':>9}")
        for transport in options.transports.split(","):
            if transport == "redis":
                with redisServer(folder) as path:
                    table(transport, path, folder, contenders, options)
            else:
                table(transport, "", folder, contenders, options)


def table(transport: str, server: str, folder: Path, contenders: Any, options: Any) -> None:
    """Measure and print the rows of a transport."""
    capacities = [int(each) for each in options.capacities.split(",") if each]
    for capacity in capacities or TRANSPORTS[transport]:
        found: dict[str, list[Any]] = {name: [] for name, _, _ in contenders}
        for _ in range(options.reps):
            for name, checkout, kind in contenders:
                url = addressOf(transport, server, kind, folder)
                found[name].append(runPair(checkout, kind, url, capacity, options.count))
        for name, answers in found.items():
            print(f"{transport:10}{capacity:9} {name:12}{row(transport, capacity, answers)}")
    if options.idle:
        wakes = wakesWhenIdle(addressOf(transport, server, "idle", folder))
        print(f"{transport:10}{'idle':>9} {wakes} wake-ups in 10 s")


def addressOf(transport: str, server: str, kind: str, folder: Path) -> str:
    """Return the address of a link, or the path of a socket for the prototype."""
    if transport == "redis":
        return server if kind == "prototype" else f"unix:{server}"
    if kind == "prototype":
        return str(folder / "socket")
    return "local" if transport == "local" else f"tcp://127.0.0.1:{freePort()}"


def row(transport: str, capacity: int, answers: Any) -> str:
    """Return the medians of the answers as a row."""

    def median(key: str) -> float:
        return statistics.median(each[key] for each in answers)

    required = REQUIRED.get((transport, capacity))
    asked = f"{required // 1000} k" if required else ""
    return (
        f"{median('rate') / 1000:8.0f} k{asked:>10}"
        f"{median('writer'):11.2f}{median('reader'):11.2f}{median('lone') * 1000:9.2f}"
    )


if __name__ == "__main__":
    main()
