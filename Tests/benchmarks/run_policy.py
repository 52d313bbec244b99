"""Policy services of Postfix: decisions per second, their CPU time, and the latency of an answer.

    python Tests/benchmarks/run_policy.py                        this checkout, postgrey, sqlgrey
    python Tests/benchmarks/run_policy.py -c ours,postgrey --reps 5
    python Tests/benchmarks/run_policy.py --path DIR --name other
    python Tests/benchmarks/run_policy.py --floor            also the least that Python can do
    python Tests/benchmarks/run_policy.py --report

Each service starts with a million triples in its store (created once, in build/). The same client
asks each of them, in turns, over kept connections, as Postfix does: `new` is about triples that
nobody has asked about, `again` about the same ones, which are all retries that come too early.
`CPU us` is that of the service with all its processes for one decision, `p50` and `p99` are the
milliseconds from a request to its answer with `--at-once` connections, and `alone` the median with
one connection. With `--floor`, two bare uvloop protocols are measured, too: see policy_floor.py.
"""

import argparse
import contextlib
import itertools
import json
import os
import pwd
import selectors
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from catalogue import HERE, PYTHON, ROOT
from greylisters import KNOWN, folderFor, manyRows, storeOf, waitForPath
from programs import cpuSecondsOfFamily
from relays import PATIENCE, programNamed
from run import machine

RESULTS = HERE / "results" / "policy.json"
OURS, POSTGREY, SQLGREY = "ours", "postgrey", "sqlgrey"
BARE, BARE_STORE = "bare", "bare with SQLite"  # see policy_floor.py
LONGEST_ROUND = 100_000  # requests; each is prepared before the clock starts

OUR_CONFIGURATION = """
[policy]
addresses = ["unix:{folder}/policy"]
[greylist]
large_senders = false
[store]
url = "{store}"
[log]
logfile = "{folder}/log"
"""
SQLGREY_CONFIGURATION = """
conf_dir = {folder}
unix = {folder}/policy
pidfile = {folder}/pid
db_type = SQLite
db_name = {folder}/sqlgrey.db
loglevel = 0
admin_mail =
"""
FILL_POSTGREY = r"""
use BerkeleyDB; tie(my %known, 'BerkeleyDB::Btree', -Filename => $ARGV[0], -Flags => DB_CREATE,
  -Cachesize => 256 << 20) or die; while (<STDIN>) { chomp; my ($key, $value) = split /\t/;
  $known{$key} = $value }
"""
REQUEST = """request=smtpd_access_policy
protocol_state=RCPT
protocol_name=ESMTP
client_address={address}
client_name=unknown
reverse_client_name=unknown
helo_name=mx.s{number}.example
sender=s{number}@s{short}.example
recipient=u{short}@example.org
recipient_count=0
queue_id=
instance={number:x}.policy
size=0
etrn_domain=
stress=
sasl_method=
sasl_username=
sasl_sender=
ccert_subject=
client_port=4711
policy_context=
server_address=192.0.2.1
server_port=25

"""

Answer = dict[str, float]
Service = tuple[int, Path]  # process and socket
Starter = Callable[[], contextlib.AbstractContextManager[Service]]


# The services


def ours(path: str) -> Starter:
    @contextlib.contextmanager
    def start() -> Iterator[Service]:
        with folderFor() as folder, storeOf("sqlite", folder) as (store, _):
            file = folder / "grey.toml"
            file.write_text(OUR_CONFIGURATION.format(folder=folder, store=store))
            words = [PYTHON, "-m", "Kamaelia.Apps.Grey", "run", "--config", str(file)]
            with running(["env", f"--chdir={path}", *words], folder / "policy") as service:
                yield service

    return start


def bare(kind: str) -> Starter:
    """Run policy_floor.py with this kind of store; it does not need one in memory."""

    @contextlib.contextmanager
    def start() -> Iterator[Service]:
        with folderFor() as folder, storeOf(kind, folder):
            path = folder / "policy"
            words = [PYTHON, str(HERE / "policy_floor.py"), str(path)]
            with running([*words, *map(str, folder.glob("grey.db"))], path) as service:
                yield service

    return start


@contextlib.contextmanager
def postgrey() -> Iterator[Service]:
    with folderFor("postgrey") as folder:
        copyTo(folder / "postgrey.db", postgreyFile(), "postgrey")
        path = folder / "policy"
        words = [f"--unix={path}", f"--dbdir={folder}", "--quiet"]
        with running([str(programNamed("postgrey")), *words], path) as service:
            yield service


@contextlib.contextmanager
def sqlgrey() -> Iterator[Service]:
    with folderFor("sqlgrey") as folder:
        for each in Path("/etc/sqlgrey").iterdir():
            shutil.copy(each, folder)
        (folder / "sqlgrey.conf").write_text(SQLGREY_CONFIGURATION.format(folder=folder))
        words = [str(programNamed("sqlgrey")), "-f", str(folder / "sqlgrey.conf")]
        with running(words, folder / "policy") as (_, path):
            ask(path, requests(0, 1), 1, 1.0)  # it has its tables when it answers
        with contextlib.closing(sqlite3.connect(folder / "sqlgrey.db")) as database, database:
            database.executemany("INSERT INTO connect VALUES (?, ?, ?, ?, ?)", rows())
        with running(words, folder / "policy") as service:
            yield service


def rows() -> Iterator[tuple[str, str, str, str, int]]:
    """Generate the known triples as sqlgrey writes them."""
    now = int(time.time())
    for client, sender, recipient, _ in itertools.islice(manyRows(), KNOWN):
        name, domain = sender.split("@")
        yield name, domain, client.removesuffix("/24"), recipient, now


@contextlib.contextmanager
def running(words: list[str], path: Path) -> Iterator[Service]:
    """Run a service until the block ends."""
    path.unlink(missing_ok=True)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            waitForPath(path)
            yield process.pid, path
        finally:
            while process.poll() is None:
                process.terminate()  # Perl sleeps through one that arrives just before the sleep
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=1)


def postgreyFile() -> Path:
    """Return a store of postgrey with a million triples, which is created once."""
    file = HERE / "build" / f"postgrey-{KNOWN}.db"
    if not file.exists():
        part, now = file.with_suffix(".part"), int(time.time())
        part.unlink(missing_ok=True)
        words = ["perl", "-e", FILL_POSTGREY, str(part)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            for client, sender, recipient, _ in itertools.islice(manyRows(), KNOWN):
                key = f"{client.removesuffix('/24')}/{sender}/{recipient}"
                process.stdin.write(f"{key}\t{now},{now}\n")
        part.rename(file)
    return file


def copyTo(where: Path, file: Path, user: str) -> None:
    shutil.copy(file, where)
    os.chown(where, pwd.getpwnam(user).pw_uid, -1)


# The client


def requests(first: int, most: int) -> list[bytes]:
    """Return requests about new triples, from all networks of 127.0.0.0/8."""
    made = []
    for number in range(first, first + most):
        spread = number * 7919 % 2**24
        address = f"127.{spread >> 16}.{spread >> 8 & 255}.{spread & 255}"
        made.append(REQUEST.format(number=number, short=number % 1000, address=address).encode())
    return made


def ask(path: Path, questions: list[bytes], atOnce: int, seconds: float) -> list[float]:
    """Ask for some seconds at most; return the latency of each answer."""
    took: list[float] = []
    waiting, until = iter(questions), time.perf_counter() + seconds
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        sentAt: dict[socket.socket, float] = {}
        for question in itertools.islice(waiting, atOnce):
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.settimeout(PATIENCE)
            connection.connect(str(path))
            selector.register(connection, selectors.EVENT_READ)
            sentAt[connection] = time.perf_counter()
            connection.sendall(question)
        while sentAt:
            for key, _ in selector.select():
                connection = key.fileobj  # type: ignore[assignment]
                said = connection.recv(4096)
                now = time.perf_counter()
                if not said.lower().startswith(b"action=defer") or not said.endswith(b"\n\n"):
                    raise RuntimeError(f"a retry that is too early was not deferred: {said!r}")
                took.append(now - sentAt.pop(connection))
                question = next(waiting, b"") if now < until else b""
                if question:
                    sentAt[connection] = time.perf_counter()
                    connection.sendall(question)
    return took


def measure(service: Service, first: int, seconds: float, atOnce: int) -> Answer:
    """Measure one round of one service."""
    pid, path = service
    questions, answer = requests(first, LONGEST_ROUND), {}
    asked = questions
    for kind in ("new", "again"):
        cpu, began = cpuSecondsOfFamily(pid), time.perf_counter()
        took = ask(path, asked, atOnce, seconds)
        wall = time.perf_counter() - began
        asked = questions[: len(took)]
        answer[f"{kind} rate"] = len(took) / wall
        answer[f"{kind} cpu"] = (cpuSecondsOfFamily(pid) - cpu) / len(took) * 1e6
        answer[f"{kind} p50"] = statistics.median(took) * 1e3
        answer[f"{kind} p99"] = statistics.quantiles(took, n=100)[-1] * 1e3
    alone = ask(path, questions[-1000:], 1, seconds / 4)
    return answer | {"alone": statistics.median(alone) * 1e3}


# The table

COLUMNS = {
    "new rate": "{:,.0f}",
    "new cpu": "{:.0f}",
    "new p50": "{:.2f}",
    "new p99": "{:.2f}",
    "again rate": "{:,.0f}",
    "again cpu": "{:.0f}",
    "again p50": "{:.2f}",
    "alone": "{:.2f}",
}


def table(results: dict[str, list[Answer]]) -> str:
    ofPostgrey = results.get(POSTGREY, [])
    heads = ["service", *COLUMNS, "rate / postgrey", "CPU / postgrey"]
    lines = [f"\n### Decisions, medians of {max(map(len, results.values()))}\n"]
    lines += ["| " + " | ".join(heads) + " |", "|---" + "|--:" * (len(heads) - 1) + "|"]
    for name, answers in results.items():
        cells = [name, *(form.format(middle(answers, key)) for key, form in COLUMNS.items())]
        for key in ("new rate", "new cpu"):
            other = middle(ofPostgrey, key) if ofPostgrey else 0
            cells.append(f"{middle(answers, key) / other:.2f}" if other else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def middle(answers: list[Answer], key: str) -> float:
    return statistics.median(answer[key] for answer in answers)


def contenders(paths: dict[str, str], hasFloor: bool) -> dict[str, Starter]:
    found: dict[str, Starter] = {name: ours(path) for name, path in paths.items()}
    if hasFloor:
        found |= {BARE: bare("memory"), BARE_STORE: bare("sqlite")}
    for name, start in ((POSTGREY, postgrey), (SQLGREY, sqlgrey)):
        if programNamed(name) and os.getuid() == 0:
            found[name] = start
        else:
            print(f"{name} is left out: it must be installed, and it needs root")
    return found


def inRounds(chosen: dict[str, Starter], arguments: argparse.Namespace) -> dict[str, Any]:
    """Run all services at once, and measure them alternately."""
    results: dict[str, list[Answer]] = {name: [] for name in chosen}
    numbers = itertools.count(1, LONGEST_ROUND)
    with contextlib.ExitStack() as stack:
        there = {name: stack.enter_context(start()) for name, start in chosen.items()}
        for _, path in there.values():
            ask(path, requests(next(numbers), 200), 2, 1.0)  # loads all modules
        for _ in range(arguments.reps):
            for name, service in there.items():
                with machine():
                    answer = measure(service, next(numbers), arguments.secs, arguments.at_once)
                results[name].append(answer)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-c", "--contenders", default="", help="some of them, with commas")
    parser.add_argument("--reps", type=int, default=3, help="rounds")
    parser.add_argument("--secs", type=float, default=4.0, help="seconds for each kind")
    parser.add_argument("--at-once", type=int, default=10, help="connections")
    parser.add_argument("--path", help="folder of another Axon and Kamaelia")
    parser.add_argument("--name", default="other", help="name of the other implementation")
    parser.add_argument("--floor", action="store_true", help="also measure bare services")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file for the results")
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    kept = arguments.results
    if arguments.report:
        print(table(json.loads(kept.read_text())))
        return
    found = contenders(
        {OURS: str(ROOT)} | ({arguments.name: arguments.path} if arguments.path else {}),
        arguments.floor,
    )
    names = [each for each in arguments.contenders.split(",") if each] or list(found)
    if unknown := set(names) - set(found):
        sys.exit(f"unknown or not available: {', '.join(sorted(unknown))}")
    results = inRounds({name: found[name] for name in names}, arguments)
    print(table(results))
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
