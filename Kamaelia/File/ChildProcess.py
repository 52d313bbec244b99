"""A component that runs a command in a process of the system, and ends with it.

Example usage
-------------
    output, end = os.pipe()
    process = ChildProcess("ls -l", stdout=Descriptor(end, "ls"))   # `output` is read elsewhere

How does it work?
-----------------
asyncio starts the process and reports its end. The process leads a session, and so a process
group, of its own: a signal reaches the programs that a shell has started, too.

Termination: when the process has exited. At a shutdownMicroprocess, or at the end of the run, the
group receives SIGTERM, and SIGKILL if it has not ended `grace` seconds later.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from subprocess import CalledProcessError
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.File.Descriptor import Descriptor
from Kamaelia.Util.SendWithRoom import STOP, isToStop

__all__ = ["ChildProcess", "Command"]

Command = str | bytes | Sequence[str | bytes | os.PathLike[str]]


class ChildProcess(component):
    """ChildProcess(command[, stdin][, stdout][, stderr]): runs a command.

    command: text for the shell, or a sequence of a program and its arguments. stdin and so on: the
    child's ends of pipes, which this component closes, or subprocess.DEVNULL; None: those of
    this program.
    """

    Inboxes = {"inbox": "not used", "control": "shutdownMicroprocess: end the process"}
    Outboxes = {
        "outbox": "int: the exited status, or the negative number of the signal that ended it",
        "signal": "producerFinished, whose message is None or an error; or shutdownMicroprocess",
    }

    grace = 2.0  # seconds between SIGTERM and SIGKILL
    _isRunning = False
    hasStarted = False  # whether the process exists or has existed
    error: Exception | None = None  # why the process did not start, or its failure

    def __init__(
        self,
        command: Command,
        stdin: Descriptor | int | None = None,
        stdout: Descriptor | int | None = None,
        stderr: Descriptor | int | None = None,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        self.command = command
        self._ends = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
        self._exited: asyncio.Future[None]

    async def main(self) -> None:
        self._exited = asyncio.get_running_loop().create_future()
        try:
            transport = await self._start()
        except (OSError, ValueError) as error:  # ValueError: a NUL in the command
            self.error = error
            self.send(producerFinished(self, error), "signal")
            return
        self.scheduler.outside += 1  # the end of the process wakes this component
        self._isRunning = self.hasStarted = True
        try:
            while not self._exited.done() and not isToStop(self):
                await self.waitForWakeUp()
        finally:
            await self._end(transport.get_pid())
            self._isRunning = False
            self.scheduler.outside -= 1
            transport.close()
        self._report(transport.get_returncode() or 0)

    async def _start(self) -> asyncio.SubprocessTransport:
        ends: dict[str, Any] = {
            name: end.number if isinstance(end, Descriptor) else end
            for name, end in self._ends.items()
        }
        loop, command = asyncio.get_running_loop(), self.command
        isForShell = isinstance(command, str | bytes)
        arguments: Any = (command,) if isForShell else command
        start: Any = loop.subprocess_shell if isForShell else loop.subprocess_exec
        try:
            started = await start(
                lambda: _ExitReport(self._reportExit), *arguments, start_new_session=True, **ends
            )
        finally:
            self.closeEnds()
        transport: asyncio.SubprocessTransport = started[0]
        return transport

    def _reportExit(self) -> None:
        self._exited.set_result(None)
        self.unpause()

    def isAtWork(self) -> bool:
        """Return whether the process runs: a virtual clock stands still meanwhile."""
        return self._isRunning

    def closeEnds(self) -> None:
        """Close the child's ends of the pipes in this process."""
        for end in self._ends.values():
            if isinstance(end, Descriptor):
                end.close()

    async def _end(self, pid: int) -> None:
        """Send signals to the process group until the process has exited.

        If this is cancelled, because the run ends, the process does not have the time of grace.
        """
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self._exited.done():
                with suppress(ProcessLookupError):
                    os.killpg(pid, number)
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({self._exited}, timeout=self.grace)

    def _report(self, status: int) -> None:
        """Send the exited status, and the message that says how the process has ended."""
        self.send(status)
        if status != 0:
            self.error = CalledProcessError(status, _shown(self.command))
        orders = [each for each in self.Inbox("control") if isinstance(each, STOP)]
        self.send(orders[0] if orders else producerFinished(self, self.error), "signal")


class _ExitReport(asyncio.SubprocessProtocol):
    """A protocol that calls a function when the process has exited."""

    def __init__(self, report: Callable[[], None]) -> None:
        self._report = report

    def process_exited(self) -> None:
        self._report()


def _shown(command: Command) -> Any:
    return command if isinstance(command, str | bytes) else list(command)


__kamaelia_components__ = (ChildProcess,)
