"""The live page: what it costs the system that it shows, and how fast it is in a browser.

    python Tests/benchmarks/run_live.py                     everything, in a quarter of an hour
    python Tests/benchmarks/run_live.py --minutes 1         a shorter run of the browser's memory
    python Tests/benchmarks/run_live.py -p cost --reps 80   only some parts: cost, picture, memory

cost: messages per second of CPU time in a pipeline of ten, with and without a page.
picture: the time until everything is drawn, and frames per second while a tenth of all depths
change in each step, also with each component in the picture.
memory: that of the page, after some minutes of these changes.
It needs `websockets`, Playwright and Chromium. Linux only.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from shutil import which
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from catalogue import HERE
from playwright.sync_api import sync_playwright
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

SYSTEM = HERE / "live" / "system.py"
ASKED = {"unwatched": 0.99, "watched": 0.97, "tapped": 0.93}
SECONDS_TO_PICTURE = {500: 1.0, 5000: 5.0}
FRAMES, MEGABYTES = 20, 150
PARTS = ("cost", "picture", "memory")
BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def row(name: str, value: float, asked: str, isMet: bool) -> None:
    print(f"| {name} | {value:.3g} | {asked} | {'yes' if isMet else 'NO'} |", flush=True)


@contextmanager
def system(*words: Any) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a system. Yield its process and the address of its page."""
    command = [sys.executable, str(SYSTEM), *map(str, words)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={"PYTHONHASHSEED": "0"}
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


# What it costs


@contextmanager
def elsewhere(processor: int) -> Iterator[None]:
    """Leave a processor to a process that is measured, if there is another one.

    A process that moves from one to another has other speeds for a while, and what else runs
    decides how often it moves: a browser would cost it several percent without any work for it.
    """
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors - {processor} or processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, processors)


def rounds(count: int, seconds: float) -> Iterator[list[float]]:
    """Yield the messages per second of CPU time, without a page and as in ASKED, of each round."""
    processor = min(os.sched_getaffinity(0))
    running = system("speed", count, seconds, processor)
    with elsewhere(processor), running as (process, address):
        assert process.stdout is not None
        while address:
            isTapped = Event()
            browser = Thread(target=read, args=[address, isTapped])
            browser.start()
            process.stdout.readline()
            isTapped.set()
            yield [float(each) for each in process.stdout.readline().split()]
            browser.join()
            address = process.stdout.readline().strip()


def read(address: str, isTapped: Event) -> None:
    """Read what a browser is sent until the end; choose the last component once it is tapped."""
    place = urlsplit(address)
    origin: Any = f"http://{place.netloc}"
    url = f"ws://{place.netloc}/system?{place.query}"
    with connect(url, origin=origin, max_size=None) as browser, suppress(ConnectionClosed):
        whole = json.loads(browser.recv())
        (sink,) = (each["id"] for each in whole["components"] if each["class"] == "Sink")
        while True:
            browser.recv()
            if isTapped.is_set():
                isTapped.clear()
                browser.send(json.dumps({"type": "choose", "id": sink}))


def measureCost(reps: int, seconds: float) -> None:
    """Compare each mode with the speeds without a page before and after it.

    The speed of a machine that others use changes within seconds. How much it changed is printed.
    """
    measured = list(rounds(reps, seconds))
    base = statistics.median(each[0] for each in measured)
    changes = [after[0] / now[0] for now, after in pairwise(measured)]
    low, middle, high = statistics.quantiles(changes, n=4)
    print(f"\n{base:,.0f} messages per CPU second without a page; from one round to the next")
    print(f"this changed by a factor of {middle:.3f} (quartiles {low:.3f} to {high:.3f})\n")
    print("| share of the speed without a page | measured | quartiles | asked | met |")
    print("|---|--:|--:|--:|---|")
    for index, (mode, asked) in enumerate(ASKED.items(), 1):
        shares = [2 * now[index] / (now[0] + after[0]) for now, after in pairwise(measured)]
        low, share, high = statistics.quantiles(shares, n=4)
        met = "yes" if share >= asked else "NO"
        print(f"| {mode} | {share:.3f} | {low:.3f} to {high:.3f} | >= {asked} | {met} |")


# In the browser

WAIT = """async (condition) => {
    const isMet = { all: () => kamaelia.frames() > 0 && kamaelia.scene().nodes.length > 0,
                    open: () => kamaelia.scene().nodes.length > condition.count }[condition.kind];
    while (!window.kamaelia || !isMet()) await new Promise(done => setTimeout(done, 5));
    return performance.now();
}"""
OPEN_ALL = """() => {
    const closed = kamaelia.scene().nodes.filter(node => node.kind !== "component" && !node.isOpen);
    for (const node of closed) kamaelia.toggled.add(node.key);
    kamaelia.rebuild();
}"""


@contextmanager
def page(address: str) -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=BROWSER)
        opened = browser.new_page(viewport={"width": 1280, "height": 800})
        opened.goto(address)
        yield opened
        browser.close()


def openAll(opened: Any, count: int) -> None:
    """Open each chassis, so that each component is in the picture."""
    opened.evaluate(WAIT, {"kind": "all"})
    until = time.monotonic() + 60
    while opened.evaluate("kamaelia.scene().nodes.length") < count:
        if time.monotonic() > until:
            raise RuntimeError("the chassis were not opened")
        opened.evaluate(OPEN_ALL)
        time.sleep(1)


def measurePictures(counts: dict[int, float], size: int, seconds: float) -> None:
    print("\n| in Chromium | measured | asked | met |\n|---|--:|--:|---|", flush=True)
    for count, asked in counts.items():
        with system("picture", count) as (_, address), page(address) as opened:
            needed = opened.evaluate(WAIT, {"kind": "all"}) / 1000
            row(f"first picture of {count}, s", needed, f"< {asked:g}", needed < asked)
    with system("picture", size) as (_, address), page(address) as opened:
        for name in ("as it opens", "each component drawn"):
            frames = framesPerSecond(opened, seconds)
            row(f"frames per second at {size}, {name}", frames, f">= {FRAMES}", frames >= FRAMES)
            openAll(opened, size)


def framesPerSecond(opened: Any, seconds: float) -> float:
    opened.evaluate(WAIT, {"kind": "all"})
    time.sleep(1)  # until movements are over
    before = opened.evaluate("[kamaelia.frames(), performance.now()]")
    time.sleep(seconds)
    after = opened.evaluate("[kamaelia.frames(), performance.now()]")
    return float((after[0] - before[0]) / (after[1] - before[1]) * 1000)


def measureMemory(size: int, minutes: float) -> None:
    with system("picture", size) as (_, address), page(address) as opened:
        openAll(opened, size)
        time.sleep(60 * minutes)
        inspector = opened.context.new_cdp_session(opened)
        inspector.send("Performance.enable")
        inspector.send("HeapProfiler.collectGarbage")
        metrics = {
            each["name"]: each["value"]
            for each in inspector.send("Performance.getMetrics")["metrics"]
        }
        whole = opened.context.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
        renderers = [each["id"] for each in whole["processInfo"] if each["type"] == "renderer"]
        own = max(map(privateBytes, renderers)) / 1e6
        heap = metrics["JSHeapUsedSize"] / 1e6
    print("\n| memory of the page | measured | asked | met |\n|---|--:|--:|---|")
    for name, value in (("objects", heap), ("process of the page, without shared memory", own)):
        isMet = value < MEGABYTES
        row(f"{name} after {minutes:g} minutes, MB", value, f"< {MEGABYTES}", isMet)


def privateBytes(pid: int) -> int:
    """Return the memory that a process shares with no other one."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        lines = [line.split() for line in rollup]
    return sum(int(each[1]) * 1024 for each in lines if each[0].startswith("Private_"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-p", "--parts", default=",".join(PARTS), help="some of: %(default)s")
    parser.add_argument("--reps", type=int, default=40, help="rounds, of which the median counts")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each measurement")
    parser.add_argument("--minutes", type=float, default=10.0, help="until memory is measured")
    parser.add_argument("--counts", default="500,5000", help="components of the first pictures")
    parser.add_argument("--size", type=int, default=500, help="components of the others")
    arguments = parser.parse_args()
    if arguments.reps < 3:
        parser.error("--reps is 3 at least: a round is compared with the next one")
    parts = arguments.parts.split(",")
    if "cost" in parts:
        measureCost(arguments.reps, arguments.seconds)
    if "picture" in parts:
        counts = [int(each) for each in arguments.counts.split(",")]
        asked = {each: SECONDS_TO_PICTURE.get(each, each / 1000) for each in counts}
        measurePictures(asked, arguments.size, 20 * arguments.seconds)
    if "memory" in parts:
        measureMemory(arguments.size, arguments.minutes)


if __name__ == "__main__":
    main()
