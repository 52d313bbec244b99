"""A source of given messages.

Example usage
-------------
    Pipeline(DataSource(["hello\\n", "world\\n"]), ConsoleEchoer()).run()

How does it work?
-----------------
It sends one message per turn, so that other components run in between. The iterable may be
endless.

Termination: after the last message, with a producerFinished; or at a shutdownMicroprocess.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["DataSource", "TriggeredSource"]


class DataSource(component):
    """A source that sends each of `messages`, one per turn, then producerFinished."""

    Inboxes = {"inbox": "nothing", "control": "shutdownMicroprocess: stop"}
    Outboxes = {
        "outbox": "the messages",
        "signal": "producerFinished, or the shutdown message from control",
    }

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
    """Return a component that sends `msg` for each message that it receives."""
    return PureTransformer(lambda _: msg)


__kamaelia_components__ = (DataSource,)
__kamaelia_prefabs__ = (TriggeredSource,)
