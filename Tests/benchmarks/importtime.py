"""The time of imports in fresh interpreters.

    python Tests/benchmarks/importtime.py [--path DIR] [--reps 15] [MODULE ...]

For each import, the program prints the median time next to that of `import asyncio`, measured
alternately, the number of imported modules, and the slowest of them by `-X importtime`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = "asyncio"
MODULES = ["Axon", "Axon.Component", "Kamaelia.Chassis.Pipeline"]

CHILD = """
import json, sys, time
before, start = len(sys.modules), time.perf_counter()
__import__(sys.argv[1])
print(json.dumps([time.perf_counter() - start, len(sys.modules) - before]))
"""


def python(path: str, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done


def slowest(path: str, module: str, count: int = 3) -> str:
    """Return the modules whose own code took longest, in milliseconds."""
    rows = []
    for line in python(path, "-X", "importtime", "-c", f"import {module}").stderr.splitlines():
        fields = line.removeprefix("import time:").split("|")
        if len(fields) == 3 and fields[0].strip().isdigit():
            rows.append((int(fields[0]) / 1000, fields[2].strip()))
    return ", ".join(f"{name} {ms:.1f}" for ms, name in sorted(rows, reverse=True)[:count])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--path", default=str(ROOT))
    parser.add_argument("--reps", type=int, default=15)
    arguments = parser.parse_args()
    names = [REFERENCE, *arguments.modules]
    times: dict[str, list[float]] = {name: [] for name in names}
    brought = {}
    for _ in range(arguments.reps):
        for name in names:
            seconds, brought[name] = json.loads(python(arguments.path, "-c", CHILD, name).stdout)
            times[name].append(seconds * 1000)
    middle = {name: statistics.median(values) for name, values in times.items()}
    print(f"| import | ms | x {REFERENCE} | modules | slowest, in ms |\n|---|--:|--:|--:|---|")
    for name in names:
        ratio = middle[name] / middle[REFERENCE]
        tail = f"{brought[name]} | {slowest(arguments.path, name)}"
        print(f"| {name} | {middle[name]:.1f} | {ratio:.2f} | {tail} |")


if __name__ == "__main__":
    main()
