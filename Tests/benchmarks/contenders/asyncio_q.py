"""The workloads with asyncio tasks and queues. LOOP=uvloop in the environment selects uvloop."""

import asyncio
import itertools
import os
from asyncio import Queue

import benchlib
from benchlib import BURST, CHUNK, FAN, RING, base, clock, finish, finishIdle


def run(coro):
    if os.environ.get("LOOP") == "uvloop":
        import uvloop

        uvloop.run(coro)
    else:
        asyncio.run(coro)


def pipe(n, size):
    async def go():
        qs = [Queue(size) for i in range(4)]

        async def fwd(a, b):
            while True:
                await b.put(await a.get())

        async def producer(q):
            for i in range(n):
                await q.put(i)

        async def sink(q):
            for _i in range(n):
                await q.get()

        keep = [asyncio.create_task(fwd(a, b)) for a, b in itertools.pairwise(qs)]
        t0 = clock()
        p = asyncio.create_task(producer(qs[0]))
        await asyncio.create_task(sink(qs[3]))
        finish(4 * n, clock() - t0)

    run(go())


def pipe1(n):
    pipe(n, 1)


def pipeB(n):
    pipe(n, BURST)


async def _ring(size, laps):
    qs = [Queue() for i in range(size)]

    async def node(a, b):
        while True:
            await b.put(await a.get())

    keep = [asyncio.create_task(node(qs[i], qs[(i + 1) % size])) for i in range(1, size)]
    await asyncio.sleep(0)
    a, b = qs[0], qs[1]
    t0 = clock()
    await b.put(0)
    for _i in range(laps):
        m = await a.get()
        await b.put(m)
    finish(laps if size == 2 else laps * size, clock() - t0)


def pingpong(n):
    run(_ring(2, n))


def ring(n):
    run(_ring(RING, n // RING))


def spawn(n):
    async def short():
        await asyncio.sleep(0)

    async def go():
        t0 = clock()
        left = n
        while left > 0:
            ts = [asyncio.create_task(short()) for i in range(min(CHUNK, left))]
            for t in ts:
                await t
            left -= CHUNK
        finish(n, clock() - t0)

    run(go())


async def idler(q):
    await q.get()


async def _idle(n):
    keep = []
    for _i in range(n):
        q = Queue()
        keep.append((q, asyncio.create_task(idler(q))))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return keep


def idle(n):
    async def go():
        b = base()
        t0 = clock()
        keep = await _idle(n)
        finishIdle(n, b, clock() - t0)

    run(go())


def wake(n, k):
    async def go():
        keep = await _idle(k)
        await _ring(2, n)

    run(go())


def fanout(n):
    async def go():
        src = Queue(1)
        qs = [Queue() for i in range(FAN)]

        async def producer():
            for i in range(n):
                await src.put(i)

        async def dist():
            while True:
                m = await src.get()
                for q in qs:
                    q.put_nowait(m)

        async def sink(q):
            for _i in range(n):
                await q.get()

        ts = [asyncio.create_task(sink(q)) for q in qs]
        d = asyncio.create_task(dist())
        t0 = clock()
        p = asyncio.create_task(producer())
        for t in ts:
            await t
        finish(FAN * n, clock() - t0)

    run(go())


def busy(n, k):
    per = max(1, n // k)

    async def spin():
        for _i in range(per):
            await asyncio.sleep(0)

    async def go():
        ts = [asyncio.create_task(spin()) for i in range(k)]
        t0 = clock()
        for t in ts:
            await t
        finish(per * k, clock() - t0)

    run(go())


if __name__ == "__main__":
    benchlib.main(globals())
