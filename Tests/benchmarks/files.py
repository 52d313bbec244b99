"""Reading and copying a file through components, compared with a plain loop and with asyncio.

    python Tests/benchmarks/files.py [--size 1024] [--chunk 65536] [--reps 5]

The contenders alternate, each in a process of its own, on one file that is in the page cache.
`components` reads it with MaxSpeedFileReader, passes the chunks through a PureTransformer, and
counts them in a third component. `to_thread` reads each chunk with asyncio.to_thread, as most
asyncio programs do. The copies end in SimpleFileWriter, or in write().
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

COUNT = """
from Axon.Component import component
class Count(component):
    total = 0
    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.total += len(message)
            if self.isShuttingDown():
                return
"""
IMPORTS = """
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.MaxSpeedFileReader import MaxSpeedFileReader
from Kamaelia.File.Writing import SimpleFileWriter
from Kamaelia.Util.PureTransformer import PureTransformer
"""

#: Each contender: what to prepare, and what to measure. It sets `total`.
CONTENDERS = {
    "plain loop": (
        "",
        """
total = 0
with open(path, "rb", 0) as file:
    while data := file.read(chunk):
        total += len(data)
""",
    ),
    "components": (
        IMPORTS + COUNT,
        """
sink = Count()
reader = MaxSpeedFileReader(path, chunk)
Pipeline(reader, PureTransformer(lambda data: data), sink, capacity=100).run()
total = sink.total
""",
    ),
    "to_thread": (
        "import asyncio, uvloop",
        """
async def read():
    total = 0
    with open(path, "rb", 0) as file:
        while data := await asyncio.to_thread(file.read, chunk):
            total += len(data)
    return total
total = uvloop.run(read())
""",
    ),
    "plain copy": (
        "",
        """
total = 0
with open(path, "rb", 0) as file, open(copy, "wb", 0) as out:
    while data := file.read(chunk):
        total += out.write(data)
""",
    ),
    "component copy": (
        IMPORTS + "import os",
        """
Pipeline(MaxSpeedFileReader(path, chunk), SimpleFileWriter(copy), capacity=16).run()
total = os.path.getsize(copy)
""",
    ),
}

PROGRAM = """
import sys, time, resource
sys.path.insert(0, {root!r})
path, copy, chunk = {path!r}, {copy!r}, {chunk}
{prepare}
began, cpu = time.perf_counter(), time.process_time()
{measure}
print(total, time.perf_counter() - began, time.process_time() - cpu,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def measure(name: str, path: str, chunk: int) -> tuple[float, float, int]:
    """Run one contender; return its GB per second, its GB per second of CPU time, and its MB."""
    prepare, work = CONTENDERS[name]
    copy = path + ".copy"
    program = PROGRAM.format(
        root=str(ROOT), path=path, copy=copy, chunk=chunk, prepare=prepare, measure=work
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    total, seconds, cpu, memory = done.stdout.split()
    assert int(total) == os.path.getsize(path), f"{name} read {total} bytes"
    Path(copy).unlink(missing_ok=True)
    return int(total) / float(seconds) / 1e9, int(total) / float(cpu) / 1e9, int(memory)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--size", type=int, default=1024, help="MiB of the file (%(default)s)")
    options.add_argument("--chunk", type=int, default=65536, help="bytes per message (%(default)s)")
    options.add_argument("--reps", type=int, default=5, help="rounds (%(default)s)")
    options.add_argument("--folder", help="for the file, by default that for temporary files")
    chosen = options.parse_args()
    results: dict[str, list[tuple[float, float, int]]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        path = os.path.join(folder, "file")
        with open(path, "wb") as file:
            for _ in range(chosen.size):
                file.write(bytes(1 << 20))
        for _ in range(chosen.reps):
            for name in CONTENDERS:
                results[name].append(measure(name, path, chosen.chunk))
    print(f"{'':16} {'GB/s':>6} {'best':>6} {'GB/CPU s':>9} {'MB':>5}")
    for name, figures in results.items():
        rates, perCPU, memory = zip(*figures, strict=True)
        print(
            f"{name:16} {statistics.median(rates):6.2f} {max(rates):6.2f}"
            f" {statistics.median(perCPU):9.2f} {max(memory):5}"
        )


if __name__ == "__main__":
    main()
