"""Sends what it was given.

Example usage
-------------
    Pipeline(DataSource(["hello\\n", "world\\n"]), ConsoleEchoer()).run()

How does it work?
-----------------
A message a turn, so that others have their turns between; an iterator may go on for
ever.

Termination: when all has been sent; or at a shutdownMicroprocess, which is passed on.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["DataSource", "TriggeredSource"]


class DataSource(component):
    """DataSource(messages) -> sends each message, one a turn, then producerFinished."""

    Inboxes = {"inbox": "nothing", "control": "shutdownMicroprocess"}
    Outboxes = {"outbox": "the messages", "signal": "producerFinished, or what ended it"}

    def __init__(self, messages: Iterable[Any]) -> None:
        super().__init__()
        self.messages = messages  # type: ignore[assignment,method-assign]

    def main(self) -> Iterator[int]:
        for message in self.messages:  # type: ignore[attr-defined]
            self.send(message)
            yield 1
            for order in self.Inbox("control"):
                if isinstance(order, shutdownMicroprocess):
                    self.send(order, "signal")
                    return
        self.send(producerFinished(self), "signal")


def TriggeredSource(msg: Any) -> PureTransformer:
    """TriggeredSource(msg) -> a component that sends `msg` for each message that it gets."""
    return PureTransformer(lambda _: msg)


__kamaelia_components__ = (DataSource,)
__kamaelia_prefabs__ = (TriggeredSource,)
