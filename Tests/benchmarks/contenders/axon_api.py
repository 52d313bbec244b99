"""The workloads with any implementation of the API of Axon and Kamaelia, selected by --path.

    python axon_api.py [--path DIR[:DIR2]] WORKLOAD N [K]

DIR contains the packages Axon and Kamaelia (or two directories, separated by a colon); the default
is this checkout. The workloads with common names use only historical names and the old idiom,
`pause()` in a loop. Those named *_wait use `waitForMessage()`, those named *_async use `async def
main`.
"""

import sys
from pathlib import Path

if "--path" in sys.argv:
    at = sys.argv.index("--path")
    sys.path[:0] = sys.argv[at + 1].split(":")
    del sys.argv[at : at + 2]
else:
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import itertools

import benchlib
from benchlib import BURST, CHUNK, FAN, RING, base, clock, finish, finishIdle

from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.Scheduler import scheduler


class Producer(component):
    n = 0

    def main(self):
        for i in range(self.n):
            self.send(i, "outbox")
            yield 1
        self.send(producerFinished(self), "signal")


class Forward(component):
    """A component that forwards one message per turn and pauses if there is none."""

    def main(self):
        while True:
            while not self.dataReady("inbox"):
                if self.dataReady("control"):
                    self.send(self.recv("control"), "signal")
                    return
                self.pause()
                yield 1
            self.send(self.recv("inbox"), "outbox")


class Sink(component):
    n = 0

    def main(self):
        count = 0
        while count < self.n:
            while not self.dataReady("inbox"):
                self.pause()
                yield 1
            self.recv("inbox")
            count += 1
        finish(4 * self.n, clock() - self.t0)


class BurstProducer(component):
    n = 0

    def main(self):
        for _i in range(0, self.n, BURST):
            for j in range(BURST):
                self.send(j, "outbox")
            yield 1
        self.send(producerFinished(self), "signal")


class BatchForward(component):
    """A component that empties its inbox in each turn."""

    def main(self):
        while True:
            while not self.anyReady():
                self.pause()
                yield 1
            for msg in self.Inbox("inbox"):
                self.send(msg, "outbox")
            for msg in self.Inbox("control"):
                self.send(msg, "signal")
                return
            yield 1


class BatchSink(component):
    n = 0

    def main(self):
        count = 0
        while count < self.n:
            while not self.anyReady():
                self.pause()
                yield 1
            for _msg in self.Inbox("inbox"):
                count += 1
            yield 1
        finish(4 * self.n, clock() - self.t0)


def pipe1(n):
    _pipe(Producer, Forward, Sink, n)


def pipeB(n):
    _pipe(BurstProducer, BatchForward, BatchSink, n - n % BURST)


class Ponger(component):
    def main(self):
        while True:
            while not self.dataReady("inbox"):
                self.pause()
                yield 1
            self.send(self.recv("inbox"), "outbox")


class Pinger(component):
    n = 0
    warm = 0

    def main(self):
        for _i in range(self.warm):
            yield 1
        t0 = clock()
        self.send(0, "outbox")
        for _i in range(self.n):
            while not self.dataReady("inbox"):
                self.pause()
                yield 1
            self.send(self.recv("inbox"), "outbox")
        finish(self.n, clock() - t0)


def _ping(n, warm=0):
    _circle(Pinger(n=n, warm=warm), [Ponger()])


def pingpong(n):
    _ping(n)


class Idler(component):
    def main(self):
        while not self.dataReady("inbox"):
            self.pause()
            yield 1


def wake(n, k):
    keep = [Idler().activate() for i in range(k)]
    _ping(n, warm=5)


class RingHead(component):
    n = 0

    def main(self):
        for _i in range(3):
            yield 1
        t0 = clock()
        laps = self.n // RING
        self.send(0, "outbox")
        for _i in range(laps):
            while not self.dataReady("inbox"):
                self.pause()
                yield 1
            self.send(self.recv("inbox"), "outbox")
        finish(laps * RING, clock() - t0)


def ring(n):
    _circle(RingHead(n=n), [Ponger() for _ in range(RING - 1)])


class Shortlived(component):
    def main(self):
        yield 1


def spawn(n):
    t0 = clock()
    left = n
    while left > 0:
        for _i in range(min(CHUNK, left)):
            Shortlived().activate()
        scheduler.run.runThreads()
        left -= CHUNK
    return n, clock() - t0


class Probe(component):
    def main(self):
        for _i in range(5):
            yield 1
        finishIdle(self.n, self.base, clock() - self.t0)


def idle(n, linked=0):
    """linked=1: a chain, outbox->inbox and signal->control, as in a Pipeline"""
    b = base()
    t0 = clock()
    keep = [Idler().activate() for i in range(n)]
    if linked:
        for a, c in itertools.pairwise(keep):
            a.link((a, "outbox"), (c, "inbox"))
            a.link((a, "signal"), (c, "control"))
    Probe(n=n, base=b, t0=t0).run()


class FanSink(component):
    def main(self):
        count = 0
        while True:
            while not self.dataReady("inbox"):
                self.pause()
                yield 1
            for _msg in self.Inbox("inbox"):
                count += 1
            if count >= self.n:
                self.done.append(1)
                if len(self.done) == FAN:
                    finish(FAN * self.n, clock() - self.t0[0])


def fanout(n):
    from Kamaelia.Util.Fanout import Fanout

    names = [f"o{i}" for i in range(FAN)]
    f = Fanout(names)
    done = []
    t0 = [0]
    p = Producer(n=n)
    p.link((p, "outbox"), (f, "inbox"))
    for name in names:
        s = FanSink(n=n, done=done, t0=t0)
        f.link((f, name), (s, "inbox"))
        s.activate()
    f.activate()
    t0[0] = clock()
    p.run()


class LateProducer(component):
    """A producer that waits until all subscribers are linked."""

    n = 0

    def main(self):
        for _i in range(50):
            yield 1
        self.t0[0] = clock()
        for i in range(self.n):
            self.send(i, "outbox")
            yield 1


def fanoutbp(n):
    from Kamaelia.Chassis.Pipeline import Pipeline
    from Kamaelia.Util.Backplane import Backplane, PublishTo, SubscribeTo

    done = []
    t0 = [0]
    Backplane("B").activate()
    keep = []

    class Late(component):
        def main(self):
            for _i in range(10):
                yield 1
            keep.extend(
                Pipeline(SubscribeTo("B"), FanSink(n=n, done=done, t0=t0)) for _ in range(FAN)
            )
            keep.append(Pipeline(LateProducer(n=n, t0=t0), PublishTo("B")))
            for pipeline in keep:
                pipeline.activate()
            while True:
                self.pause()
                yield 1

    Late().run()


class Spinner(component):
    def main(self):
        for _i in range(self.n):
            yield 1


def busy(n, k):
    per = max(1, n // k)
    for _i in range(k):
        Spinner(n=per).activate()
    t0 = clock()
    scheduler.run.runThreads()
    return per * k, clock() - t0


class WaitForwardOne(component):
    """A component that forwards one message per turn in the new idiom."""

    def main(self):
        while True:
            yield from self.waitForMessage()
            if self.dataReady("inbox"):
                self.send(self.recv("inbox"), "outbox")
            else:
                self.send(self.recv("control"), "signal")
                return


class WaitSinkOne(component):
    n = 0

    def main(self):
        for _ in range(self.n):
            yield from self.waitForMessage()
            self.recv("inbox")
        finish(4 * self.n, clock() - self.t0)


class WaitForward(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)
            if self.dataReady("control"):
                break
        self.send(self.recv("control"), "signal")


class WaitSink(component):
    n = 0

    def main(self):
        count = 0
        while count < self.n:
            yield from self.waitForMessage()
            for _message in self.Inbox():
                count += 1
        finish(4 * self.n, clock() - self.t0)


class AsyncForward(component):
    async def main(self):
        async for message in self.messages():
            self.send(message)


class AsyncSink(component):
    n = 0

    async def main(self):
        count = 0
        async for _message in self.messages():
            count += 1
            if count == self.n:
                finish(4 * self.n, clock() - self.t0)


def _pipe(producer, forward, sink, n):
    from Kamaelia.Chassis.Pipeline import Pipeline

    Pipeline(producer(n=n), forward(), forward(), forward(), sink(n=n, t0=clock())).run()


def pipe1_wait(n):
    _pipe(Producer, WaitForwardOne, WaitSinkOne, n)


def pipeB_wait(n):
    _pipe(BurstProducer, WaitForward, WaitSink, n - n % BURST)


def pipe_async(n):
    _pipe(Producer, AsyncForward, AsyncSink, n)


def pipeB_async(n):
    _pipe(BurstProducer, AsyncForward, AsyncSink, n - n % BURST)


class WaitPonger(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            self.send(self.recv())


class WaitHead(component):
    """A component that sends a message and forwards it `laps` times; a lap counts `each`."""

    laps, each = 0, 1

    def main(self):
        for _ in range(3):
            yield 1
        t0 = clock()
        self.send(0)
        for _ in range(self.laps):
            yield from self.waitForMessage()
            self.send(self.recv())
        finish(self.laps * self.each, clock() - t0)


def _circle(head, others):
    tasks = [head, *others]
    for one, next_ in zip(tasks, [*others, head], strict=True):
        one.link((one, "outbox"), (next_, "inbox"))
    for other in others:
        other.activate()
    head.run()


def pingpong_wait(n):
    _circle(WaitHead(laps=n), [WaitPonger()])


def ring_wait(n):
    others = [WaitPonger() for _ in range(RING - 1)]
    _circle(WaitHead(laps=n // RING, each=RING), others)


NEW_IDIOMS = ("pipe1_wait", "pipeB_wait", "pingpong_wait", "ring_wait", "pipe_async", "pipeB_async")


if __name__ == "__main__":
    benchlib.main(globals(), more=NEW_IDIOMS)
