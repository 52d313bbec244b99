"""Greylisting servers: deferred sessions per second, and the CPU time of each session.

    python Tests/benchmarks/run_grey.py                          this checkout and the references
    python Tests/benchmarks/run_grey.py -c postgrey,sqlite --reps 9
    python Tests/benchmarks/run_grey.py --path DIR --name other  another implementation as well
    python Tests/benchmarks/run_grey.py --haraka DIR             the npm installation of Haraka
    python Tests/benchmarks/run_grey.py --report

A session is connect, EHLO, MAIL, RCPT, which gets 451, and QUIT; 20 at a time, each with a new
triple, from any address in 127.0.0.0/8. Contenders alternate in rounds, and medians are compared.
`CPU us` is that of the server with all its processes, `store` that of Redis, and `p50` and `p99`
are milliseconds from RCPT to its answer. The SQLite store contains a million triples at the start
(created once, in build/). Contenders with two workers share the cores with the client: on two
cores, consider their CPU time as well as their rate.
"""

import argparse
import contextlib
import itertools
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import greylisters
from catalogue import HERE, ROOT
from greylisters import BARE, POSTGREY, Greylister, Running
from programs import build, cpuSecondsOfFamily
from run import lastJson, machine

RESULTS = HERE / "results" / "grey.json"
ADDRESSES = 2**24 - 100  # addresses of clients
STEP = 10_000_000  # between the numbers of two rounds, so that no triple is repeated

COLUMNS = {
    "rate": ("sessions/s", "{:,.0f}"),
    "cpu": ("CPU us", "{:.0f}"),
    "store": ("store", "{:.0f}"),
    "p50": ("p50", "{:.1f}"),
    "p99": ("p99", "{:.1f}"),
}
#: column: (figure, the contender of which it is a share)
RATIOS = {
    "rate / postgrey": ("rate", POSTGREY),
    "CPU / postgrey": ("cpu", POSTGREY),
    "rate / limit": ("rate", BARE),
}

Answer = dict[str, Any]


def load(running: Running, first: int, seconds: float, atOnce: int) -> Answer:
    client = build(HERE / "smtp" / "smtpload.c")
    words = ["-p", running.port, "-m", "defer", "-c", atOnce, "-T", seconds, "-U", first]
    words += ["-x"] if running.isProxied else ["-a", ADDRESSES]
    done = subprocess.run(
        [str(client), *map(str, words)],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    answer = lastJson(done)
    codes = answer.get("codes", {})
    deferred = sum(codes.get(f"rcpt:{code}", 0) for code in (450, 451))
    if answer.get("sessions_fail", 1) or deferred != answer["sessions_ok"]:
        raise RuntimeError(answer.get("error") or f"not all sessions were deferred: {codes}")
    return answer


def measure(running: Running, first: int, seconds: float, atOnce: int) -> Answer:
    """Measure one round of one contender."""
    pids = [running.pid, *running.others]
    before = sum(map(cpuSecondsOfFamily, pids))
    ofStore = cpuSecondsOfFamily(running.store) if running.store else 0.0
    done = load(running, first, seconds, atOnce)
    each = 1e6 / done["sessions_ok"]
    answer = {
        "rate": done["sess_per_s"],
        "cpu": (sum(map(cpuSecondsOfFamily, pids)) - before) * each,
        "client": done["client_cpu"] * each,
    }
    if running.store:
        answer["store"] = (cpuSecondsOfFamily(running.store) - ofStore) * each
    return answer | {key: done["lat_rcpt_ms"][key] for key in ("p50", "p99")}


def inRounds(chosen: dict[str, Greylister], arguments: argparse.Namespace) -> dict[str, Any]:
    """Run all contenders at once, and measure them alternately."""
    results: dict[str, list[Answer]] = {name: [] for name in chosen}
    numbers = itertools.count(STEP, STEP)
    with contextlib.ExitStack() as stack:
        there = {}
        for name, each in chosen.items():
            try:
                there[name] = stack.enter_context(each.start())
                load(there[name], next(numbers), 0.5, arguments.at_once)  # loads all modules
            except RuntimeError as error:
                sys.exit(f"{name}: {error}")
        for _ in range(arguments.reps):
            for name, running in there.items():
                with machine():
                    answer = measure(running, next(numbers), arguments.secs, arguments.at_once)
                results[name].append(answer)
    return results


def middle(answers: list[Answer], key: str) -> float | None:
    values = [answer[key] for answer in answers if key in answer]
    return statistics.median(values) if values else None


def table(results: dict[str, list[Answer]]) -> str:
    rounds = max(map(len, results.values()))
    heads = ["server", *(head for head, _ in COLUMNS.values()), *RATIOS]
    lines = [f"\n### Deferred sessions, medians of {rounds}\n"]
    lines += ["| " + " | ".join(heads) + " |", "|---" + "|--:" * (len(heads) - 1) + "|"]
    for name in sorted(results, key=lambda name: -(middle(results[name], "rate") or 0)):
        cells = [name]
        for key, (_, form) in COLUMNS.items():
            value = middle(results[name], key)
            cells.append("" if value is None else form.format(value))
        cells += [ratio(results, name, *what) for what in RATIOS.values()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ratio(results: dict[str, list[Answer]], name: str, key: str, other: str) -> str:
    value, limit = middle(results[name], key), middle(results.get(other, []), key)
    return f"{value / limit:.2f}" if value and limit else ""


def choose(arguments: argparse.Namespace) -> dict[str, Greylister]:
    """Return the contenders that the command line selects and that can run here."""
    paths = {"ours": str(ROOT)}
    if arguments.path:
        paths[arguments.name] = os.path.abspath(arguments.path)
    parts = [part.lower() for part in arguments.c.split(",")]
    chosen = {}
    for name, each in greylisters.contenders(paths, arguments.haraka).items():
        if not any(part in name.lower() for part in parts):
            continue
        if each.lacks:
            print(f"left out: {name}: {each.lacks}", file=sys.stderr)
        else:
            chosen[name] = each
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-c", default="", help="contenders, by parts of their names")
    parser.add_argument("--reps", type=int, default=5, help="rounds")
    parser.add_argument("--secs", type=float, default=2.0, help="seconds per measurement")
    parser.add_argument("--at-once", type=int, default=20, help="sessions at a time")
    parser.add_argument("--path", help="folder of another Axon and Kamaelia")
    parser.add_argument("--name", default="other", help="name of the other implementation")
    parser.add_argument("--haraka", default="", help="folder of the npm installation of Haraka")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file for the results")
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    kept = arguments.results
    if arguments.report:
        print(table(json.loads(kept.read_text())))
        return
    results = inRounds(choose(arguments), arguments)
    print(table(results))
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
