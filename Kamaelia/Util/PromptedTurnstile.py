"""Lets one message through for each time it is asked.

Example usage
-------------
    Graphline(DATA=Source(), GATE=PromptedTurnstile(), SINK=sink, linkages={
        ("DATA", "outbox"): ("GATE", "inbox"),
        ("GATE", "outbox"): ("SINK", "inbox"),
        ("SINK", "requests"): ("GATE", "next"),
    }).run()

How does it work?
-----------------
Messages wait for requests and requests for messages; both are counted.

Termination: at a producerFinished, when no message waits any more and another is
asked for; or at a shutdownMicroprocess.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["PromptedTurnstile"]


class PromptedTurnstile(component):
    """PromptedTurnstile() -> sends on a message for each one that comes to next.

    Who asks before there is a message gets it as soon as it comes.
    """

    Inboxes = {"inbox": "anything", "next": "anything, once a message", "control": "when to stop"}
    Outboxes = {"outbox": "the messages", "signal": "whatever ended it"}

    def main(self) -> Iterator[int]:
        queue: deque[Any] = deque()
        asked, last = 0, None
        while last is None or queue or not asked:
            yield from self.waitForMessage()
            asked += sum(1 for _ in self.Inbox("next"))
            queue.extend(self.Inbox())
            while queue and asked:
                self.send(queue.popleft())
                asked -= 1
            for message in self.Inbox("control"):
                if isinstance(message, shutdownMicroprocess):
                    self.send(message, "signal")
                    return
                if isinstance(message, producerFinished):
                    last = message
        self.send(last, "signal")


__kamaelia_components__ = (PromptedTurnstile,)
