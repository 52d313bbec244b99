"""Compare both cores with generators connected by hand and asyncio, by CPU time.

    make bench BENCH=run_cores ARGS="-w pipe1,ring -r 5"

Each figure is a share of the speed of the generators: the median over the rounds, in each of
which all contenders run one after the other. A contender runs a small and a large workload, and
the difference of their CPU times counts, so the start of the interpreter does not.
"""

import argparse
import dataclasses
import os
import resource
import statistics
import subprocess
from collections.abc import Iterable

from catalogue import ASYNCIO, FLOOR, ROOT, Contender, axon, contenders
from run import machine

#: N of each workload for the slowest contender.
SIZES = {
    "pipe1": 10_000,
    "pipeB": 40_000,
    "pingpong": 10_000,
    "ring": 25_000,
    "fanout": 400,
    "spawn": 3_000,
}
#: A faster contender has this many times the work.
SPEED = {FLOOR: 20, ASYNCIO: 1, "pure": 3, "compiled": 8, "pure, wait": 3, "compiled, wait": 8}


def cores(path: str = str(ROOT)) -> dict[str, Contender]:
    """Return both cores of the implementation in `path`, in both idioms."""
    found = {}
    for label, contender in axon(path, "axon").items():
        if contender.idiom in {"", "wait"}:
            suffix = label.removeprefix("axon")
            found["compiled" + suffix] = contender
            found["pure" + suffix] = dataclasses.replace(contender, environment={"AXON_PURE": "1"})
    return found


def cpuSeconds(contender: Contender, workload: str, n: int) -> float:
    """Return the CPU time of the process that runs the workload."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        contender.commandFor(workload, n),
        env=os.environ | {"PYTHONHASHSEED": "0"} | contender.environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def secondsPerUnit(contender: Contender, workload: str, n: int) -> float:
    few = n // 5
    cost = cpuSeconds(contender, workload, n) - cpuSeconds(contender, workload, few)
    return max(cost, 1e-9) / (n - few)


def shares(
    workload: str, chosen: dict[str, Contender], rounds: int, scale: float
) -> dict[str, list[float]]:
    """Return the shares of the speed of the generators, one for each round."""
    able = {name: each for name, each in chosen.items() if workload in each.workloads}
    found: dict[str, list[float]] = {name: [] for name in able}
    for _ in range(rounds):
        with machine():
            costs = {
                name: secondsPerUnit(each, workload, int(SIZES[workload] * SPEED[name] * scale))
                for name, each in able.items()
            }
        for name, cost in costs.items():
            found[name].append(costs[FLOOR] / cost)
    return found


def line(workload: str, found: dict[str, list[float]], names: Iterable[str]) -> str:
    """Return a line of the table: the median, and half the spread in per cent of it."""
    cells = []
    for name in names:
        values = found.get(name)
        if values is None:
            cells.append("")
        else:
            middle = statistics.median(values)
            spread = (max(values) - min(values)) / middle / 2
            cells.append(f"{middle:.3f} ±{spread:.0%}")
    return f"{workload:10}" + "".join(f"{cell:>16}" for cell in cells)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-w", "--workloads", default=",".join(SIZES), help="a list with commas")
    parser.add_argument("-r", "--rounds", type=int, default=3)
    parser.add_argument("-s", "--scale", type=float, default=1, help="more or less work")
    arguments = parser.parse_args()
    references = contenders()
    chosen = {FLOOR: references[FLOOR], ASYNCIO: references[ASYNCIO]} | cores()
    names = [name for name in chosen if name != FLOOR]
    print(f"{'':10}" + "".join(f"{name:>16}" for name in names))
    for workload in arguments.workloads.split(","):
        found = shares(workload, chosen, arguments.rounds, arguments.scale)
        print(line(workload, found, names), flush=True)


if __name__ == "__main__":
    main()
