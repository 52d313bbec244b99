"""TCP echo servers, each measured with tcp/client.c (C, epoll, in a separate process).

    python Tests/benchmarks/run_tcp.py                          this checkout and the references
    python Tests/benchmarks/run_tcp.py -t onecpu,conn -c axon,uvloop
    python Tests/benchmarks/run_tcp.py --path DIR --name other  another implementation as well
    python Tests/benchmarks/run_tcp.py --report

    pingpong   50 connections, 1 KiB each way, the next when the last is back
    onecpu     the same with server and client on one CPU: no other CPU is woken, so 1/rate is
               the CPU time of a request, including that of the client
    conn       20 at a time: connect, echo 64 bytes, close
    bulk       one connection, writes of 64 KiB, at most 4 MiB in flight
    idle1000, idle5000   memory per connection; then an echo on each of them

Each measurement starts a fresh server process; servers alternate. A C compiler is needed.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import catalogue
from catalogue import HERE, ROOT, Server
from programs import build, cpuSeconds, freePort, residentBytes, whyItDied
from run import lastJson, machine, short

RESULTS = HERE / "results" / "tcp.json"
CLIENT = HERE / "tcp" / "client.c"
REFERENCES = ("uvloop Protocol", "asyncio Protocol")

#: test: (the client's mode, its arguments, the main figure, its unit)
TESTS = {
    "pingpong": ("pingpong", ["50", "1024"], "rate", "requests/s"),
    "onecpu": ("pingpong", ["50", "1024"], "rate", "requests/s"),
    "conn": ("conn", ["20", "64"], "rate", "connections/s"),
    "bulk": ("bulk", ["1", "65536"], "mb_s", "MB/s"),
    "idle1000": ("idle", ["1000", "20"], "bytes_each", "bytes each"),
    "idle5000": ("idle", ["5000", "20"], "bytes_each", "bytes each"),
}

Answer = dict[str, Any]


@contextlib.contextmanager
def running(server: Server, pin: list[str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a server; yield its port when it is ready."""
    port = freePort()
    process = subprocess.Popen(
        [*pin, *server.command, str(port)],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    if "READY" not in process.stdout.readline():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
        raise RuntimeError(whyItDied(process) or "server did not say that it is ready")
    time.sleep(0.15)
    try:
        yield process, port
    finally:
        died = whyItDied(process)
        if died:
            raise RuntimeError(died)


def underLoad(test: str, server: Server, seconds: float) -> Answer:
    mode, arguments, _, _ = TESTS[test]
    pin = ["taskset", "-c", "1"] if test == "onecpu" and (os.cpu_count() or 1) > 1 else []
    with running(server, pin) as (process, port):
        before = cpuSeconds(process.pid)
        command = [*pin, str(build(CLIENT)), mode, str(port), *arguments, str(seconds)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds + 30, check=False
        )
        return lastJson(done) | {"cpu_secs": cpuSeconds(process.pid) - before}


def atRest(test: str, server: Server) -> Answer:
    mode, arguments, _, _ = TESTS[test]
    with running(server, []) as (process, port):
        before = residentBytes(process.pid)
        client = subprocess.Popen(
            [str(build(CLIENT)), mode, str(port), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert client.stdout is not None
        try:
            answer: Answer = json.loads(client.stdout.readline() or "{}")
            time.sleep(1)
            grown = residentBytes(process.pid) - before
            busyBefore = cpuSeconds(process.pid)
            time.sleep(1)
            answer["idle_cpu"] = cpuSeconds(process.pid) - busyBefore
            answer["bytes_each"] = grown / max(1, answer.get("connected", 1))
            output, _ = client.communicate("go\n", timeout=40)
            return answer | json.loads(output.strip().splitlines()[-1])
        finally:
            client.kill()
            client.wait()


def measure(test: str, server: Server, seconds: float) -> Answer:
    try:
        with machine():
            return (
                atRest(test, server)
                if test.startswith("idle")
                else underLoad(test, server, seconds)
            )
    except (RuntimeError, subprocess.TimeoutExpired, OSError, ValueError) as error:
        return {"error": str(error)[:200]}


def details(test: str, answers: list[Answer]) -> str:
    """Return the other figures: latencies, the number of answers, errors."""
    wrong = sorted({answer["error"] for answer in answers if "error" in answer})
    last = answers[-1]
    if test.startswith("idle"):
        keys = ("connected", "answered", "mean_echo_us", "idle_cpu")
        return "; ".join([*(f"{key} {last[key]:.4g}" for key in keys if key in last), *wrong])
    latency = [
        f"{key} {statistics.median(a.get(key + '_us', -1) for a in answers):.0f} us"
        for key in ("p50", "p99")
        if last.get(key + "_us", -1) > 0
    ]
    return "; ".join(latency + wrong)


def table(test: str, results: dict[str, list[Answer]]) -> str:
    _, _, key, unit = TESTS[test]
    middle = {}
    for name, answers in results.items():
        values = [answer[key] for answer in answers if key in answer]
        middle[name] = statistics.median(values) if values else None
    lines = [
        f"\n### TCP {test} ({unit}, median of {max(map(len, results.values()))})\n",
        f"| server | {unit} | x {REFERENCES[0]} | x {REFERENCES[1]} | |",
        "|---|--:|--:|--:|---|",
    ]
    for name in sorted(middle, key=lambda name: -(middle[name] or 0)):
        value = middle[name]
        figures = ["-"] * 3
        if value is not None:
            bases = [middle.get(reference) for reference in REFERENCES]
            figures = [short(value), *(f"{value / base:.3g}" if base else "-" for base in bases)]
        lines.append(f"| {name} | {' | '.join(figures)} | {details(test, results[name])} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-t", default="pingpong,onecpu,conn,bulk,idle1000", help="tests, by name")
    parser.add_argument("-c", default="", help="servers, by parts of their names")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--secs", type=float, default=1.0)
    parser.add_argument("--path", help="folder of another Axon and Kamaelia (DIR or DIR:DIR)")
    parser.add_argument("--name", default="other", help="name of the other implementation")
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    everything = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if arguments.report:
        print("\n".join(table(test, results) for test, results in everything.items()))
        return
    found = catalogue.servers() | {"axon": catalogue.axonServer(str(ROOT))}
    if arguments.path:
        found[arguments.name] = catalogue.axonServer(arguments.path)
    parts = [part.lower() for part in arguments.c.split(",")]
    chosen = {n: s for n, s in found.items() if any(part in n.lower() for part in parts)}
    for test in arguments.t.split(","):
        results: dict[str, list[Answer]] = {name: [] for name in chosen}
        for _ in range(1 if test.startswith("idle") else arguments.reps):
            for name, server in chosen.items():
                results[name].append(measure(test, server, arguments.secs))
        print(table(test, results), flush=True)
        everything[test] = results
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
