"""A server in a separate process, which reports its resources on request.

    python -m Tests.attacks.server '{"serve": "echo", "loop": "uvloop", "descriptors": 100}'

It prints its port in the first line. It answers each line on standard input with its state, a line
of JSON. Errors are printed on standard error.
"""

import asyncio
import gc
import json
import logging
import os
import resource
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any

from Axon import EventLoop
from Axon.Component import component
from Axon.Scheduler import scheduler
from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.PolicyHooks import POLICY_HOOKS
from Kamaelia.Chassis.ConnectedServer import ServerCore

PIECE = bytes(256 * 1024)
MEMORY = os.open(
    "/proc/self/statm", os.O_RDONLY
)  # opened early, because no descriptor may be free later


class Echo(component):
    """A protocol that sends received data back."""

    def main(self) -> Generator[int, None, None]:
        while not self.isShuttingDown():
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.send(data)


class Deaf(component):
    """An echo protocol that never reads "control".

    It waits for any message, or for "inbox" only if the first message begins with "one".
    """

    def main(self) -> Generator[int, None, None]:
        box = None
        while True:
            yield from self.waitForMessage(box)
            for data in self.Inbox():
                self.send(data)
                box = "inbox" if data.startswith(b"one") else box


class Flood(component):
    """A protocol that sends `octets` as fast as the peer accepts them."""

    octets = 1 << 30

    def main(self) -> Generator[int, None, None]:
        for _ in range(0, self.octets, len(PIECE)):
            self.send(PIECE)
            yield 1


class SlowReader(component):
    """A protocol that reads at a limited rate and sends the number of octets at the end."""

    rate = 32 << 20  # octets per second

    def main(self) -> Generator[int, None, None]:
        taken = 0
        clock = self.scheduler.timers.clock
        start = clock.now()
        while not self.isShuttingDown():
            while self.dataReady():
                taken += len(self.recv())
                while (ahead := taken / self.rate - (clock.now() - start)) > 0.01:
                    self.pause(ahead)  # a message ends the pause early
                    yield 1
            yield from self.waitForMessage()
        self.send(b"%d\r\n" % taken)


class Proxy(ConcreteMailHandler):
    """A mail handler that accepts every mail."""

    def shouldWeAcceptMail(self) -> bool:
        return True


class WrongPolicy(GreyListingPolicy):
    """A policy with one wrong hook, which the client chooses: EHLO hook/answer, of ANSWERS."""

    greylist = Greylist(store="memory:")
    allowed_domains = ["y.org"]

    def __init__(self, **settings: Any) -> None:
        logging.getLogger("Kamaelia.Apps.Grey").disabled = True  # a wrong answer is an error there
        super().__init__(**settings)


def answerWrongly(name: str) -> Callable[..., object]:
    """Return a hook that gives the answer which the client chose, if it chose this hook."""

    def hook(self: Any, *args: object) -> object:
        chosen, _, answered = self.remotename.partition("/")
        right = getattr(super(WrongPolicy, self), name)
        return ANSWERS[answered]() if chosen == name else right(*args)

    return hook


async def answerLater(answer: object) -> object:
    """Return the answer after a turn of the event loop."""
    await asyncio.sleep(0)
    return answer


async def answerAgainAndAgain() -> AsyncIterator[bool]:
    """Be an asynchronous generator."""
    yield True


ANSWERS: dict[str, Callable[[], object]] = {
    "async-False": lambda: answerLater(False),
    "async-text": lambda: answerLater("yes"),
    "generator": lambda: (each for each in (True,)),
    "asynchronous-generator": lambda: answerAgainAndAgain(),
    "text": lambda: "yes",
    "2": lambda: 2,
    "object": lambda: object(),
}

for each in POLICY_HOOKS:
    setattr(WrongPolicy, each, answerWrongly(each))

PROTOCOLS = {
    "echo": Echo,
    "deaf": Deaf,
    "flood": Flood,
    "slow": SlowReader,
    "proxy": Proxy,
    "policy": WrongPolicy,
}


def stateOf(server: ServerCore) -> dict[str, Any]:
    """Return the resources of the server after a garbage collection."""
    gc.collect()
    pages = int(os.pread(MEMORY, 100, 0).split()[1])
    return {
        "connections": len(server.connections),
        "components": len(scheduler.run.tasks),
        "descriptors": countDescriptors(),
        "resident": pages * os.sysconf("SC_PAGE_SIZE"),
    }


def countDescriptors() -> int:
    """Return the number of open descriptors; this works even if none is free."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        return len(os.listdir("/proc/self/fd")) - 1
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def listens(server: ServerCore) -> None:
    """Print the port and start to answer requests."""
    print(server.ports[0], flush=True)
    server.scheduler.loop.add_reader(0, answer, server)


def answer(server: ServerCore) -> None:
    """Print the state; stop at the end of standard input."""
    if os.read(0, 100):
        print(json.dumps(stateOf(server)), flush=True)
    else:
        server.scheduler.loop.remove_reader(0)
        server.scheduler.stop()


def contextOf(certificate: str) -> ssl.SSLContext:
    """Return the TLS context of a server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def main(asked: dict[str, Any]) -> None:
    """Run the server that `asked` describes until it is stopped."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    if "descriptors" in asked:
        _limit(resource.RLIMIT_NOFILE, asked["descriptors"])
    if "filesize" in asked:
        _limit(resource.RLIMIT_FSIZE, asked["filesize"])
    kind = PROTOCOLS[asked["serve"]]
    protocol = type(kind.__name__, (kind,), asked.get("settings", {}))
    server = ServerCore(protocol=protocol, host="0.0.0.0", port=0, onListening=listens)
    server.__dict__.update(asked.get("server", {}))
    if "ssl" in asked:
        server.ssl = contextOf(asked["ssl"])
    if "starttls" in asked:
        protocol.starttls = contextOf(asked["starttls"])
    server.activate()
    if asked.get("loop") == "asyncio":
        EventLoop.newLoop = lambda clock=None: asyncio.new_event_loop()
    scheduler.run.runThreads()


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
