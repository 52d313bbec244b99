"""Checks that each message is true; for tests.

Example usage
-------------
    Pipeline(Checks(), TestResult()).run()

How does it work?
-----------------
Its error ends the run, as any does that nobody answers for.

Termination: at a producerFinished or shutdownMicroprocess; or with an error.
"""

from collections.abc import Iterator

from Axon.AxonExceptions import AxonException
from Axon.Component import component
from Axon.Ipc import ipc, producerFinished, shutdownMicroprocess

__all__ = ["StopSystem", "StopSystemException", "TestResult"]


class StopSystem(ipc):
    """StopSystem() -> ends the whole system, with a StopSystemException."""


class StopSystemException(AxonException):
    """A TestResult was sent StopSystem."""


class TestResult(component):
    """TestResult() -> raises AssertionError for a message that is not true."""

    __test__ = False  # pytest takes it for a test otherwise

    Inboxes = {"inbox": "what should be true", "control": "StopSystem, or when to stop"}
    Outboxes = {"outbox": "nothing", "signal": "whatever ended it"}

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                if not message:
                    raise AssertionError(f"{self.name} got {message!r}, which is not true")
            for message in self.Inbox("control"):
                if isinstance(message, StopSystem):
                    raise StopSystemException(f"{self.name} was told to stop the system")
                if isinstance(message, producerFinished | shutdownMicroprocess):
                    self.send(message, "signal")
                    return


__kamaelia_components__ = (TestResult,)
