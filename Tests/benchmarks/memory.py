"""The memory of a component, and the backlog of a fast producer and a slow consumer.

    python Tests/benchmarks/memory.py [--path DIR] [--components 20000] [--messages 5000000]

The program prints the bytes of an idle component with two linkages (a chain: outbox to inbox,
signal to control), next to a hand-written generator with a deque; then the peak growth of the
process while a producer that never waits sends its messages to a slower consumer through
`link(capacity=...)` and through `Pipeline(capacity=...)`. Linux only, because it reads /proc.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

#: Run in a separate process: argv is the path, the kind of link, the capacity, the number.
CHILD = """
import json, os, sys, time
sys.path[:0] = sys.argv[1].split(":")
from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline

how, capacity, number = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

def memory(key):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(key):
                return int(line.split()[1]) * 1024

class Producer(component):
    def main(self):
        for i in range(0, number, 10):
            for j in range(10):
                self.send(b"%64d" % (i + j))
            yield 1

class Consumer(component):
    def main(self):
        before, start, deepest = memory("VmRSS"), time.perf_counter(), 0
        for i in range(number):
            while not self.dataReady():
                self.pause()
                yield 1
            deepest = max(deepest, self.dataReady())
            self.recv()
            if not i % 5:
                yield 1
        print(json.dumps({"grown": memory("VmHWM") - before, "deepest": deepest,
                          "rate": number / (time.perf_counter() - start)}), flush=True)
        os._exit(0)

producer, consumer = Producer(), Consumer()
if how == "link":
    producer.link((producer, "outbox"), (consumer, "inbox"), capacity=capacity)
    producer.activate()
    consumer.run()
else:
    Pipeline(producer, consumer, capacity=capacity).run()
"""


def child(*command: str) -> dict[str, float]:
    """Run a Python program and return its JSON; other output goes to the terminal."""
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    if done.returncode or not done.stdout:
        sys.exit(done.stderr or "nothing was measured")
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--path", default=str(ROOT))
    parser.add_argument("--components", type=int, default=20000)
    parser.add_argument("--messages", type=int, default=5_000_000)
    parser.add_argument("--capacity", type=int, default=100)
    arguments = parser.parse_args()

    contenders, number = HERE / "contenders", str(arguments.components)
    floor = child(str(contenders / "raw_gen.py"), "idle", number)["bytes_each"]
    program = [str(contenders / "axon_api.py"), "--path", arguments.path, "idle", number]
    print("| waiting for a message | bytes | x generator |\n|---|--:|--:|")
    print(f"| hand-written generator and deque | {floor:.0f} | 1 |")
    for name, links in (("component, no linkage", "0"), ("component, two linkages", "1")):
        each = child(*program, links)["bytes_each"]
        print(f"| {name} | {each:.0f} | {each / floor:.2f} |", flush=True)

    print(f"\n| {arguments.messages:,} messages, capacity {arguments.capacity} | MB grown", end="")
    print(" | deepest inbox | messages/s |\n|---|--:|--:|--:|")
    for how in ("link", "Pipeline"):
        size, count = str(arguments.capacity), str(arguments.messages)
        found = child("-c", CHILD, arguments.path, how, size, count)
        figures = f"{found['grown'] / 1e6:.1f} | {found['deepest']:.0f} | {found['rate']:,.0f}"
        print(f"| {how} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
