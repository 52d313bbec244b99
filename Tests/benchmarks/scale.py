"""Whether the cost of an element grows with the number of elements.

    python Tests/benchmarks/scale.py [--path DIR] [--small 1000] [--large 16000] [-w CASE,CASE]

For each case the program prints the CPU time for one element among a small and a large number of
elements, and the quotient of the two. A cost that does not grow has a quotient of about 1; caches
of the processor alone bring it to 2. The figures are the best of three.
"""

import argparse
import gc
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[2]

#: A case prepares n elements, yields, and works on them; only the work is measured.
Case = Callable[[int], Iterator[None]]


def recvFromFeeders(n: int) -> Iterator[None]:
    """Take n messages in one turn, one from each of n components."""
    run, owner, sink = scheduler(), component(), Taker()
    for _ in range(n):
        source = component()
        owner.link((source, "outbox"), (sink, "inbox"))
        source.send(1)
    sink.activate(Scheduler=run)
    yield
    run.queue.run(2)
    assert sink.taken == n


def unlinkSources(n: int) -> Iterator[None]:
    """Remove n linkages to one inbox, the last first."""
    owner, sink, sources = component(), component(), [component() for _ in range(n)]
    made = [owner.link((source, "outbox"), (sink, "inbox")) for source in sources]
    yield
    for each in reversed(made):
        owner.unlink(thelinkage=each)


def unlinkComponents(n: int) -> Iterator[None]:
    """Remove the linkages with each of n components that feed one inbox."""
    owner, sink, sources = component(), component(), [component() for _ in range(n)]
    for source in sources:
        owner.link((source, "outbox"), (sink, "inbox"))
    yield
    for source in sources:
        owner.unlink(source)


def stopAll(n: int) -> Iterator[None]:
    """End a scheduler with n sleeping components."""
    run = scheduler()
    for _ in range(n):
        Sleeper().activate(Scheduler=run)
    run.queue.run(2 * n)
    yield
    run.endAll()


def stopEach(n: int) -> Iterator[None]:
    """Call stop() of n components, and run until they have ended."""
    run = scheduler()
    parts = [Sleeper().activate(Scheduler=run) for _ in range(n)]
    run.queue.run(2 * n)
    yield
    for part in parts:
        part.stop()
    run.queue.run(2 * n)


def removeChildren(n: int) -> Iterator[None]:
    """Remove n children, the last first."""
    parent, children = component(), [component() for _ in range(n)]
    parent.addChildren(*children)
    yield
    for child in reversed(children):
        parent.removeChild(child)


def manyParents(n: int) -> Iterator[None]:
    """Remove one child from each of its n parents."""
    child, parents = component(), [component() for _ in range(n)]
    for parent in parents:
        parent.addChildren(child)
    yield
    for parent in parents:
        parent.removeChild(child)


def passThrough(n: int) -> Iterator[None]:
    """Build a chain of n inboxes from its end, and send through it."""
    owner, parts = component(), [component() for _ in range(n)]
    yield
    for outer, inner in zip(reversed(parts[:-1]), reversed(parts[1:]), strict=True):
        owner.link((outer, "inbox"), (inner, "inbox"), passthrough=1)
    owner.link((owner, "outbox"), (parts[0], "inbox"))
    owner.send(1)
    assert parts[-1].dataReady() == 1


def endPipeline(n: int) -> Iterator[None]:
    """End a Pipeline of n stages by producerFinished."""
    run = scheduler.run = scheduler()
    line = Pipeline(*(Sleeper() for _ in range(n))).activate(Scheduler=run)
    run.queue.run(4 * n)
    line.deliver(producerFinished(), "control")
    yield
    run.queue.run(100 * n)
    assert line.hasEnded()


def restartEach(n: int) -> Iterator[None]:
    """Replace each of n components of a Supervisor, one failure after the other."""
    run = scheduler.run = scheduler()
    factories = {f"PART{number}": Failing for number in range(n)}
    linkages = {(name, "outbox"): (name, "inbox") for name in factories}
    supervisor = Supervisor(linkages, intensity=n + 1, **factories).activate(Scheduler=run)
    run.queue.run(3 * n)
    yield
    for part in list(supervisor.components.values()):
        part.deliver(1)
        run.queue.run(8)


def heldSenders(n: int) -> Iterator[None]:
    """Let n senders wait for room in one inbox, and take all messages."""
    run, sink = scheduler(), Taker(isPatient=True)
    for _ in range(n):
        sender = Sender()
        sender.link((sender, "outbox"), (sink, "inbox"), capacity=1)
        sender.activate(Scheduler=run)
    sink.activate(Scheduler=run)
    yield
    while sink.taken < n:
        run.queue.run(n + 1)


def timeouts(n: int) -> Iterator[None]:
    """Let n components sleep until different times, and wake them by the clock."""
    clock = VirtualClock()
    run = scheduler(clock=clock)
    parts = [Sleeper(seconds=1 + each * 7919 % n).activate(Scheduler=run) for each in range(n)]
    yield
    run.queue.run(2 * n)
    clock.advanceTo(n + 1.0)
    run.timers.wakeDue()
    run.queue.run(2 * n)
    assert all(part.woken for part in parts)


CASES: dict[str, Case] = {
    each.__name__: each
    for each in (
        recvFromFeeders,
        unlinkSources,
        unlinkComponents,
        stopAll,
        stopEach,
        removeChildren,
        manyParents,
        passThrough,
        endPipeline,
        restartEach,
        heldSenders,
        timeouts,
    )
}


def defineComponents() -> None:
    """Import the framework, after --path has been read, and define the components."""
    global component, scheduler, Pipeline, Supervisor, producerFinished, VirtualClock
    global Failing, Sleeper, Sender, Taker
    from Axon.Component import component
    from Axon.Ipc import producerFinished
    from Axon.Scheduler import scheduler
    from Axon.Timers import VirtualClock
    from Kamaelia.Chassis.Pipeline import Pipeline
    from Kamaelia.Chassis.Supervisor import Supervisor

    logging.disable()  # a Supervisor logs each error

    class Failing(component):
        def main(self):
            yield from self.waitForMessage()
            raise ValueError(self.recv())

    class Sleeper(component):
        seconds = None
        woken = False

        def main(self):
            if self.seconds is None:
                yield from self.passOnShutdown()
            else:
                yield from self.waitForChange(self.seconds)
                self.woken = True

    class Taker(component):
        taken = 0
        isPatient = False

        def main(self):
            while True:
                while self.dataReady():
                    self.recv()
                    self.taken += 1
                if not self.isPatient:
                    return
                yield from self.waitForMessage()

    class Sender(component):
        def main(self):
            self.send(1)
            yield 1


def microseconds(case: Case, n: int) -> float:
    """Return the CPU time of one element among n, the best of three."""
    best = float("inf")
    for _ in range(3):
        work = case(n)
        next(work)
        gc.collect()
        gc.disable()
        before = process_time()
        for _ in work:
            pass
        best = min(best, process_time() - before)
        gc.enable()
    return best / n * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--path", default=str(ROOT), help="a directory with Axon and Kamaelia")
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--large", type=int, default=16000)
    parser.add_argument("-w", "--cases", default=",".join(CASES), help="some of the cases")
    options = parser.parse_args()
    sys.path.insert(0, options.path)
    defineComponents()
    print(f"| us per element | n = {options.small:,} | n = {options.large:,} | quotient |")
    print("|---|--:|--:|--:|")
    for name in options.cases.split(","):
        case = CASES[name]
        small, large = microseconds(case, options.small), microseconds(case, options.large)
        said = case.__doc__.rstrip(".")
        print(f"| {said} | {small:.2f} | {large:.2f} | {large / small:.1f} |", flush=True)


if __name__ == "__main__":
    main()
