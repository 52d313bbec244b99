"""The common part of components that work with files: the order in which they end.

Example usage
-------------
    class Size(filecomponent):
        def work(self):
            data = yield from inThread(self, self.path.read_bytes)
            yield from self.deliverWithRoom(len(data))

How does it work?
-----------------
main() runs work(), then release(). An error of the operating system does not end the run: it is
logged, and it is the `message` of the producerFinished that the component sends to "signal".

Termination: when work() ends, or at a shutdownMicroprocess.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable
from typing import Any

from Axon.AxonExceptions import normalShutdown
from Axon.Component import component
from Axon.Ipc import errorInformation, producerFinished
from Kamaelia.Util.SendWithRoom import STOP, isToStop, sendAllWithRoom, sendWithRoom

LOG = logging.getLogger("Kamaelia.File")


class filecomponent(component):
    """A component that works with files. Subclasses define work(), and release() if needed."""

    error: Exception | None = None  # what has ended the component

    def work(self) -> Generator[int, None, None]:
        """Do the work; main() runs it with `yield from`. Subclasses override this."""
        raise NotImplementedError(f"{type(self).__name__} needs a method work()")

    def release(self) -> None:
        """Close what is open; called once, at the end, whatever has happened."""

    def main(self) -> Generator[int, None, None]:
        try:
            yield from self.work()
        except normalShutdown:  # a shutdownMicroprocess waits in "control"
            pass
        except OSError as error:
            self.error = error
            LOG.error("%s ends: %s", self.name, error)
        finally:
            self.release()
        self.send(self.lastMessage(), "signal")

    def lastMessage(self) -> Any:
        """Return the message for "signal".

        It is the shutdownMicroprocess from "control" if there is one. Otherwise it is a
        producerFinished, whose message is the error or None.
        """
        waiting = list(self.Inbox("control"))
        orders = [each for each in waiting if isinstance(each, STOP)]
        return orders[0] if orders else self.endOfOutput(waiting)

    def endOfOutput(self, waiting: list[Any]) -> producerFinished:
        """Return the producerFinished for "signal"; `waiting` is what "control" holds."""
        return producerFinished(self, self.error)

    def deliverWithRoom(self, message: Any, boxname: str = "outbox") -> Generator[int, None, None]:
        """`yield from` this to send when there is room. Raises normalShutdown if it has to stop."""
        yield from sendWithRoom(self, message, boxname)
        self.checkShutdown()

    def deliverAll(self, messages: Iterable[Any]) -> Generator[int, None, None]:
        """`yield from` this to send many messages to "outbox", as deliverWithRoom() does each."""
        yield from sendAllWithRoom(self, messages)
        self.checkShutdown()

    def checkShutdown(self) -> None:
        """Raise normalShutdown if "control" holds a shutdownMicroprocess."""
        if isToStop(self):
            raise normalShutdown("a shutdownMicroprocess has arrived")

    def reportError(self, error: Exception, message: Any) -> None:
        """Log that `message` could not be used, and send an errorInformation to "error"."""
        LOG.error("%s cannot use %.80r: %s", self.name, message, error)
        self.send(errorInformation(self, error, message), "error")


class fileconsumer(filecomponent):
    """A filecomponent whose input ends with a producerFinished, which it passes on."""

    def endOfOutput(self, waiting: list[Any]) -> producerFinished:
        """Return the producerFinished from "control", or a new one if there is an error."""
        last = [each for each in waiting if isinstance(each, producerFinished)]
        return last[0] if last and self.error is None else super().endOfOutput(waiting)

    def isInputOver(self) -> bool:
        """Return whether "control" holds a producerFinished or shutdownMicroprocess.

        Call this after "inbox" has been read, or the last messages are lost.
        """
        ends = (producerFinished, *STOP)
        return any(isinstance(each, ends) for each in self.inboxes["control"])


__kamaelia_components__ = (filecomponent, fileconsumer)
