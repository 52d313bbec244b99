"""SMTP proxies, each with the same client in front and the same smtp-sink behind.

    python Tests/benchmarks/run_smtp.py                           this checkout and the references
    python Tests/benchmarks/run_smtp.py -t 1KiB,quit -c axon,sink
    python Tests/benchmarks/run_smtp.py --path DIR --name other   another implementation as well
    python Tests/benchmarks/run_smtp.py --report

    1KiB, 100KiB, 10MiB   mails per second from smtp-source, 20 at a time, one per connection,
                          and the CPU time of each in the proxy and its children
    quit                  sessions of connect and QUIT, 20 at a time
    latency               of a mail of 1 KiB at 20 at a time, from MAIL to the answer to the dot
    idle1000              additional memory for 1,000 sessions that have sent EHLO and wait
    many10MiB             peak memory while 100 mails of 10 MiB arrive at once

Contenders alternate in rounds. Medians are compared, and their ratio to smtp-sink alone, the limit
of client and sink. smtp-source and smtp-sink (of Postfix) and a C compiler are needed.
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import relays
from catalogue import HERE, PYTHON, ROOT
from programs import build, bytesOfFamily, cpuSecondsOfFamily
from relays import BARE_PROXY, SINK, Relay
from run import lastJson, machine, short

RESULTS = HERE / "results" / "smtp.json"
SIZES = {"1KiB": 1024, "100KiB": 100 * 1024, "10MiB": 10 * 1024 * 1024}
IDLE = 1000
MANY = 100
MB = 1e6

#: test: (the main figure, its unit, whether more is better)
TESTS = {
    **dict.fromkeys(SIZES, ("rate", "mails/s", True)),
    "quit": ("rate", "sessions/s", True),
    "latency": ("p50", "ms", False),
    "idle1000": ("grown", "MB more", False),
    "many10MiB": ("Pss", "MB", False),
}
ONCE = ("idle1000", "many10MiB")

Answer = dict[str, Any]


def send(port: int, size: int, count: int, atOnce: int = 20) -> float:
    """Return the seconds that smtp-source needs for so many mails."""
    program = str(relays.programNamed("smtp-source"))
    words = ["-s", str(atOnce), "-m", str(count), "-l", str(size), f"127.0.0.1:{port}"]
    began = time.perf_counter()
    done = subprocess.run(
        [program, *words], capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["smtp-source failed"])[-1])
    return time.perf_counter() - began


def load(port: int, mode: str, seconds: float) -> Answer:
    client = build(HERE / "smtp" / "smtpload.c")
    words = ["-p", str(port), "-m", mode, "-c", "20", "-T", str(seconds), "-k", "1"]
    done = subprocess.run(
        [str(client), *words], capture_output=True, text=True, timeout=seconds + 60, check=False
    )
    answer = lastJson(done)
    if answer.get("sessions_fail", 1):
        raise RuntimeError(answer.get("error") or f"{answer['sessions_fail']} sessions failed")
    return answer


def countFor(port: int, size: int, target: float) -> int:
    """Return the number of mails that take about `target` seconds; this also warms up the proxy."""
    count, seconds = 20, send(port, size, 20)
    while seconds < target / 4:
        count *= 2 if seconds > target / 8 else 5
        seconds = send(port, size, count)
    return max(20, round(count * target / seconds))


def measure(test: str, pid: int, port: int, count: int, target: float) -> Answer:
    """Measure one round of one contender."""
    before = cpuSecondsOfFamily(pid)
    if test in SIZES:
        answer = {"rate": count / send(port, SIZES[test], count)}
    elif test == "quit":
        done = load(port, "quit", target)
        count = done["sessions_ok"]
        answer = {"rate": done["sess_per_s"]}
    else:
        done = load(port, "msg", target)
        count = done["msgs_ok"]
        answer = {key: done["lat_msg_ms"][key] for key in ("p50", "p99")}
    return answer | {"cpu": (cpuSecondsOfFamily(pid) - before) / max(1, count) * 1e6}


def inRounds(test: str, chosen: dict[str, Relay], rounds: int, target: float) -> dict[str, Any]:
    """Run all contenders at once, and measure them alternately."""
    results: dict[str, list[Answer]] = {name: [] for name in chosen}
    with contextlib.ExitStack() as stack:
        _, sinkPort = stack.enter_context(relays.sink())
        running = {n: stack.enter_context(relay.start(sinkPort)) for n, relay in chosen.items()}
        counts = dict.fromkeys(chosen, 0)
        for _ in range(rounds):
            for name, (pid, port) in running.items():
                try:
                    with machine():
                        if test in SIZES and not counts[name]:
                            counts[name] = countFor(port, SIZES[test], target)
                        results[name].append(measure(test, pid, port, counts[name], target))
                except (RuntimeError, subprocess.TimeoutExpired) as error:
                    results[name].append({"error": str(error)[:160]})
    return results


def memoryOf(test: str, relay: Relay) -> Answer:
    """Measure the memory of one contender in a fresh process."""
    try:
        with machine(), relays.sink() as (_, sinkPort), relay.start(sinkPort) as (pid, port):
            send(port, 1024, 20)  # loads all modules
            return idleMemory(pid, port) if test == "idle1000" else busyMemory(pid, port)
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        return {"error": str(error)[:160]}


def idleMemory(pid: int, port: int) -> Answer:
    before = bytesOfFamily(pid)
    client = build(HERE / "smtp" / "smtpload.c")
    words = [str(client), "-p", str(port), "-m", "idle", "-c", str(IDLE)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as idle:
        assert idle.stdin is not None
        assert idle.stdout is not None
        held = int(idle.stdout.readline().split()[1])
        now = bytesOfFamily(pid)
        idle.stdin.close()
        idle.stdout.read()
    if held < IDLE:
        raise RuntimeError(f"only {held} of {IDLE} sessions")
    return {"grown": (now["Pss"] - before["Pss"]) / MB, "Rss": (now["Rss"] - before["Rss"]) / MB}


def busyMemory(pid: int, port: int) -> Answer:
    program = str(relays.programNamed("smtp-source"))
    words = [program, "-s", str(MANY), "-m", str(MANY), "-l", str(SIZES["10MiB"])]
    most = {"Pss": 0, "Rss": 0}
    with subprocess.Popen([*words, f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL) as client:
        while client.poll() is None:
            now = bytesOfFamily(pid)
            most = {key: max(most[key], now[key]) for key in most}
            time.sleep(0.1)
    if client.returncode:
        raise RuntimeError("smtp-source failed")
    return {key: value / MB for key, value in most.items()}


def details(answers: list[Answer]) -> str:
    """Return the medians of the other figures, and the errors."""
    keys = {"cpu": "{:.0f} us CPU each", "p99": "99 %: {:.1f} ms", "Rss": "RSS {:.0f} MB"}
    words = []
    for key, form in keys.items():
        values = [answer[key] for answer in answers if key in answer]
        if values:
            words.append(form.format(statistics.median(values)))
    return "; ".join([*words, *sorted({a["error"] for a in answers if "error" in a})])


def medianOf(key: str, answers: list[Answer]) -> float | None:
    values = [answer[key] for answer in answers if key in answer]
    return statistics.median(values) if values else None


def table(test: str, results: dict[str, list[Answer]]) -> str:
    key, unit, isMoreBetter = TESTS[test]
    middle = {}
    for name, answers in results.items():
        middle[name] = medianOf(key, answers)
    sign = -1 if isMoreBetter else 1
    limit = middle.get(SINK)
    lines = [
        f"\n### SMTP {test} ({unit}, median of {max(map(len, results.values()))})\n",
        f"| proxy | {unit} | x {SINK} | CPU x {BARE_PROXY} | |",
        "|---|--:|--:|--:|---|",
    ]
    cpu = {name: medianOf("cpu", answers) for name, answers in results.items()}
    least = cpu.get(BARE_PROXY)
    for name in sorted(middle, key=lambda name: (middle[name] is None, sign * (middle[name] or 0))):
        value = middle[name]
        figure = "-" if value is None else short(value)
        ratio = "-" if value is None or not limit else f"{value / limit:.3g}"
        mine = cpu[name]
        cost = "-" if mine is None or not least else f"{mine / least:.2f}"
        lines.append(f"| {name} | {figure} | {ratio} | {cost} | {details(results[name])} |")
    return "\n".join(lines)


def choose(arguments: argparse.Namespace) -> dict[str, Relay]:
    """Return the contenders that the command line selects and that can run here."""
    paths = {"axon": str(ROOT)}
    if arguments.path:
        paths[arguments.name] = arguments.path
    parts = [part.lower() for part in arguments.c.split(",")]
    chosen = {}
    for name, relay in relays.contenders(paths, arguments.twisted).items():
        if not any(part in name.lower() for part in parts):
            continue
        if relay.lacks:
            print(f"left out: {name}: {relay.lacks}", file=sys.stderr)
        else:
            chosen[name] = relay
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-t", default=",".join(TESTS), help="tests, by name")
    parser.add_argument("-c", default="", help="contenders, by parts of their names")
    parser.add_argument("--reps", type=int, default=5, help="rounds")
    parser.add_argument(
        "--secs", type=float, default=2.0, help="approximate seconds per measurement"
    )
    parser.add_argument("--path", help="folder of another Axon and Kamaelia")
    parser.add_argument("--name", default="other", help="name of the other implementation")
    parser.add_argument("--twisted", default=PYTHON, help="a Python with Twisted")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file for the results")
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    kept = arguments.results
    everything = json.loads(kept.read_text()) if kept.exists() else {}
    if arguments.report:
        print("\n".join(table(test, results) for test, results in everything.items()))
        return
    chosen = choose(arguments)
    for test in arguments.t.split(","):
        if test in ONCE:
            results = {name: [memoryOf(test, relay)] for name, relay in chosen.items()}
        else:
            results = inRounds(test, chosen, arguments.reps, arguments.secs)
        print(table(test, results), flush=True)
        everything[test] = results
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
