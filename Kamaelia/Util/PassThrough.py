"""A component that passes messages on unchanged.

Example usage
-------------
    Graphline(IN=PassThrough(), ...)

How does it work?
-----------------
A passthrough linkage has the same effect without the cost of a turn. This component is for
places that need a component with a name.

Termination: at a message of one of the types in `shutdownOn`, which is passed on as well.
"""

from collections.abc import Iterable, Iterator

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["PassThrough", "passThrough"]


class PassThrough(component):
    """A component that sends "inbox" to "outbox" and "control" to "signal".

    shutdownOn: the types of "control" messages that end it. If it is empty, it does not end.
    """

    Inboxes = {"inbox": "anything", "control": "anything"}
    Outboxes = {"outbox": "all messages from inbox", "signal": "all messages from control"}

    def __init__(
        self, shutdownOn: Iterable[type] = (producerFinished, shutdownMicroprocess)
    ) -> None:
        super().__init__()
        self.shutdownOn = tuple(shutdownOn)

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)
            for message in self.Inbox("control"):
                self.send(message, "signal")
                if isinstance(message, self.shutdownOn):
                    return


passThrough = PassThrough

__kamaelia_components__ = (PassThrough,)
