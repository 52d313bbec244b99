"""Benchmarks of the core: each workload for all contenders alternately, and the ratios.

    python Tests/benchmarks/run.py                            this checkout and the references
    python Tests/benchmarks/run.py -w pipe1,ring              only these workloads
    python Tests/benchmarks/run.py -c generators,wait         only these contenders (part of a name)
    python Tests/benchmarks/run.py --path DIR --name other    another implementation as well
    python Tests/benchmarks/run.py --report                   the last results again

The contenders alternate (A B C, A B C, ...) for `--reps` rounds, and medians are compared, so the
load of the machine affects all of them equally. N is chosen for each contender so that a run takes
about `--target` seconds.
"""

import argparse
import contextlib
import fcntl
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import catalogue
from catalogue import ASYNCIO, FLOOR, HERE, WORKLOADS, Contender

RESULTS = HERE / "results" / "core.json"
LOCK = Path(tempfile.gettempdir()) / "kamaelia-benchmarks.lock"

#: The values of each contender for a workload, or the reason why there are none.
Results = dict[str, dict[str, Any]]


@contextlib.contextmanager
def machine() -> Iterator[None]:
    """Hold a lock for a round, so that two runs of the benchmarks do not disturb each other."""
    with LOCK.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def lastJson(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the last line of JSON that a program printed, or the last line of its error."""
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            answer: dict[str, Any] = json.loads(line)
            return answer
    return {"error": (done.stderr.strip().splitlines() or ["no output"])[-1][:200]}


def runOnce(contender: Contender, workload: str, n: int, timeout: float = 90) -> dict[str, Any]:
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | contender.environment
    command = contender.commandFor(workload, n)
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"not done in {timeout:.0f} s"}
    return lastJson(done)


def calibrate(contender: Contender, workload: str, target: float) -> int:
    """Return the N with which a run takes about `target` seconds."""
    step = n = WORKLOADS[workload].step
    if not WORKLOADS[workload].isRate:
        return n
    for _ in range(12):
        answer = runOnce(contender, workload, n)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        factor = target / max(answer["secs"], 1e-6)
        near = factor <= 4
        n = max(step, int(n * (factor if near else min(100, factor / 2)) / step) * step)
        if near:
            break
    return n


def measure(workload: str, chosen: dict[str, Contender], reps: int, target: float) -> Results:
    """Measure one workload: calibrate, then alternate between the contenders."""
    results: Results = {}
    sizes = {}
    for name, contender in chosen.items():
        try:
            with machine():
                sizes[name] = calibrate(contender, workload, target)
            results[name] = {"n": sizes[name], "values": []}
        except RuntimeError as error:
            results[name] = {"error": str(error)}
    for _ in range(reps):
        with machine():
            for name, size in sizes.items():
                answer = runOnce(chosen[name], workload, size)
                if "error" in answer:
                    results[name]["error"] = answer["error"]
                else:
                    key = "rate" if WORKLOADS[workload].isRate else "bytes_each"
                    results[name]["values"].append(answer[key])
    return results


def short(number: float) -> str:
    """Return the number with three digits and the letter for thousands or millions."""
    for limit, letter in ((1e6, "M"), (1e3, "k"), (1, "")):
        if number >= limit:
            return f"{number / limit:#.3g}".rstrip(".") + letter
    return f"{number:.3g}"


def medians(results: Results) -> dict[str, float]:
    return {
        name: statistics.median(entry["values"])
        for name, entry in results.items()
        if entry.get("values")
    }


def table(workload: str, results: Results, idioms: dict[str, str]) -> str:
    """Return the results of a workload as a table, the fastest (or smallest) first."""
    kind, middle = WORKLOADS[workload], medians(results)
    rounds = max((len(entry.get("values", [])) for entry in results.values()), default=0)
    lines = [
        f"\n### {workload} ({kind.unit}, median of {rounds})\n",
        f"| contender | {kind.unit} | x floor | goal | x asyncio | spread |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name in sorted(middle, key=middle.__getitem__, reverse=kind.isRate):
        values, value = results[name]["values"], middle[name]
        ratios = [f"{value / middle[b]:.3g}" if b in middle else "-" for b in (FLOOR, ASYNCIO)]
        wanted = kind.goals.get(idioms[name]) if name in idioms else None
        goal = f"{wanted:.2f}" if wanted else ""
        spread = (max(values) - min(values)) / value if value else 0
        lines.append(
            f"| {name} | {short(value)} | {ratios[0]} | {goal} | {ratios[1]} | {spread:.0%} |"
        )
    for name, entry in results.items():
        if "error" in entry:
            lines.append(f"| {name} | failed: {entry['error']} | | | | |")
    return "\n".join(lines)


def besideIdle(everything: dict[str, Results]) -> list[str]:
    """Return the share of the speed of pingpong that remains beside idle components."""
    lines = []
    alone = medians(everything.get("pingpong", {}))
    for workload in ("wake10000", "wake100000"):
        for name, value in medians(everything.get(workload, {})).items():
            if name in alone:
                lines.append(f"{workload} / pingpong, {name}: {value / alone[name]:.2f}")
    return lines


def report(everything: dict[str, Results], idioms: dict[str, str]) -> str:
    tables = [table(w, everything[w], idioms) for w in WORKLOADS if w in everything]
    return "\n".join([*tables, "", *besideIdle(everything)])


def choose(arguments: argparse.Namespace) -> dict[str, Contender]:
    """Return the contenders that the command line selects."""
    found = catalogue.contenders() | catalogue.axon(str(catalogue.ROOT), "axon")
    if arguments.path:
        found |= catalogue.axon(arguments.path, arguments.name, not arguments.old)
    parts = [part.lower() for part in arguments.c.split(",")]
    return {name: c for name, c in found.items() if any(part in name.lower() for part in parts)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-w", default=",".join(WORKLOADS), help="workloads, by name")
    parser.add_argument("-c", default="", help="contenders, by parts of their names")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--target", type=float, default=0.7, help="seconds per run")
    parser.add_argument("--path", help="folder of another Axon and Kamaelia (DIR or DIR:DIR)")
    parser.add_argument("--name", default="other", help="name of the other implementation")
    parser.add_argument("--old", action="store_true", help="measure only the old idiom of it")
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    chosen = choose(arguments)
    idioms = {n: c.idiom for n, c in chosen.items() if n not in catalogue.contenders()}
    if arguments.report:
        print(report(json.loads(RESULTS.read_text()), idioms))
        return
    everything: dict[str, Results] = {}
    for workload in arguments.w.split(","):
        able = {name: c for name, c in chosen.items() if workload in c.workloads}
        everything[workload] = measure(workload, able, arguments.reps, arguments.target)
        print(table(workload, everything[workload], idioms), flush=True)
    print("\n".join(["", *besideIdle(everything)]))
    RESULTS.parent.mkdir(exist_ok=True)
    earlier = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(earlier | everything, indent=1))


if __name__ == "__main__":
    main()
