"""A component that reads a file, standard input, or the output of a command, possibly at a rate.

Example usage
-------------
    Pipeline(ReadFileAdaptor("story", readmode="line", steptime=0.2), ConsoleEchoer()).run()
    ReadFileAdaptor("song", readmode="bitrate", bitrate=128000, chunkrate=10)
    ReadFileAdaptor(command="ls -l", readmode="line")

How does it work?
-----------------
It reads in a thread, or when a pipe or a terminal has data, and sleeps between two steps. All
messages are bytes. If the consumer is slow, the reader waits and continues at the same rate.

Termination: at the end of the data, with a producerFinished, whose `message` is an OSError if it
could not be read, or a CalledProcessError if the command has failed; or at a shutdownMicroprocess,
which also ends the command.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from os import PathLike
from typing import Any

from Axon.Ipc import shutdownMicroprocess
from Kamaelia.File.ChildProcess import ChildProcess, Command
from Kamaelia.File.Descriptor import Descriptor
from Kamaelia.File.FileComponent import filecomponent
from Kamaelia.File.InputFile import InputFile
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Support.LineBuffer import LineBuffer

__all__ = ["EOF", "ReadFileAdaptor"]

PIECE = 65536  # bytes per read, where lines are wanted


class EOF(Exception):
    """The end of the data. A historical name, which is never raised."""


class ReadFileAdaptor(filecomponent):
    """ReadFileAdaptor([filename][, command][, readmode]...): reads in steps.

    filename: the file to read; if it is empty, `command` is run, a text for the shell or a
    sequence; if that is empty, too, standard input is read. readmode: "line" (the default) for a
    line per step; "block" for `readsize` bytes per step, a step being `steptime` seconds; "bitrate"
    for `bitrate` bits per second in `chunkrate` steps. debug: true to print the data, too.
    Raises ValueError if the sizes and rates are not above 0.
    """

    Inboxes = {"inbox": "not used", "control": "shutdownMicroprocess: end now"}
    Outboxes = {
        "outbox": "bytes: a line with its end, or a block",
        "signal": "producerFinished, or the shutdownMicroprocess from control",
    }

    def __init__(
        self,
        filename: str | bytes | PathLike[str] = "",
        command: Command = "",
        readmode: str = "",
        readsize: int = 1450,
        steptime: float = 0.0,
        bitrate: float = 65536.0,
        chunkrate: float = 24,
        debug: int = 0,
    ) -> None:
        if readmode == "bitrate":
            if bitrate <= 0 or chunkrate <= 0:
                raise ValueError("bitrate and chunkrate must be above 0")
            readsize, steptime = int(bitrate / 8 / chunkrate), 1 / chunkrate
        if readsize <= 0 or steptime < 0:
            raise ValueError("a step must read at least one byte, and last 0 seconds or more")
        super().__init__()
        self.filename, self.command = filename, command
        self.readmode = readmode or "line"
        self.readsize, self.steptime = readsize, steptime
        self.debug = debug
        self._file = InputFile(self, filename or None)
        self._lines: list[Any] = []
        self._buffer = LineBuffer(b"\n")
        self._process: ChildProcess | None = None

    def work(self) -> Generator[int, None, None]:
        yield from self._openSource()
        read = self._readLine if self.readmode == "line" else self._readBlock
        due = timeOf(self) + self.steptime
        while True:
            yield from self._waitUntil(due)
            due = max(due, timeOf(self)) + self.steptime
            data = yield from read()
            if not data:
                break
            if self.debug:
                sys.stdout.write(data.decode(errors="replace"))
                sys.stdout.flush()
            yield from self.deliverWithRoom(data)
        yield from self._waitForProcess()

    def _openSource(self) -> Generator[int, None, None]:
        if self.filename:
            yield from self._file.open()
        elif self.command:
            handle, end = os.pipe()
            self._file.useDescriptor(handle, "the output of the command")
            self._process = ChildProcess(self.command, stdout=Descriptor(end, "its output"))
            self.addChildren(self._process)
            self._process.activate()
        else:
            self._file.useDescriptor(sys.stdin.fileno(), "standard input", isOwned=False)

    def _waitUntil(self, due: float) -> Generator[int, None, None]:
        """Wait until `due`; messages do not end the wait, but a shutdownMicroprocess does."""
        while self.steptime and (left := due - timeOf(self)) > 0:
            self.checkShutdown()
            yield from self.waitForChange(left)

    def _readBlock(self) -> Generator[int, None, bytes]:
        return self._file.readAhead(self.readsize)

    def _readLine(self) -> Generator[int, None, bytes]:
        """`yield from` this to return the next line, or b"" at the end."""
        while not self._lines:
            if piece := (yield from self._file.readAhead(PIECE)):
                self._lines = self._buffer.feed(piece)[::-1]
            else:
                rest = self._buffer.takeRest()
                return rest if isinstance(rest, bytes) else rest.beginning
        line: bytes = self._lines.pop()
        return line

    def _waitForProcess(self) -> Generator[int, None, None]:
        """Wait for the end of the command, if there is one, and remember its error."""
        process = self._process
        while process is not None and not process.isStopped():
            self.checkShutdown()
            yield from self.waitForChange()
        if process is not None:
            self.error = process.error

    def release(self) -> None:
        self._file.close()
        if self._process is not None and not self._process.isStopped():
            self._process.deliver(shutdownMicroprocess(self), "control")


__kamaelia_components__ = (ReadFileAdaptor,)
