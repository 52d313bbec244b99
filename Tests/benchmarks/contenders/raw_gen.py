"""The floor for pure CPython: generators, deques and a hand-written trampoline.

A task is a generator. It yields when it has nothing to do; the code that appends to its deque puts
it back on the run queue. Everything is inlined by hand: no classes, no scheduler objects, no
boxes.
"""

from collections import deque

import benchlib
from benchlib import BURST, CHUNK, FAN, RING, base, clock, finish, finishIdle


def trampoline(rq):
    # rq holds generators; g.send(None) is the fastest way to resume one
    pop = rq.popleft
    while True:
        try:
            while True:
                pop().send(None)
        except StopIteration:
            pass
        except IndexError:
            return


def pipe1(n):
    rq = deque()
    push = rq.append
    qs = [deque() for i in range(4)]
    nx = [None] * 5

    def producer():
        out = qs[0].append
        yield
        me, nxt = nx[0], nx[1]
        for i in range(n):
            out(i)
            push(nxt)
            push(me)
            yield

    def fwd(k):
        take, out = qs[k - 1].popleft, qs[k].append
        yield
        nxt = nx[k + 1]
        while True:
            out(take())
            push(nxt)
            yield

    def sink():
        take = qs[3].popleft
        count = 0
        yield
        while count < n:
            take()
            count += 1
            yield
        finish(4 * n, clock() - t0)

    gens = [producer(), fwd(1), fwd(2), fwd(3), sink()]
    for i, g in enumerate(gens):
        nx[i] = g
    for g in nx:
        next(g)
    push(nx[0])
    t0 = clock()
    # each push stands for exactly one message, so no state flag is needed
    trampoline(rq)
    finish(4 * n, clock() - t0)


def pipeB(n):
    n -= n % BURST
    rq = deque()
    push = rq.append
    qs = [deque() for i in range(4)]
    nx = [None] * 5

    def producer():
        out = qs[0].append
        yield
        nxt, me = nx[1], nx[0]
        for _i in range(0, n, BURST):
            empty = not qs[0]
            for j in range(BURST):
                out(j)
            if empty:
                push(nxt)
            push(me)
            yield

    def fwd(k):
        src, dst = qs[k - 1], qs[k]
        take, out = src.popleft, dst.append
        yield
        nxt = nx[k + 1]
        while True:
            empty = not dst
            while src:
                out(take())
            if empty:
                push(nxt)
            yield

    def sink():
        src = qs[3]
        take = src.popleft
        count = 0
        yield
        while True:
            while src:
                take()
                count += 1
            yield

    gens = [producer(), fwd(1), fwd(2), fwd(3), sink()]
    for i, g in enumerate(gens):
        nx[i] = g
    for g in nx:
        next(g)
    push(nx[0])
    t0 = clock()
    trampoline(rq)
    finish(4 * n, clock() - t0)


def _ring(size, hops):
    rq = deque()
    push = rq.append
    qs = [deque() for i in range(size)]
    nx = [None] * size

    def node(k):
        src, dst = qs[k], qs[(k + 1) % size]
        take, out = src.popleft, dst.append
        yield
        nxt = nx[(k + 1) % size]
        while True:
            while not src:
                yield
            out(take())
            push(nxt)

    def head():
        src, dst = qs[0], qs[1 % size]
        take, out = src.popleft, dst.append
        yield
        nxt = nx[1 % size]
        for _i in range(hops // size):
            while not src:
                yield
            out(take())
            push(nxt)
        finish(hops if size > 2 else hops // 2, clock() - t0)

    gens = [head()] + [node(k) for k in range(1, size)]
    for k, g in enumerate(gens):
        nx[k] = g
    for g in nx:
        next(g)
    qs[0].append(0)
    push(nx[0])
    t0 = clock()
    trampoline(rq)


def pingpong(n):
    _ring(2, 2 * n)


def ring(n):
    _ring(RING, n)


def idler(q):
    while not q:
        yield


def idle(n):
    b = base()
    t0 = clock()
    keep = []
    for _i in range(n):
        q = deque()
        g = idler(q)
        next(g)
        keep.append((g, q))
    finishIdle(n, b, clock() - t0)


def wake(n, k):
    keep = []
    for _i in range(k):
        q = deque()
        g = idler(q)
        next(g)
        keep.append((g, q))
    _ring(2, 2 * n)


def short():
    yield


def spawn(n):
    t0 = clock()
    left = n
    while left > 0:
        rq = deque(short() for i in range(min(CHUNK, left)))
        while rq:
            g = rq.popleft()
            try:
                g.send(None)
                rq.append(g)
            except StopIteration:
                pass
        left -= CHUNK
    return n, clock() - t0


def fanout(n):
    rq = deque()
    push = rq.append
    src = deque()
    sinks = []

    def sink(q):
        take = q.popleft
        count = 0
        while True:
            while not q:
                yield
            take()
            count += 1

    def distributor():
        take = src.popleft
        while True:
            while not src:
                yield
            m = take()
            for out, f in sinks:
                out(m)
                push(f)

    def producer():
        for i in range(n):
            src.append(i)
            push(dn)
            push(pn)
            yield
        yield

    for _i in range(FAN):
        q = deque()
        f = sink(q)
        next(f)
        sinks.append((q.append, f))
    dn = distributor()
    next(dn)
    pn = producer()
    push(pn)
    t0 = clock()
    trampoline(rq)
    finish(FAN * n, clock() - t0)


def busy(n, k):
    per = max(1, n // k)

    def spin():
        for _i in range(per):
            yield

    rq = deque(spin() for i in range(k))
    pop, push = rq.popleft, rq.append
    t0 = clock()
    while rq:
        g = pop()
        try:
            g.send(None)
        except StopIteration:
            continue
        push(g)
    return per * k, clock() - t0


if __name__ == "__main__":
    benchlib.main(globals())
