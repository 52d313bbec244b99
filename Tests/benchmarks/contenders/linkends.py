"""The two ends of a link for links.py, in processes of their own.

    linkends.py writer|reader ours|prototype|idle ADDRESS CAPACITY COUNT

The writer sends COUNT messages, and then 20 that are alone: each is sent when the one before is
done. The reader prints the rate and its CPU time, the writer its CPU time until the far end has
confirmed everything, without the lone messages, and the lone time.
"""

import importlib
import json
import os
import resource
import statistics
import sys
import time
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline

ROLE, CONTENDER, ADDRESS, CAPACITY, COUNT = sys.argv[1:6]
COUNT, CAPACITY = int(COUNT), int(CAPACITY)  # type: ignore[assignment]
LONE = 20
LINK = os.environ["LINK"]
FRAME = {"frame": int(os.environ["FRAME"])} if "FRAME" in os.environ else {}


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def tell(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


class Source(component):
    """Sends the messages."""

    Inboxes = {"inbox": "how many messages are done", "control": ""}

    def main(self) -> Any:
        count: Any = COUNT
        self.begun = cpu()
        for number in range(count):
            self.send({"text": "x" * 55 + f"{number:09}"})
            if number % 100 == 99:
                yield 1
        yield from self.waitForDone(count)
        before = cpu()
        times = []
        for number in range(LONE if CONTENDER == "ours" else 0):
            sent = time.monotonic()
            self.send({"text": "x" * 64})
            yield from self.waitForDone(count + number + 1)
            times.append(time.monotonic() - sent)
        self.begun += cpu() - before
        tell(lone=statistics.median(times) if times else 0)
        self.send(producerFinished(self), "signal")

    def waitForDone(self, number: int) -> Any:
        if CONTENDER != "ours":
            return
        done = 0
        while done < number:
            yield from self.waitForMessage()
            done = [*self.Inbox()][-1]


class Sink(component):
    """Takes the messages, and measures."""

    def main(self) -> Any:
        count: Any = COUNT
        got = 0
        started = begun = 0.0
        while True:
            yield from self.waitForMessage()
            for _ in self.Inbox():
                if not got:
                    started, begun = cpu(), time.monotonic()
                got += 1
                if got == count:
                    seconds = time.monotonic() - begun
                    tell(rate=count / seconds, reader=(cpu() - started) / count * 1e6)
            if self.isShuttingDown():
                return


class Idle(component):
    """Sends one message, and tells when it is done."""

    Inboxes = {"inbox": "how many messages are done", "control": ""}

    def main(self) -> Any:
        if ROLE == "writer":
            self.send(1)
        yield from self.waitForMessage()
        self.recv()
        tell(works=True)
        while True:
            self.pause()
            yield 1


def prototype(name: str) -> Any:
    sys.path.insert(0, os.environ["PROTOTYPE"])
    import Axon.Box

    Axon.Box.storageOf = storageOf  # type: ignore[attr-defined]
    return importlib.import_module(name)


def storageOf(owner: Any, boxname: str) -> Any:
    return owner.inboxes[boxname]


def ends() -> tuple[Any, Any]:
    """Return functions that make the writer and the reader."""
    if CONTENDER == "prototype":
        if ADDRESS.endswith("redis.sock"):
            module = prototype("redislink")
            return (
                lambda: module.RemoteOut(ADDRESS, LINK, **FRAME),
                lambda: module.RemoteIn(ADDRESS, LINK, capacity=CAPACITY),
            )
        module = prototype("tcplink")
        return (
            lambda: module.TcpOut(ADDRESS, **FRAME),
            lambda: module.TcpIn(ADDRESS, capacity=CAPACITY),
        )
    from Kamaelia.Net.RemoteIn import RemoteIn
    from Kamaelia.Net.RemoteOut import RemoteOut

    return (
        lambda: RemoteOut(ADDRESS, LINK, **FRAME),
        lambda: RemoteIn(ADDRESS, LINK, capacity=CAPACITY),
    )


def main() -> None:
    makeOut, makeIn = ends()
    if ROLE == "reader":
        Pipeline(makeIn(), Sink() if CONTENDER != "idle" else Idle()).run()
        return
    source = Source() if CONTENDER != "idle" else Idle()
    linkages = {
        ("SOURCE", "outbox"): ("OUT", "inbox"),
        ("SOURCE", "signal"): ("OUT", "control"),
    }
    if CONTENDER != "prototype":
        linkages["OUT", "confirmed"] = ("SOURCE", "inbox")
    Graphline(SOURCE=source, OUT=makeOut(), linkages=linkages).run()
    if isinstance(source, Source):
        tell(writer=(cpu() - source.begun) / COUNT * 1e6)  # type: ignore[operator]


if __name__ == "__main__":
    main()
