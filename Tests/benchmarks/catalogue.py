"""The workloads, contenders and TCP servers that the benchmarks measure."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
#: The interpreter that runs the contenders, from the environment variable BENCH_PY if it is set.
PYTHON = os.environ.get("BENCH_PY", sys.executable)

FLOOR = "generators by hand"
ASYNCIO = "asyncio"


@dataclass(frozen=True)
class Workload:
    """A kind of work: N is a multiple of `step`; `goals` are shares of the floor, by idiom."""

    step: int
    unit: str
    goals: dict[str, float] = field(default_factory=dict)
    isRate: bool = True


WORKLOADS = {
    "pipe1": Workload(100, "hops/s", {"": 0.10, "wait": 0.13}),
    "pipeB": Workload(1000, "hops/s", {"": 0.16, "wait": 0.16}),
    "pingpong": Workload(20, "round trips/s", {"": 0.13, "wait": 0.13}),
    "ring": Workload(1000, "hops/s", {"": 0.10, "wait": 0.13}),
    "spawn": Workload(500, "tasks/s", {"": 0.10}),
    "fanout": Workload(10, "deliveries/s", {"": 0.13}),
    "fanoutbp": Workload(10, "deliveries/s"),
    "busy1": Workload(1000, "switches/s"),
    "busy100": Workload(1000, "switches/s"),
    "busy10000": Workload(100000, "switches/s"),
    "idle": Workload(100000, "bytes each", isRate=False),
    "wake10000": Workload(20, "round trips/s"),
    "wake100000": Workload(20, "round trips/s"),
}

#: The workloads of each idiom, and their names in contenders/axon_api.py.
IDIOMS = {
    "": {name: name for name in WORKLOADS},
    "wait": {name: name + "_wait" for name in ("pipe1", "pipeB", "pingpong", "ring")},
    "async": {"pipe1": "pipe_async", "pipeB": "pipeB_async"},
}


@dataclass(frozen=True)
class Contender:
    """A program that runs workloads: its command line and its names for the workloads."""

    command: list[str]
    workloads: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)
    idiom: str = ""

    def commandFor(self, workload: str, n: int) -> list[str]:
        for prefix in ("busy", "wake"):
            if workload.startswith(prefix):
                return [*self.command, prefix, str(n), workload.removeprefix(prefix)]
        return [*self.command, self.workloads[workload], str(n)]


def _program(name: str) -> list[str]:
    return [PYTHON, str(HERE / "contenders" / name)]


def contenders() -> dict[str, Contender]:
    """Return the references: generators without a framework, and asyncio."""
    common = {name: name for name in WORKLOADS if name != "fanoutbp"}
    queues = _program("asyncio_q.py")
    return {
        FLOOR: Contender(_program("raw_gen.py"), common),
        ASYNCIO: Contender(queues, common),
        "asyncio on uvloop": Contender(queues, common, {"LOOP": "uvloop"}),
    }


def axon(path: str, name: str, newIdioms: bool = True) -> dict[str, Contender]:
    """Return a contender for each idiom of an implementation of the Axon API."""
    command = [*_program("axon_api.py"), "--path", path]
    found = {}
    for idiom, workloads in IDIOMS.items():
        if newIdioms or not idiom:
            label = f"{name}, {idiom}" if idiom else name
            found[label] = Contender(command, workloads, idiom=idiom)
    return found


@dataclass(frozen=True)
class Server:
    """A TCP echo server: its command line, to which a port is appended."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


def _server(name: str, *arguments: str, loop: str = "") -> Server:
    command = [PYTHON, str(HERE / "tcp" / "servers" / name), *arguments]
    return Server(command, {"LOOP": loop} if loop else {})


def servers() -> dict[str, Server]:
    return {
        "epoll by hand (floor)": _server("epoll_floor.py"),
        "asyncio streams": _server("asyncio_streams.py"),
        "asyncio Protocol": _server("asyncio_protocol.py"),
        "uvloop streams": _server("asyncio_streams.py", loop="uvloop"),
        "uvloop Protocol": _server("asyncio_protocol.py", loop="uvloop"),
    }


def axonServer(path: str) -> Server:
    return _server("axon_servercore.py", "--path", path)
