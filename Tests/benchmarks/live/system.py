"""Systems for run_live.py; each prints the address of its page.

    python Tests/benchmarks/live/system.py speed ROUNDS SECONDS PROCESSOR
    python Tests/benchmarks/live/system.py picture COUNT

speed: ten components, the first of which sends as fast as it may. In each round, it measures its
speed without a page, with one, beside a browser (after the address), and with a tap (after the line
"tap"), and prints the four rates. So all are those of one process at nearly the same time: the
speeds of two processes differ by some percent, and so do those of one process at two times.
picture: COUNT components, a tenth of which change the depth of an inbox twenty times a second.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from Axon.Component import component
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Visualisation.Live.Watch import Watch

STEP = 0.05  # seconds between two changes of depths
TOGETHER = 20  # components of one Pipeline


def tell(address: str) -> None:
    print(address, flush=True)


class Source(component):
    def main(self):
        number = 0
        while True:
            number += 1
            self.send(number)
            yield 1


class Pass(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)


class Sink(component):
    count = 0

    def main(self):
        while True:
            yield from self.waitForMessage()
            for _ in self.Inbox():
                self.count += 1


class Meter(component):
    """Measures one mode after the other, and prints a line as soon as the next may begin."""

    def main(self):
        for _ in range(self.rounds):
            yield from self.round()
        self.scheduler.stop()

    def round(self):
        without = yield from self.rate()
        addresses = []
        watch = Watch(tell=addresses.append).activate()
        unwatched = yield from self.rate()
        tell(addresses[0])
        while not self.scheduler.observers:
            yield from self.waitForChange(0.05)
        watched = yield from self.rate()
        tell("tap")
        tapped = yield from self.rate()
        tell(f"{without} {unwatched} {watched} {tapped}")
        watch.stop()
        while self.scheduler.observers:
            yield from self.waitForChange(0.05)

    def rate(self):
        """Return how many messages `sink` receives in each second of CPU time."""
        yield from self.waitForChange(0.3)
        began, before = time.process_time(), self.sink.count
        yield from self.waitForChange(self.seconds)
        used = time.process_time() - began
        return (self.sink.count - before) / used


def speed(rounds: int, seconds: float, processor: int) -> None:
    os.sched_setaffinity(0, {processor})
    sink = Sink()
    Pipeline(Source(), *(Pass() for _ in range(8)), sink).activate()
    Meter(sink=sink, rounds=rounds, seconds=seconds).activate()
    scheduler.run.runThreads()


class Holder(component):
    """Keeps its messages."""

    def main(self):
        while True:
            yield from self.waitForChange()


class Changes(component):
    """Changes the depths of a tenth of the inboxes in each step."""

    def main(self):
        step = 0
        while True:
            for number in range(step % 10, len(self.holders), 10):
                inbox = self.holders[number].inboxes["inbox"]
                for _ in range(1 + number % 7):
                    inbox.append(step)
                if len(inbox) > 90:
                    inbox.clear()
            step += 1
            yield from self.waitForChange(STEP)


def picture(count: int) -> None:
    Watch(tell=tell).activate()
    kinds = [type(f"Kind{number}", (Holder,), {}) for number in range(97)]
    holders = [kinds[(number * 31) % 97]() for number in range(count)]
    for first in range(0, count, TOGETHER):
        Pipeline(*holders[first : first + TOGETHER]).activate()
    Changes(holders=holders).activate()
    scheduler.run.runThreads()


if __name__ == "__main__":
    if sys.argv[1] == "speed":
        speed(int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
    else:
        picture(int(sys.argv[2]))
