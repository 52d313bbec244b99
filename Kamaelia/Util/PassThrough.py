"""Sends on what it gets, unchanged: a place to link to.

Example usage
-------------
    Graphline(IN=PassThrough(), ...)

How does it work?
-----------------
Linking through an inbox or outbox costs nothing; this costs a turn, and gives a name.

Termination: at a message of one of the kinds in `shutdownOn`, which is sent on, too.
"""

from collections.abc import Iterable, Iterator

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["PassThrough", "passThrough"]


class PassThrough(component):
    """PassThrough([shutdownOn]) -> sends on inbox to outbox and control to signal.

    shutdownOn: the kinds of messages to control that end it; with none it does not end.
    """

    Inboxes = {"inbox": "anything", "control": "anything"}
    Outboxes = {"outbox": "everything that came to inbox", "signal": "what came to control"}

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
