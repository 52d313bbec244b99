"""The console: standard input and standard output.

Example usage
-------------
    Pipeline(ConsoleReader(), ConsoleEchoer()).run()

How does it work?
-----------------
The reader waits for the terminal or the pipe on the event loop, so the other components
continue to run. A regular file is always readable, so the reader yields once before each read.

Termination: the reader ends at the end of the input, with a producerFinished, after a last line
that may lack a line end. Both end at a producerFinished or shutdownMicroprocess. If nothing reads
the output any more, as with `| head -1`, the run ends in order, with SystemExit. A program without
standard input has no lines, and the output of one without standard output is discarded.
"""

import asyncio
import codecs
import os
import signal
import stat
import sys
from collections.abc import Iterator
from typing import Any

from Axon.Browser import checkOperatingSystem
from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Support.LineBuffer import LineBuffer

__all__ = ["ConsoleEchoer", "ConsoleReader", "writeOut"]

PIECE = 65536  # the most bytes per read


def writeOut(text: str, isLast: bool = True) -> None:
    """Write to standard output, if there is one. Raise SystemExit if nothing reads it any more.

    isLast: whether to write what is buffered, too.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        if isLast:
            sys.stdout.flush()
    except BrokenPipeError:
        with open(os.devnull, "wb") as nothing:  # for what Python still flushes when it ends
            os.dup2(nothing.fileno(), sys.stdout.fileno())
        raise SystemExit(128 + signal.SIGPIPE) from None  # as the shell reports a killed filter


class ConsoleEchoer(component):
    """A component that writes each message to standard output as text, without a line end.

    Bytes are decoded as UTF-8, even if a character is split between messages. forwarder: True to
    send each message to "outbox". use_repr: True to write repr(message). tag: a prefix.
    """

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "every message, if forwarder is True",
        "signal": "the shutdown message from control",
    }

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
                writeOut(self.tag + self.serialise(message), isLast=False)
                if self.forwarder:
                    self.send(message)
            writeOut("")
            if self.isShuttingDown():
                return


class ConsoleReader(component):
    """A component that sends each line of standard input, followed by `eol`."""

    Inboxes = {"inbox": "nothing", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "str: one line each, with eol",
        "signal": "producerFinished, or the shutdown message from control",
    }

    def __init__(self, prompt: str = ">>> ", eol: str = "\n") -> None:
        super().__init__()
        self.prompt = prompt
        self.eol = eol

    async def main(self) -> None:
        if sys.stdin is None:
            self.send(producerFinished(self), "signal")
            return
        source = sys.stdin.fileno()
        decoder = codecs.getincrementaldecoder(sys.stdin.encoding or "utf-8")("replace")
        lines: LineBuffer[str] = LineBuffer("\n")
        isOver = False
        while not isOver:
            writeOut(self.prompt)
            await self._readable(source)
            if self.isShuttingDown():
                return
            piece = os.read(source, PIECE)
            isOver = not piece
            complete = lines.feed(decoder.decode(piece, isOver))
            if isOver and (rest := lines.takeRest()):
                complete.append(rest)
            for line in complete:
                self.send(str(line).removesuffix("\n").removesuffix("\r") + self.eol)
        self.send(producerFinished(self), "signal")

    async def _readable(self, source: int) -> None:
        """Wait until input is available or a message has arrived at "control"."""
        checkOperatingSystem(self.name)
        loop = asyncio.get_running_loop()
        if stat.S_ISREG(os.fstat(source).st_mode):
            await asyncio.sleep(0)
            return
        event: asyncio.Future[Any] = loop.create_future()
        order = loop.create_task(self._waitForControl())
        try:
            loop.add_reader(source, _setResult, event)
        except PermissionError:  # such as /dev/null, which is always ready and cannot be watched
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


def _setResult(event: asyncio.Future[Any]) -> None:
    if not event.done():
        event.set_result(None)


__kamaelia_components__ = (ConsoleEchoer, ConsoleReader)
