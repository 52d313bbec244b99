"""Other programs of the benchmarks: compile one, find a port, measure CPU time and memory."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from catalogue import HERE

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGESIZE")


def build(source: Path) -> Path:
    """Return the client compiled from this C source; compile it if necessary."""
    client = HERE / "build" / source.stem
    if client.exists() and client.stat().st_mtime >= source.stat().st_mtime:
        return client
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        sys.exit("a C compiler (cc or gcc) is needed for the client")
    client.parent.mkdir(exist_ok=True)
    subprocess.run([compiler, "-O2", "-o", str(client), str(source), "-lm"], check=True)
    return client


def freePort() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def whyItDied(process: subprocess.Popen[str]) -> str | None:
    """Return the last line of a dead server's error; end a server that is alive."""
    died = process.poll() is not None
    process.kill()
    error = (process.communicate()[1] or "").strip().splitlines()
    return "server died: " + (error or ["?"])[-1][:160] if died else None


# One process


def residentBytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * PAGE


def cpuSeconds(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK


# A process and its descendants


def familyOf(pid: int) -> list[int]:
    """Return the process and all its descendants."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                parents[int(name)] = int(_stat(int(name))[1])
            except OSError:
                continue
    family = [pid]
    for parent in family:
        family += [child for child, its in parents.items() if its == parent]
    return family


def cpuSecondsOfFamily(pid: int) -> float:
    """Return the CPU seconds, including those of descendants that have ended."""
    return sum(sum(map(int, _stat(each)[11:15])) for each in familyOf(pid)) / TICK


def bytesOfFamily(pid: int) -> dict[str, int]:
    """Return Rss and Pss; Pss divides shared pages by the number of their processes."""
    total = {"Rss": 0, "Pss": 0}
    for each in familyOf(pid):
        try:
            with open(f"/proc/{each}/smaps_rollup") as rollup:
                lines = [line.split() for line in rollup]
        except OSError:
            continue
        for words in lines:
            if words[0][:-1] in total:
                total[words[0][:-1]] += int(words[1]) * 1024
    return total


def _stat(pid: int) -> list[str]:
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()
