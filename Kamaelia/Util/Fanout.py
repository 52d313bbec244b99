"""Sends each message to several outboxes.

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
All get the same object: who changes it, changes it for all.

Termination: at a producerFinished or shutdownMicroprocess, after what came before it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from Axon.Component import component

__all__ = ["Fanout", "fanout"]


class Fanout(component):
    """Fanout(boxnames) -> a component with these outboxes, each of which gets every message.

    Raises TypeError for one name in place of a list of them.
    """

    Inboxes = {"inbox": "anything", "control": "when to stop"}
    Outboxes = {"outbox": "nothing", "signal": "whatever ended it"}

    def __init__(self, boxnames: Iterable[str]) -> None:
        if isinstance(boxnames, str):
            raise TypeError(f"Fanout needs a list of names of outboxes, such as [{boxnames!r}]")
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
