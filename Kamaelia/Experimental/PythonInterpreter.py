"""Components that execute Python statements, to examine a program while it runs.

Example usage
-------------
    Pipeline(ConsoleReader(eol=""), InterpreterTransformer(), ConsoleEchoer()).run()
    StandaloneInterpreter().run()

How does it work?
-----------------
The statements run in a thread, so that they may block. They find this component as `self`, and
through `self.scheduler` all others. A message to such a component can do with the program whatever
its user can: do not connect it to a network that others reach.

Termination: at a producerFinished or shutdownMicroprocess, at the end of standard input, or when a
statement raises SystemExit, as exit() does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import Axon
from Axon.AxonExceptions import noSpaceInBox
from Axon.Ipc import producerFinished
from Axon.ThreadedComponent import threadedcomponent
from Kamaelia.Support.Interpreter import Interpreter
from Kamaelia.Util.Console import writeOut

__all__ = ["InterpreterTransformer", "StandaloneInterpreter"]

NOTHING = " "  # what is sent for a statement without a value or text


class InterpreterTransformer(threadedcomponent):
    """InterpreterTransformer(): executes the statements that it receives, line by line."""

    Inboxes = {
        "inbox": "text or bytes: one or more lines",
        "control": "producerFinished or shutdownMicroprocess: end",
    }
    Outboxes = {
        "outbox": "the value of an expression; text that was printed, or a traceback; or a space",
        "signal": "the shutdown message from control, or producerFinished",
    }

    def main(self) -> None:
        interpreter = Interpreter({"self": self, "Axon": Axon})
        self.send(NOTHING)
        try:
            while True:
                self.waitForMessage()
                for message in self.Inbox():
                    self._execute(interpreter, message)
                if self.isShuttingDown():
                    return
        except SystemExit:
            self.send(producerFinished(self), "signal")

    def _execute(self, interpreter: Interpreter, message: Any) -> None:
        text = message.decode(errors="replace") if isinstance(message, bytes) else str(message)
        for line in text.splitlines() or [""]:
            response = interpreter.push(line)
            if response.text:
                self._sendInOrder(response.text)
            if response.value is not None:
                self._sendInOrder(response.value)
            elif response.isComplete and not response.text:
                self._sendInOrder(NOTHING)

    def _sendInOrder(self, message: Any) -> None:
        """Send a message; first wait until there is room for it, if the queue is full."""
        try:
            self.send(message)
        except noSpaceInBox:
            self.sync()
            self.send(message)


class StandaloneInterpreter(threadedcomponent):
    """StandaloneInterpreter(): a prompt on standard input and output."""

    Inboxes = {"inbox": "not used", "control": "producerFinished or shutdownMicroprocess: end"}
    Outboxes = {
        "outbox": "not used",
        "signal": "the shutdown message from control, or producerFinished at the end of the input",
    }

    prompt = "> "  # what is printed before each line

    def main(self) -> None:
        interpreter = Interpreter({"self": self, "Axon": Axon})
        try:
            for line in self.console():
                if self.isShuttingDown():
                    return
                response = interpreter.push(line)
                shown = "" if response.value is None else f"{response.value!r}\n"
                writeOut(response.text + shown)
        except SystemExit:
            pass
        self.send(producerFinished(self), "signal")

    def console(self) -> Iterator[str]:
        """Generate the lines that a user types, after a prompt each."""
        while True:
            writeOut(self.prompt)
            line = sys.stdin.readline()
            if not line:
                return
            yield line.rstrip("\r\n")


__kamaelia_components__ = (InterpreterTransformer, StandaloneInterpreter)
