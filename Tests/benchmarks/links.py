"""Links between two processes: messages a second, and the CPU time of each end for a message.

    python Tests/benchmarks/links.py                       every row
    python Tests/benchmarks/links.py -t tcp -n 100000      some of them
    python Tests/benchmarks/links.py --prototype DIR       DIR contains tcplink.py and redislink.py,
                                                           which are measured in the same run
    python Tests/benchmarks/links.py --path DIR            another checkout beside this one

A message is a dict with a text of 64 characters. The processes alternate, and each figure is the
median of `--reps` runs. CPU times count from the first message to the last, and do not depend on
what else runs. "unframed" is one message in each frame, "always" a server that stores each command
on its disk before it answers. "lone" is one message from end to end, when the link is idle. "idle"
is how often the writer and the reader of an idle link wake up in 10 seconds. Redis needs
redis-server. Requirements that are not met are listed at the end, and the exit status is 1.
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
from typing import Any, NamedTuple

from programs import freePort

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

NUMBERS = count(1)

LONE = 2.0  # milliseconds: required of a lone message
ALWAYS = 0.4  # of the rate with everysec: required with appendfsync always


class Case(NamedTuple):
    """A row. required: messages a second. server: the appendfsync of the Redis server."""

    transport: str
    capacity: int
    required: int = 0
    isFramed: bool = True
    server: str = "everysec"

    def kind(self) -> str:
        """Return what is special about it."""
        return "unframed" if not self.isFramed else "always" if self.server == "always" else ""


CASES = [
    Case("tcp", 64),
    Case("tcp", 1024, 250_000),
    Case("tcp", 4096),
    Case("tcp", 1024, isFramed=False),
    Case("local", 64),
    Case("local", 1024, 250_000),
    Case("redis", 64, 100_000),
    Case("redis", 1024, 150_000),
    Case("redis", 4096),
    Case("redis", 1024, 10_000, isFramed=False),
    Case("redis", 1024, server="always"),
]


@contextmanager
def redisServer(folder: Path, appendfsync: str = "everysec") -> Iterator[str]:
    """Run a redis-server; yield the path of its socket."""
    path = str(folder / "redis.sock")
    words = ["--port", "0", "--unixsocket", path, "--dir", str(folder), "--save", ""]
    server = subprocess.Popen(
        ["redis-server", *words, "--appendonly", "yes", "--appendfsync", appendfsync],
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


def startPair(
    checkout: Path, contender: str, url: str, capacity: int, messages: int, isFramed: bool = True
) -> Any:
    """Start a reader and a writer, and return them. url: "local", or an address."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["LINK"] = f"link{next(NUMBERS)}"  # a link that has ended stays so
    if not isFramed:
        environment["FRAME"] = "1"
    pair = socket.socketpair()
    processes = []
    for role, connection in zip(("reader", "writer"), pair, strict=True):
        address = f"local:{connection.fileno()}" if url == "local" else url
        words = [role, contender, address, str(capacity), str(messages)]
        processes.append(
            subprocess.Popen(
                [sys.executable, str(HERE / "contenders" / "linkends.py"), *words],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL if contender == "prototype" else None,
                text=True,
                env=environment,
                cwd=checkout,
                pass_fds=[connection.fileno()],
            )
        )
        connection.close()
    return processes


def runPair(checkout: Path, contender: str, url: str, case: Case, messages: int) -> Any:
    """Run a reader and a writer; return what they report: a dict with the figures."""
    answers = {}
    processes = startPair(checkout, contender, url, case.capacity, messages, case.isFramed)
    try:
        for process in processes:
            for line in process.communicate(timeout=300)[0].splitlines():
                answers.update(json.loads(line))
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


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("-t", "--transports", default="tcp,local,redis")
    parser.add_argument("-c", "--capacities", default="")
    parser.add_argument("-n", "--count", type=int, default=200_000)
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--prototype", type=Path)
    parser.add_argument("--path", type=Path, action="append", default=[])
    parser.add_argument("--idle", action="store_true", help="also count wake-ups of idle links")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if options.prototype is not None:
        os.environ["PROTOTYPE"] = str(options.prototype)
    contenders = [("ours", ROOT, "ours")]
    contenders += [(path.name, path.resolve(), "ours") for path in options.path]
    if options.prototype is not None:
        contenders.append(("prototype", ROOT, "prototype"))
    transports = options.transports.split(",")
    capacities = [int(each) for each in options.capacities.split(",") if each]
    print(f"load {os.getloadavg()[0]:.1f}, {options.count} messages, medians of {options.reps}")
    print(
        f"{'transport':10}{'capacity':>9} {'kind':9}{'contender':12}{'a second':>10}"
        f"{'required':>10}{'writer us':>11}{'reader us':>11}{'lone ms':>9}"
    )
    failed: list[str] = []
    rates: dict[Case, float] = {}
    with tempfile.TemporaryDirectory(prefix="links") as name:
        for case in CASES:
            if case.transport in transports and case.capacity in (capacities or [case.capacity]):
                rates[case] = measure(case, Path(name), contenders, options, failed)
        if options.idle:
            for transport in transports:
                countWakes(transport, Path(name))
    compareDurable(rates, failed)
    print(*(failed or ["every requirement is met"]), sep="\n")
    return bool(failed)


@contextmanager
def serverFor(case: Case, folder: Path) -> Iterator[str]:
    """Run the server that a row needs; yield the path of its socket, or nothing."""
    if case.transport != "redis":
        yield ""
        return
    with (
        tempfile.TemporaryDirectory(dir=folder) as name,
        redisServer(Path(name), case.server) as at,
    ):
        yield at


def measure(case: Case, folder: Path, contenders: Any, options: Any, failed: list[str]) -> float:
    """Measure and print the rows of a case; return our rate."""
    found: dict[str, list[Any]] = {name: [] for name, _, _ in contenders}
    messages = options.count if case.isFramed else options.count // 10
    with serverFor(case, folder) as server:
        for _ in range(options.reps):
            for name, checkout, kind in contenders:
                url = addressOf(case.transport, server, kind, folder)
                found[name].append(runPair(checkout, kind, url, case, messages))
    for name, answers in found.items():
        print(
            f"{case.transport:10}{case.capacity:9} {case.kind():9}{name:12}{row(case, answers)}",
            flush=True,
        )
    rate, lone = (median(found["ours"], key) for key in ("rate", "lone"))
    title = f"{case.transport} with capacity {case.capacity} {case.kind()}".rstrip()
    if rate < case.required:
        failed.append(f"{title}: {rate:,.0f} messages a second, required {case.required:,}")
    if lone * 1000 > LONE and not case.kind():
        failed.append(f"{title}: a lone message takes {lone * 1000:.1f} ms, required {LONE}")
    return rate


def compareDurable(rates: dict[Case, float], failed: list[str]) -> None:
    """Compare a server that stores each command with one that stores them each second."""
    for case, rate in rates.items():
        usual = rates.get(case._replace(server="everysec", required=150_000))
        if case.server == "always" and usual is not None:
            print(f"appendfsync always: {rate / usual:.2f} of everysec, required {ALWAYS}")
            if rate < ALWAYS * usual:
                failed.append(f"appendfsync always: {rate / usual:.2f} of everysec")


def countWakes(transport: str, folder: Path) -> None:
    """Print how often the ends of an idle link wake up."""
    with serverFor(Case(transport, 64), folder) as server:
        wakes = wakesWhenIdle(addressOf(transport, server, "idle", folder))
    print(f"{transport:10}{'idle':>9} {wakes} wake-ups in 10 s")


def addressOf(transport: str, server: str, kind: str, folder: Path) -> str:
    """Return the address of a link, or the path of a socket for the prototype."""
    if transport == "redis":
        return server if kind == "prototype" else f"unix:{server}"
    if kind == "prototype":
        return str(folder / "socket")
    return "local" if transport == "local" else f"tcp://127.0.0.1:{freePort()}"


def median(answers: Any, key: str) -> float:
    """Return the median of a figure."""
    return statistics.median(each[key] for each in answers)


def row(case: Case, answers: Any) -> str:
    """Return the medians of the answers as a row."""
    asked = f"{case.required // 1000} k" if case.required else ""
    return (
        f"{median(answers, 'rate') / 1000:8.0f} k{asked:>10}{median(answers, 'writer'):11.2f}"
        f"{median(answers, 'reader'):11.2f}{median(answers, 'lone') * 1000:9.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
