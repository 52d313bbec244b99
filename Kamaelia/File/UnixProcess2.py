"""A component that runs a command, with pipes from inboxes and to outboxes.

Example usage
-------------
    Pipeline(SimpleReader("text"), UnixProcess2("wc -l"), ConsoleEchoer()).run()
    UnixProcess2("ffmpeg -i sound -i frames -", inpipes={"sound": "audio", "frames": "video"})

How does it work?
-----------------
Each pipe has a component of its own: the box of a pipe that is full does not delay the others. What
the process does not read stays in the inboxes, so that a capacity or a size there holds the
senders. What is not taken from the outboxes stays in the pipes, so that the process waits.
Named pipes are created at the beginning, and removed at the end if they were created here.

Termination: when the process has exited and all its output is sent. producerFinished closes the
inputs of the process, after all data that arrived before. shutdownMicroprocess ends the process:
see Kamaelia.File.ChildProcess. The `message` of the producerFinished on "signal" is None, the
OSError that prevented the start, or a CalledProcessError if the exit status is not 0.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Iterable, Mapping
from typing import Any

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.File.ChildProcess import ChildProcess, Command
from Kamaelia.File.Descriptor import Descriptor
from Kamaelia.File.FileHandles import FromFileHandle as _FromFileHandle
from Kamaelia.File.FileHandles import ToFileHandle as _ToFileHandle
from Kamaelia.File.FileHandles import ToNamedPipe, makeNonBlocking
from Kamaelia.File.NamedPipes import NamedPipes
from Kamaelia.File.Waits import inThread
from Kamaelia.Util.Parent import parent
from Kamaelia.Util.SendWithRoom import STOP

__all__ = ["UnixProcess2", "makeNonBlocking"]


class UnixProcess2(parent):
    """UnixProcess2(command[, buffersize][, outpipes][, inpipes][, boxsizes]): runs a command.

    command: text for the shell, or a sequence of a program and its arguments. buffersize: the most
    bytes in a message from the process. outpipes and inpipes: paths of named pipes, with the
    outbox or inbox of each. boxsizes: sizes of inboxes by name. Raises ValueError if two pipes use
    one inbox, or if boxsizes names an inbox that does not exist.
    """

    Inboxes = {
        "inbox": "bytes for the standard input of the process; text is sent as UTF-8",
        "control": "producerFinished: no more input; shutdownMicroprocess: end the process",
    }
    Outboxes = {
        "outbox": "bytes from the standard output of the process",
        "error": "bytes from the standard error of the process",
        "signal": "producerFinished, whose message may be an error; or shutdownMicroprocess",
    }

    def __init__(
        self,
        command: Command,
        buffersize: int = 32768,
        outpipes: Mapping[str, str] | None = None,
        inpipes: Mapping[str, str] | None = None,
        boxsizes: Mapping[str, int] | None = None,
    ) -> None:
        self.outpipes, self.inpipes = dict(outpipes or {}), dict(inpipes or {})
        self._addBoxes()
        super().__init__()
        self.command = command
        self.buffersize = buffersize if buffersize > 0 else 32768
        self.boxsizes = dict(boxsizes or {})
        if unknown := set(self.boxsizes) - {"inbox", *self.inpipes.values()}:
            raise ValueError(f"boxsizes names {sorted(unknown)}, which are no inboxes for a pipe")
        self._names = NamedPipes([*self.outpipes, *self.inpipes])
        self._order: Any = None  # the shutdownMicroprocess from "control"
        self._endOfInput: Any = None  # the message from "control" that ended the input
        self._sources: list[Any] = []  # the components that write to the process
        self._fromNamedPipes: list[Any] = []
        self._ends: list[Descriptor] = []  # the ends of pipes for the process

    def _addBoxes(self) -> None:
        """Create the boxes of the named pipes, for this component and not for its class."""
        inboxes, outboxes = dict(self.Inboxes), dict(self.Outboxes)
        for path, boxname in self.inpipes.items():
            if boxname in inboxes:
                raise ValueError(f"the inbox {boxname!r} for {path!r} is already in use")
            inboxes[boxname] = f"bytes for the named pipe {path}"
        for path, boxname in self.outpipes.items():
            outboxes.setdefault(boxname, f"bytes from the named pipe {path}")
        self.Inboxes, self.Outboxes = inboxes, outboxes  # type: ignore[misc]

    def main(self) -> Generator[int, None, None]:
        try:
            yield from inThread(self, self._names.create)
            process = self._createChildren()
            yield from self._attend(process)
        except OSError as error:
            _tell(self.childComponents(), shutdownMicroprocess(self))
            self.send(producerFinished(self, error), "signal")
        else:
            self.send(self._order or self.endOfOutput(process.error), "signal")
        finally:
            for end in self._ends:
                end.close()
            self._names.remove()

    # The components for the process and its pipes

    def _createChildren(self) -> ChildProcess:
        ends: dict[str, Any] = {"stdin": self._pipeTo("inbox"), "stderr": subprocess.DEVNULL}
        ends["stdout"] = self._pipeFrom("outbox")
        if "error" in self.Outboxes:
            ends["stderr"] = self._pipeFrom("error")
        for path, boxname in self.outpipes.items():
            # open for writing, too: the end is not when one program closes it
            handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            self._fromNamedPipes.append(self._receive(handle, boxname))
        for path, boxname in self.inpipes.items():
            self._feed(ToNamedPipe(path), boxname)
        process = ChildProcess(self.command, **ends)
        self.adopt(process)
        return process

    def _pipeTo(self, boxname: str) -> Descriptor:
        """Lead an inbox to a new pipe, and return the end of the pipe for the process."""
        end, handle = os.pipe()
        self._ends.append(Descriptor(end, boxname))
        self._feed(_ToFileHandle(handle), boxname)
        return self._ends[-1]

    def _pipeFrom(self, boxname: str) -> Descriptor:
        """Lead a new pipe to an outbox, and return the end of the pipe for the process."""
        handle, end = os.pipe()
        self._ends.append(Descriptor(end, boxname))
        self._receive(handle, boxname)
        return self._ends[-1]

    def _feed(self, source: Any, boxname: str) -> None:
        self.link((self, boxname), (source, "inbox"), passthrough=1)
        if boxname in self.boxsizes:
            source.setInboxSize("inbox", self.boxsizes[boxname])
        self.adopt(source)
        self._sources.append(source)

    def _receive(self, handle: int, boxname: str) -> _FromFileHandle:
        receiver = _FromFileHandle(handle, self.buffersize)
        self.link((receiver, "outbox"), (self, boxname), passthrough=2)
        self.adopt(receiver)
        return receiver

    # The run of the process

    def _attend(self, process: ChildProcess) -> Generator[int, None, None]:
        """Wait until all children have ended; pass orders on to them."""
        isExitKnown = False
        while True:
            for message in self.Inbox("control"):
                self._handleControl(message, process)
            if process.isStopped() and not isExitKnown:
                isExitKnown = True
                if not process.hasStarted:  # uvloop may keep the ends of the pipes open
                    _tell(self.childComponents(), shutdownMicroprocess(self))
                _tell(self._sources, shutdownMicroprocess(self))
                _tell(self._fromNamedPipes, producerFinished(self))
            if self.childrenDone():
                return
            self.discardUnread("inbox", *self.inpipes.values())  # for a pipe that is closed
            yield from self.waitForChange()

    def _handleControl(self, message: Any, process: ChildProcess) -> None:
        if isinstance(message, STOP):
            self._order = message
            _tell([process, *self.childComponents()], message)
        elif self.isEndOfInput(message):
            self._endOfInput = message
            _tell(self._sources, producerFinished(self))

    def endOfOutput(self, error: Exception | None) -> producerFinished:
        """Return the message for "signal" when the process has ended, with or without an error.

        It is the producerFinished that ended the input, or a new one.
        """
        end = self._endOfInput
        isPassedOn = error is None and isinstance(end, producerFinished)
        return end if isPassedOn else producerFinished(self, error)

    def isEndOfInput(self, message: Any) -> bool:
        """Return whether a message from "control" means that no more input follows."""
        return isinstance(message, producerFinished)


def _tell(components: Iterable[Any], message: Any) -> None:
    """Send `message` to the control of those components that have not ended."""
    for each in components:
        if not each.isStopped():
            each.deliver(message, "control")


__kamaelia_components__ = (UnixProcess2,)
