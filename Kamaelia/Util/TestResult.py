"""An assertion that each message is true, for tests.

Example usage
-------------
    Pipeline(Checks(), TestResult()).run()

How does it work?
-----------------
Its error ends the run, like any error that no component handles.

Termination: at a producerFinished or shutdownMicroprocess; or with an error.
"""

from collections.abc import Iterator

from Axon.AxonExceptions import AxonException
from Axon.Component import component
from Axon.Ipc import ipc, producerFinished, shutdownMicroprocess

__all__ = ["StopSystem", "StopSystemException", "TestResult"]


class StopSystem(ipc):
    """A request to end the whole system with a StopSystemException."""


class StopSystemException(AxonException):
    """The error that a TestResult raises when it receives StopSystem."""


class TestResult(component):
    """A component that raises AssertionError for a message that is not true."""

    __test__ = False  # otherwise pytest collects it as a test

    Inboxes = {
        "inbox": "anything: a value that must be true",
        "control": "StopSystem, or a shutdown message",
    }
    Outboxes = {"outbox": "nothing", "signal": "the shutdown message from control"}

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                if not message:
                    raise AssertionError(f"{self.name} received {message!r}, which is not true")
            for message in self.Inbox("control"):
                if isinstance(message, StopSystem):
                    raise StopSystemException(f"{self.name} was told to stop the system")
                if isinstance(message, producerFinished | shutdownMicroprocess):
                    self.send(message, "signal")
                    return


__kamaelia_components__ = (TestResult,)
