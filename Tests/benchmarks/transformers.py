"""The time of a hop through a PureTransformer, beside a hop of the core alone.

    python Tests/benchmarks/transformers.py [--rounds 9] [--messages 20000] [--stages 10]

Each pipeline has a producer, a number of equal stages and a consumer. A stage of the core is the
shortest component that passes messages on. The stage of the other contenders calls a function for
each message. Messages come one in a turn, or in bursts of 100. The contenders alternate within a
round, each in a process of its own; the program prints the median of each, in nanoseconds per
stage and message, and its ratio to the core. The goal for PureTransformer is 1.3 at most.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]

CHILD = """
import json, os, sys, time
path, kind, burst, number, stages = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
sys.path[:0] = path.split(":")
from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline

class Producer(component):
    def main(self):
        for i in range(0, number, burst):
            for j in range(burst):
                self.send(i + j)
            yield 1

class Consumer(component):
    def main(self):
        left, start = number, time.perf_counter()
        while left:
            yield from self.waitForMessage()
            for _ in self.Inbox():
                left -= 1
        print(json.dumps(time.perf_counter() - start), flush=True)
        os._exit(0)

class One(component):  # the shortest stage for one message in a turn
    def main(self):
        while True:
            yield from self.waitForMessage()
            if self.dataReady("inbox"):
                self.send(self.recv("inbox"), "outbox")
            else:
                return

class Burst(component):  # the shortest stage for bursts
    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)
            if self.dataReady("control"):
                return

def same(message):
    return message

def stage():
    if kind == "core":
        return One() if burst == 1 else Burst()
    if kind == "Operator":
        from Kamaelia.Flow.Operator import Operator
        return Operator()
    from Kamaelia.Util.PureTransformer import PureTransformer
    return PureTransformer(same)

Pipeline(Producer(), *(stage() for _ in range(stages)), Consumer()).run()
"""

KINDS = ("core", "PureTransformer", "Operator")


def nanoseconds(options: argparse.Namespace, kind: str, burst: int) -> float:
    """Return the nanoseconds for one message and one stage."""
    numbers = [burst, options.messages // burst * burst, options.stages]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, options.path, kind, *map(str, numbers)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(done.stdout)) / (numbers[1] * (options.stages + 1)) * 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the hop through a PureTransformer.")
    parser.add_argument("--path", default=str(ROOT), help="directory with Axon and Kamaelia")
    parser.add_argument("--rounds", type=int, default=9, help="rounds (%(default)s)")
    parser.add_argument("--messages", type=int, default=20_000, help="messages (%(default)s)")
    parser.add_argument("--stages", type=int, default=10, help="equal stages (%(default)s)")
    options = parser.parse_args()
    for burst in (1, 100):
        times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for _ in range(options.rounds):
            for kind in KINDS:
                times[kind].append(nanoseconds(options, kind, burst))
        core = median(times["core"])
        for kind in KINDS:
            found = median(times[kind])
            name = f"{kind}, {burst} in a turn"
            print(f"{name:34} {found:8.0f} ns a hop   {found / core:5.2f} x core")


if __name__ == "__main__":
    main()
