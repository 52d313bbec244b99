"""HTTP servers: small files over many connections, and a large file.

    python Tests/benchmarks/run_http.py                     # small and large, five rounds
    python Tests/benchmarks/run_http.py -t large --rounds 3

    small   1 KiB, 50 connections that are kept alive, by h2load: requests/s, and the CPU time of
            the server for a request. Minimal sends a file; uvicorn on h11 and aiohttp respond from
            memory, which is less work; aiohttp also sends the file.
    large   1 GiB to one client: MB/s, CPU time, and how much memory the server needs meanwhile

Each measurement starts a fresh server process; servers alternate, and the last lines show ratios of
medians. h2load, uvicorn and aiohttp are needed. aiohttp sends without sendfile.
"""

import argparse
import contextlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from programs import cpuSeconds, freePort, residentBytes

SERVERS = Path(__file__).parent / "http"
#: name: the program and its last arguments
CONTENDERS = {
    "ours, Minimal": ("ours.py",),
    "ours, from memory": ("ours.py", "page"),
    "uvicorn, from memory": ("uvicornServer.py",),
    "aiohttp, from memory": ("aiohttpServer.py", "page"),
    "aiohttp, file": ("aiohttpServer.py",),
}
LARGE = {"ours, Minimal": CONTENDERS["ours, Minimal"], "aiohttp, file": CONTENDERS["aiohttp, file"]}
GIB = 1 << 30

Figures = dict[str, float]


@contextlib.contextmanager
def running(program: tuple[str, ...], folder: str) -> Iterator[tuple[int, int]]:
    """Run a server; yield its process id and its port when it is ready."""
    port = freePort()
    name, *options = program
    process = subprocess.Popen(
        [sys.executable, str(SERVERS / name), folder, str(port), *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        if "READY" not in process.stdout.readline():
            raise RuntimeError(f"{name} has not started")
        time.sleep(0.2)
        yield process.pid, port
    finally:
        process.kill()
        process.communicate()


def small(program: tuple[str, ...], folder: str, count: int) -> Figures:
    with running(program, folder) as (pid, port):
        load(port, count // 5)
        before = cpuSeconds(pid)
        seconds = load(port, count)
        return {
            "requests/s": count / seconds,
            "CPU us": (cpuSeconds(pid) - before) / count * 1e6,
        }


def load(port: int, count: int) -> float:
    """Send `count` requests; return how long that took. Raises RuntimeError if one failed."""
    url = f"http://127.0.0.1:{port}/1k.txt"
    began = time.perf_counter()
    done = subprocess.run(
        ["h2load", "--h1", "-c50", "-t1", f"-n{count}", url],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - began
    found = re.search(r"(\d+) 2xx", done.stdout)
    if found is None or int(found[1]) != count:
        raise RuntimeError(done.stdout)
    return seconds


def large(program: tuple[str, ...], folder: str, _: int) -> Figures:
    with running(program, folder) as (pid, port):
        with socket.create_connection(("127.0.0.1", port)) as sock:
            memory, cpu = residentBytes(pid), cpuSeconds(pid)
            began = time.perf_counter()
            sock.sendall(b"GET /large.bin HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            buffer, received, most, reads = bytearray(1 << 20), 0, memory, 0
            while size := sock.recv_into(buffer):
                received += size
                reads += 1
                if reads % 50 == 0:
                    most = max(most, residentBytes(pid))
            seconds = time.perf_counter() - began
        if received < GIB:
            raise RuntimeError(f"only {received} bytes")
        return {
            "MB/s": received / seconds / 1e6,
            "CPU s": cpuSeconds(pid) - cpu,
            "MB more": (most - memory) / 1e6,
        }


def report(found: dict[str, list[Figures]], first: str) -> None:
    medians = {
        name: {unit: statistics.median(each[unit] for each in rounds) for unit in rounds[0]}
        for name, rounds in found.items()
    }
    unit = next(iter(medians[first]))
    for name, figures in medians.items():
        text = "  ".join(f"{value:9.1f} {unit}" for unit, value in figures.items())
        ratio = medians[first][unit] / figures[unit]
        print(f"{name:22}{text}   {first} is {ratio:.2f} times as fast")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("-t", "--tests", default="small,large")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--requests", type=int, default=10_000)
    chosen = options.parse_args()
    if shutil.which("h2load") is None:
        sys.exit("h2load (of nghttp2-client) is needed")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "1k.txt").write_bytes(b"x" * 1024)
        with Path(folder, "large.bin").open("wb") as file:
            file.truncate(GIB)
        for name, measure, contenders in (("small", small, CONTENDERS), ("large", large, LARGE)):
            if name not in chosen.tests.split(","):
                continue
            found: dict[str, list[Figures]] = {each: [] for each in contenders}
            for _ in range(chosen.rounds):
                for each, program in contenders.items():
                    found[each].append(measure(program, folder, chosen.requests))
            print(name)
            report(found, next(iter(contenders)))


if __name__ == "__main__":
    main()
