"""WebSocket echo servers: messages per second of 50 clients, and the CPU time of each message.

    python Tests/benchmarks/run_websocket.py                   every server, 32 B to 64 KiB
    python Tests/benchmarks/run_websocket.py -c kamaelia,websockets-asyncio -s 1024 --reps 3

Each measurement starts a fresh server process and a client process; servers alternate. The
ratios compare with the first server that is not this one.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

from catalogue import HERE
from programs import cpuSeconds, freePort

FOLDER = HERE / "websocket"
SERVERS = ("kamaelia", "websockets-asyncio", "websockets-uvloop", "aiohttp-uvloop")
SIZES = (32, 1024, 65536)


def measured(name: str, size: int, clients: int, seconds: float) -> tuple[float, float]:
    """Return the messages per second, and the CPU microseconds of the server for each."""
    port = freePort()
    command = [sys.executable, str(FOLDER / "server.py"), name, str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        if "READY" not in server.stdout.readline():
            raise RuntimeError(f"{name} did not start")
        time.sleep(0.1)
        before = cpuSeconds(server.pid)
        arguments = [str(port), str(clients), str(size), str(seconds)]
        client = [sys.executable, str(FOLDER / "client.py"), *arguments]
        done = subprocess.run(client, capture_output=True, text=True, timeout=seconds + 30)
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr[-300:]}")
        answer = json.loads(done.stdout)
        used = cpuSeconds(server.pid) - before
        return answer["rate"], used / max(1, answer["count"]) * 1e6
    finally:
        server.kill()
        server.wait()


def table(size: int, results: dict[str, list[tuple[float, float]]]) -> str:
    middle = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in results.items()
    }
    reference = next((name for name in middle if name != "kamaelia"), "kamaelia")
    lines = [
        f"\n### WebSocket echo, {size} bytes\n",
        f"| server | messages/s | x {reference} | CPU us/message |",
        "|---|--:|--:|--:|",
    ]
    for name, (rate, cpu) in middle.items():
        lines.append(f"| {name} | {rate:,.0f} | {rate / middle[reference][0]:.2f} | {cpu:.1f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-c", "--contenders", default=",".join(SERVERS), help="names of servers")
    parser.add_argument("-s", "--sizes", default=",".join(map(str, SIZES)), help="bytes")
    parser.add_argument("--clients", type=int, default=50, help="connections")
    parser.add_argument("--reps", type=int, default=5, help="rounds, of which the median counts")
    parser.add_argument("--seconds", type=float, default=3, help="for each measurement")
    arguments = parser.parse_args()
    for size in map(int, arguments.sizes.split(",")):
        results: dict[str, list[tuple[float, float]]] = {}
        for _ in range(arguments.reps):
            for name in arguments.contenders.split(","):
                one = measured(name, size, arguments.clients, arguments.seconds)
                results.setdefault(name, []).append(one)
        print(table(size, results), flush=True)


if __name__ == "__main__":
    main()
