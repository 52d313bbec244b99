"""The console, to read from and to write to.

Example usage
-------------
    Pipeline(ConsoleReader(), ConsoleEchoer()).run()

How does it work?
-----------------
The reader waits for the terminal, or a pipe, on the event loop, and holds up
nobody. A regular file is always ready, and is read as fast as it is.

Termination: of the reader at the end of input, with a producerFinished, after a
last line that has no end; of both at a producerFinished or shutdownMicroprocess.
"""

import asyncio
import codecs
import os
import stat
import sys
from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished

__all__ = ["ConsoleEchoer", "ConsoleReader"]

PIECE = 65536  # bytes that are read at once


class ConsoleEchoer(component):
    """ConsoleEchoer([forwarder][, use_repr][, tag]) -> writes each message, and no more, as text.

    Bytes are taken for UTF-8, also when a character is cut in two. forwarder: True to send each
    message on. use_repr: True for repr(message) in place of its text. tag: comes before each.
    """

    Inboxes = {"inbox": "anything", "control": "when to stop"}
    Outboxes = {"outbox": "every message, from a forwarder", "signal": "whatever ended it"}

    def __init__(self, forwarder: bool = False, use_repr: bool = False, tag: str = "") -> None:
        super().__init__()
        self.forwarder = forwarder
        self.serialise = repr if use_repr else self._textOf
        self.tag = tag
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def _textOf(self, message: Any) -> str:
        isBytes = isinstance(message, bytes | bytearray | memoryview)
        text = self._decoder.decode(bytes(message) if isBytes else b"", final=not isBytes)
        return text if isBytes else text + str(message)

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                sys.stdout.write(self.tag + self.serialise(message))
                if self.forwarder:
                    self.send(message)
            sys.stdout.flush()
            if self.isShuttingDown():
                return


class ConsoleReader(component):
    """ConsoleReader([prompt][, eol]) -> sends each line of the standard input, ended by `eol`."""

    Inboxes = {"inbox": "nothing", "control": "when to stop"}
    Outboxes = {"outbox": "lines, as text", "signal": "producerFinished, or what ended it"}

    def __init__(self, prompt: str = ">>> ", eol: str = "\n") -> None:
        super().__init__()
        self.prompt = prompt
        self.eol = eol

    async def main(self) -> None:
        source = sys.stdin.fileno()
        decoder = codecs.getincrementaldecoder(sys.stdin.encoding or "utf-8")("replace")
        rest, isOver = "", False
        while not isOver:
            self._ask()
            await self._readable(source)
            if self.isShuttingDown():
                return
            piece = os.read(source, PIECE)
            isOver = not piece
            *lines, rest = (rest + decoder.decode(piece, isOver)).split("\n")
            if isOver and rest:
                lines.append(rest)
            for line in lines:
                self.send(line.removesuffix("\r") + self.eol)
        self.send(producerFinished(self), "signal")

    def _ask(self) -> None:
        sys.stdout.write(self.prompt)
        sys.stdout.flush()

    async def _readable(self, source: int) -> None:
        """Waits until something can be read, or a message has come to control."""
        loop = asyncio.get_running_loop()
        if stat.S_ISREG(os.fstat(source).st_mode):
            await asyncio.sleep(0)
            return
        event: asyncio.Future[Any] = loop.create_future()
        order = loop.create_task(self._waitForControl())
        try:
            loop.add_reader(source, _happen, event)
        except PermissionError:  # such as /dev/null, which never makes anybody wait
            order.cancel()
            return
        try:
            await asyncio.wait({event, order}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_reader(source)
            order.cancel()

    async def _waitForControl(self) -> None:
        while not self.dataReady("control"):
            await self._task.body.wake()


def _happen(event: asyncio.Future[Any]) -> None:
    if not event.done():
        event.set_result(None)


__kamaelia_components__ = (ConsoleEchoer, ConsoleReader)
