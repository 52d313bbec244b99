"""The processes at the two ends of a link, for tests that kill them.

    python parts.py writer URL COUNT [OPTIONS]      sends the numbers below COUNT
    python parts.py reader URL KIND [OPTIONS]       writes each number to its standard output

OPTIONS is a JSON object of arguments for RemoteOut or RemoteIn. KIND: see READERS.
"""

import asyncio
import json
import os
import ssl
import sys

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Net.RemoteIn import RemoteIn
from Kamaelia.Net.RemoteOut import RemoteOut

NAME = "numbers"


class Numbers(component):
    """Sends the numbers from `first` to `count`, then producerFinished."""

    first = 0

    def main(self):
        for number in range(self.first, self.count):
            self.send(number)
            if number % 10 == 9:
                yield 1
        self.send(producerFinished(self), "signal")


def record(number):
    """Write a number to standard output, with no buffer that a kill could empty."""
    os.write(1, b"%d\n" % number)


class Recorder(component):
    """Records each number, and sends it on."""

    def main(self):
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                record(number)
                self.send(number)
            if self.isShuttingDown():
                return


class SlowRecorder(component):
    """Works on each number for a while, as a coroutine."""

    work = 0.002

    async def main(self):
        async for number in self.messages():
            await asyncio.sleep(self.work)
            record(number)
            self.send(number)


class Halting(component):
    """Records the first 50 numbers, and works on the next one for ever."""

    async def main(self):
        for _ in range(50):
            record(await self.receive())
        await asyncio.Event().wait()


class Stage(component):
    """Passes on what it receives."""

    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)
            if self.isShuttingDown():
                return


def withLinkageBack(source):
    return Graphline(
        IN=source,
        STAGE=Stage(),
        WORK=SlowRecorder(),
        linkages={
            ("IN", "outbox"): ("STAGE", "inbox"),
            ("STAGE", "outbox"): ("WORK", "inbox"),
            ("WORK", "outbox"): ("IN", "inbox"),
            ("IN", "signal"): ("STAGE", "control"),
            ("STAGE", "signal"): ("WORK", "control"),
        },
    )


class Survivor(component):
    """Records -1 when the writer has ended, and then goes on for ever."""

    def main(self):
        while not self.isShuttingDown():
            yield from self.waitForMessage()
            for number in self.Inbox():
                record(number)
        record(-1)
        while True:
            self.pause()
            yield 1


class PoolWorker(component):
    """Works on each number as long as the number says, and records it."""

    async def main(self):
        async for number in self.messages():
            await asyncio.sleep(number % 5 * 0.001)
            record(number)


READERS = {
    "pool": lambda source: Pipeline(source, PoolWorker()),
    "plain": lambda source: Pipeline(source, Recorder()),
    "survivor": lambda source: Pipeline(source, Survivor()),
    "halting": lambda source: Pipeline(source, Halting()),
    "slow": lambda source: Pipeline(source, SlowRecorder()),
    "back": withLinkageBack,
}


class Progress(component):
    """Writes each number of confirmed messages to standard output."""

    def main(self):
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                record(number)
            if self.isShuttingDown():
                return


def contextOf(kind, files):
    """Return an SSLContext for a certificate that both ends have and trust."""
    context = ssl.SSLContext(kind)
    context.load_cert_chain(*files)
    context.load_verify_locations(files[0])
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def withContexts(role, options):
    """Return the options with the contexts of `role` in the place of the files."""
    files = options.pop("identity", None)
    if files is not None:
        client, server = map(
            contextOf, (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER), [files] * 2
        )
        options["tls"] = client if role == "writer" else (server, client)
    return options


def write(url, count, first=0, **options):
    if "position" in options:
        first = options["position"]
    numbers, out, progress = (
        Numbers(count=count, first=first),
        RemoteOut(url, NAME, **options),
        Progress(),
    )
    Graphline(
        NUMBERS=numbers,
        OUT=out,
        PROGRESS=progress,
        linkages={
            ("NUMBERS", "outbox"): ("OUT", "inbox"),
            ("NUMBERS", "signal"): ("OUT", "control"),
            ("OUT", "confirmed"): ("PROGRESS", "inbox"),
            ("OUT", "signal"): ("PROGRESS", "control"),
        },
    ).run()


if __name__ == "__main__":
    role, url, what = sys.argv[1:4]
    options = withContexts(role, json.loads(sys.argv[4]) if len(sys.argv) > 4 else {})
    if role == "writer":
        write(url, int(what), **options)
    else:
        READERS[what](RemoteIn(url, NAME, **options)).run()
