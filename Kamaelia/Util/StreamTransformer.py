"""A component around a plain object that transforms a stream: a parser, a framer, a reordering.

Example usage
-------------
    class Lines(StreamTransformer):
        def transform(self, message):
            *lines, self.begun = (self.begun + message).split("\\n")
            return lines

        def finish(self):
            return [self.begun] if self.begun else []

How does it work?
-----------------
A subclass decides what to send, but not when. While the receiver's inbox is full, by its size or
by its capacity, nothing more is read from "inbox", so memory stays bounded.

Termination: at a producerFinished, after the messages that arrived before it and what finish()
returns; at a shutdownMicroprocess at once. A ValueError from a hook means that the input is
invalid: the component sends errorInformation to "error", if it has that box, and a producerFinished
with the error as its message to "signal", and ends.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from typing import Any

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Hooks import iterableResult
from Axon.Ipc import errorInformation, producerFinished, shutdownMicroprocess
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom

__all__ = ["StreamTransformer"]

Turns = Generator[int, None, None]


class StreamTransformer(component):
    """A component that sends what its methods return; the base of components with a parser."""

    Inboxes = {"inbox": "the messages to transform", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "the results",
        "error": "errorInformation: a message is invalid; exception: the ValueError",
        "signal": "the shutdown message from control, or producerFinished with an error",
    }

    _error: ValueError | None = None
    isBroken = False  # True in finish() if an error has ended the stream

    def start(self) -> Iterable[Any]:
        """Return the messages to send before the first one arrives. Subclasses may override it."""
        return ()

    def transform(self, message: Any) -> Iterable[Any]:
        """Return the messages to send for `message`. Subclasses override it.

        A ValueError means that the message is invalid, and ends the component.
        """
        return (message,)

    def finish(self) -> Iterable[Any]:
        """Return the messages to send at a producerFinished. Subclasses may override it.

        A ValueError means that the stream ended too early.
        """
        return ()

    def isComplete(self) -> bool:
        """Return whether the stream has ended by itself. Subclasses may override it."""
        return False

    def attend(self) -> Turns:
        """Take messages from further inboxes, in each turn. Subclasses may override it."""
        yield from ()

    def main(self) -> Turns:
        end: Any = None
        yield from self.sendEach(self._resultsOf(self.start))
        while end is None and self._error is None:
            end = yield from self._turn()
        if self._error is None and isinstance(end, producerFinished) and end.caller is not self:
            self.isBroken = isinstance(end.message, Exception)
            yield from self.sendEach(self._resultsOf(self.finish))
        if self._error is not None:
            end = producerFinished(self, self._error)
        self.send(end, "signal")

    def _turn(self) -> Generator[int, None, Any]:
        """Wait for messages and transform them. Return the end of the stream, or None."""
        yield from self.waitForMessage()
        for message in self.Inbox():
            if results := self._resultsOf(self.transform, message):
                yield from self.sendEach(results)
            if self.isComplete():
                return producerFinished(self)
            if self._error is not None or (self.dataReady("control") and isToStop(self)):
                break
        yield from self.attend()
        if self.dataReady() and not isToStop(self):  # it has arrived while this waited for room
            return None
        return self._takeEnd()

    def _resultsOf(self, hook: Callable[..., Iterable[Any]], *message: Any) -> Iterable[Any]:
        """Return what a hook returns. Report its ValueError, but not one of a receiver."""
        try:
            results = hook(*message)
        except ValueError as error:
            return self._reportError(error, *message)
        if type(results) is tuple or type(results) is list:
            return results
        return self._guarded(iterableResult(results, hook.__name__, self), *message)

    def _guarded(self, results: Iterable[Any], *message: Any) -> Iterator[Any]:
        """Generate the results, which a hook may calculate only now."""
        try:
            yield from results
        except ValueError as error:
            self._reportError(error, *message)

    def _reportError(self, error: ValueError, *message: Any) -> tuple[()]:
        """Remember and report an error. Return no results."""
        self._error = error.with_traceback(None)  # it would keep this component alive
        if "error" in self.outboxes:
            with suppress(noSpaceInBox):
                self.send(errorInformation(self, self._error, *message), "error")
        return ()

    def _takeEnd(self) -> Any:
        """Return the first shutdown message from "control", or None."""
        for message in self.Inbox("control"):
            if isinstance(message, producerFinished | shutdownMicroprocess):
                return message
        return None

    def sendEach(self, messages: Iterable[Any], boxname: str = "outbox") -> Turns:
        """Send the messages, each as soon as there is space, until a shutdownMicroprocess."""
        for message in messages:
            try:
                self.send(message, boxname)
            except noSpaceInBox:
                if not (yield from sendWithRoom(self, message, boxname)):
                    return
            else:
                if self.isHeld():
                    yield 1
                    if isToStop(self):
                        return


__kamaelia_components__ = (StreamTransformer,)
