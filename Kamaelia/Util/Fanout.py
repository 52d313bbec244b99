"""A splitter with one outbox for each destination.

Example usage
-------------
    Graphline(
        SOURCE=Ticker(), SPLIT=Fanout(["screen", "log"]), SCREEN=ConsoleEchoer(), LOG=Logger(),
        linkages={
            ("SOURCE", "outbox"): ("SPLIT", "inbox"),
            ("SPLIT", "screen"): ("SCREEN", "inbox"),
            ("SPLIT", "log"): ("LOG", "inbox"),
        },
    )

How does it work?
-----------------
All destinations receive the same object. A destination that changes it changes it for all.

Termination: at a producerFinished or shutdownMicroprocess, after the messages that arrived
before it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from Axon.Component import component

__all__ = ["Fanout", "fanout"]


class Fanout(component):
    """A component that sends every message to each of the outboxes `boxnames`.

    Raises TypeError if `boxnames` is a str and not a list.
    """

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {"outbox": "nothing", "signal": "the shutdown message from control"}

    def __init__(self, boxnames: Iterable[str]) -> None:
        if isinstance(boxnames, str):
            raise TypeError(f"Fanout needs a list of outbox names, such as [{boxnames!r}]")
        self.outboxNames = list(boxnames)
        extra: dict[str, Any] = dict.fromkeys(self.outboxNames, "every message that came to inbox")
        self.Outboxes = {**self.Outboxes, **extra}  # type: ignore[misc]
        super().__init__()

    def main(self) -> Iterator[int]:
        send, names = self.send, self.outboxNames
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                for name in names:
                    send(message, name)
            if self.isShuttingDown():
                return


fanout = Fanout

__kamaelia_components__ = (Fanout,)
