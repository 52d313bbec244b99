"""A component that runs a command: its inbox is the standard input, its outbox the standard output.

Example usage
-------------
    Pipeline(SimpleReader("text"), UnixProcess("wc"), ConsoleEchoer()).run()

How does it work?
-----------------
It is a UnixProcess2 without the standard error, which is discarded.

Termination: as that of a UnixProcess2, but each message on "control" that is not a
shutdownMicroprocess closes the input of the process.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.File.ChildProcess import Command
from Kamaelia.File.FileHandles import makeNonBlocking
from Kamaelia.File.OutputFile import bytesOf
from Kamaelia.File.UnixProcess2 import UnixProcess2
from Kamaelia.Support.Deprecate import deprecationWarning

__all__ = [
    "Chargen",
    "ChargenComponent",
    "Pipethrough",
    "UnixProcess",
    "makeNonBlocking",
    "run_command",
]


class UnixProcess(UnixProcess2):
    """UnixProcess(command): runs a command, without its standard error.

    command: text for the shell, or a sequence of a program and its arguments.
    """

    Inboxes = {
        "inbox": "bytes for the standard input of the process; text is sent as UTF-8",
        "control": "shutdownMicroprocess: end the process; anything else: no more input",
        "stdinready": "not used",
        "stderrready": "not used",
        "stdoutready": "not used",
    }
    Outboxes = {
        "outbox": "bytes from the standard output of the process",
        "signal": "the shutdown message from control, or producerFinished, maybe with an error",
        "selector": "not used",
        "selectorsignal": "not used",
    }

    def __init__(self, command: Command) -> None:
        super().__init__(command)

    def isEndOfInput(self, message: Any) -> bool:
        """Return True: any message but shutdownMicroprocess means that no more input follows."""
        return True


def Chargen() -> Iterator[str]:
    """Generate the line "hello" for one second, as input for run_command()."""
    until = time.monotonic() + 1
    while time.monotonic() < until:
        yield "hello\n"


def run_command(command: str, datasource: Iterable[str | bytes]) -> None:
    """Run a command of the shell on the data of an iterable, and print its output.

    It blocks until the command has ended: programs with components use UnixProcess.
    """
    data = b"".join(bytesOf(each) for each in datasource)
    done = subprocess.run(command, shell=True, input=data, capture_output=True, check=False)
    sys.stdout.write(done.stdout.decode(errors="replace") + "\n")


class ChargenComponent(component):
    """A source that sends the line "hello" in each turn for a tenth of a second, and ends."""

    Inboxes = {"inbox": "not used", "control": "producerFinished or shutdownMicroprocess: end"}
    Outboxes = {
        "outbox": "text: a line",
        "signal": "producerFinished, or the shutdown message from control",
    }

    def main(self) -> Generator[int, None, None]:
        clock = self.scheduler.timers.clock
        until = clock.elapsed() + 0.1
        while clock.elapsed() < until:
            self.send("hello\n")
            yield 1
            if self.isShuttingDown():
                return
        self.send(producerFinished(self), "signal")


def Pipethrough(*args: Any) -> UnixProcess:
    """Return UnixProcess(*args). It is a deprecated name."""
    deprecationWarning("Use UnixProcess instead of Pipethrough", "WARN")
    return UnixProcess(*args)


__kamaelia_components__ = (UnixProcess, ChargenComponent)
__kamaelia_prefabs__ = (Pipethrough,)
