"""Wake-ups of an idle system: how often the kernel schedules it although nothing happens.

    python Tests/benchmarks/idle.py [--path DIR] [--seconds 5] [-s components,server]

Each system runs in a process of its own and settles first. Then /proc shows how often its threads
went to sleep (voluntary context switches, one for each wake-up) and how much CPU time they used. A
sleeping asyncio loop is measured for comparison. Linux only.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

START = "import sys; sys.path[:0] = sys.argv[1].split(':')\n"
WAITING = """
from Axon.Component import component
class Waiting(component):
    def main(self):
        while True:
            while not self.anyReady():
                self.pause()
                yield 1
            list(self.Inbox("inbox")), list(self.Inbox("control"))
"""

#: The systems; each must have settled a second after it prints READY.
SYSTEMS = {
    "asyncio, for comparison": """
import asyncio
print("READY", flush=True)
asyncio.run(asyncio.sleep(1000))
""",
    "components": START
    + WAITING
    + """
from Kamaelia.Chassis.Pipeline import Pipeline
for _ in range(100):
    Pipeline(Waiting(), Waiting(), Waiting()).activate()
print("READY", flush=True)
Waiting().run()
""",
    "waitForMessage": START
    + """
from Axon.Component import component
class Patient(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            list(self.Inbox("inbox")), list(self.Inbox("control"))
for _ in range(100):
    Patient().activate()
print("READY", flush=True)
Patient().run()
""",
    "async bodies": START
    + """
from Axon.Component import component
class Async(component):
    async def main(self):
        async for message in self.messages():
            pass
for _ in range(100):
    Async().activate()
print("READY", flush=True)
Async().run()
""",
    "a distant timeout": START
    + """
from Axon.Component import component
class Sleeper(component):
    def main(self):
        while True:
            self.pause(1000)
            yield 1
print("READY", flush=True)
Sleeper().run()
""",
    "server": START
    + WAITING
    + """
from Kamaelia.Chassis.ConnectedServer import ServerCore
print("READY", flush=True)
ServerCore(protocol=lambda **connection: Waiting(), port=0).run()
""",
}


def switches(pid: int) -> tuple[int, int, float]:
    """Return the threads, voluntary context switches and CPU seconds of a process so far."""
    threads = count = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        threads += 1
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                count += int(line.split()[1])
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return threads, count, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def observe(source: str, path: str, seconds: float) -> str:
    """Return the figures of one system as a table row."""
    process = subprocess.Popen(
        [sys.executable, "-c", source, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(1)
        if process.poll() is None:
            _, before, cpuBefore = switches(process.pid)
            time.sleep(seconds)
        if process.poll() is not None:
            reason = process.communicate()[1].strip().splitlines() or ["it just ended"]
            return f"did not stay: {reason[-1][:120]} | |"
        threads, after, cpu = switches(process.pid)
        return f"{after - before} | {cpu - cpuBefore:.2f} | {threads}"
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--path", default=str(ROOT))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("-s", default="", help="systems, by a part of their names")
    arguments = parser.parse_args()
    print(f"| system | wake-ups in {arguments.seconds:g} s | CPU s | threads |\n|---|--:|--:|--:|")
    for name, source in SYSTEMS.items():
        if any(part in name for part in arguments.s.split(",")):
            print(f"| {name} | {observe(source, arguments.path, arguments.seconds)} |", flush=True)


if __name__ == "__main__":
    main()
