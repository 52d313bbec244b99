"""The common part of all contenders: `python CONTENDER.py WORKLOAD N [K]` prints a line of JSON.

A contender implements some of these workloads, each as a function with its name:

    pipe1(n)    producer, three forwarders, sink; a link holds about one message,
                so that every hop costs a switch.             rate: hops, 4 * n
    pipeB(n)    the same, in bursts of a hundred messages.    rate: hops, 4 * n
    pingpong(n) two tasks bounce one message.                 rate: round trips, n
    ring(n)     a thousand tasks in a ring, one message.      rate: hops, n
    spawn(n)    create, start and end n tasks, at most 10,000 alive at once.     n
    fanout(n)   producer, distributor, a hundred sinks.       rate: deliveries, 100 * n
    fanoutbp(n) the same through a Backplane
    busy(n, k)  k tasks that do nothing but yield.            rate: switches, n
    idle(n)     n tasks that wait for a message; bytes per task, not a rate
    wake(n, k)  pingpong beside k idle tasks
"""

import gc
import json
import os
import sys
import time
from collections.abc import Callable

BURST = 100
RING = 1000
FAN = 100
CHUNK = 10000
WORKLOADS = [
    "pipe1",
    "pipeB",
    "pingpong",
    "ring",
    "spawn",
    "idle",
    "wake",
    "fanout",
    "fanoutbp",
    "busy",
]

clock = time.perf_counter


def residentBytes() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def base() -> int:
    """Return the memory in use before anything is created."""
    gc.collect()
    return residentBytes()


def finish(ops: int, seconds: float, **extra: float) -> None:
    """Print the result and exit at once, because the teardown is not measured."""
    result = {"ops": ops, "secs": seconds, "rate": ops / seconds if seconds else None}
    print(json.dumps(result | extra), flush=True)
    os._exit(0)


def finishIdle(n: int, before: int, seconds: float) -> None:
    gc.collect()
    finish(n, seconds, bytes_each=(residentBytes() - before) / n)


def main(namespace: dict[str, object], more: tuple[str, ...] = ()) -> None:
    """Run the workload of the command line; `more` are additional workloads."""
    table: dict[str, Callable[..., tuple[int, float] | None]] = {
        name: namespace[name] for name in [*WORKLOADS, *more] if name in namespace
    }
    if len(sys.argv) < 3 or sys.argv[1] not in table:
        sys.exit(f"usage: {sys.argv[0]} WORKLOAD N [K], where WORKLOAD is of: {' '.join(table)}")
    result = table[sys.argv[1]](*(int(float(text)) for text in sys.argv[2:]))
    if result is not None:
        finish(*result)
