"""A queue that releases one message for each request.

Example usage
-------------
    Graphline(DATA=Source(), GATE=PromptedTurnstile(), SINK=sink, linkages={
        ("DATA", "outbox"): ("GATE", "inbox"),
        ("GATE", "outbox"): ("SINK", "inbox"),
        ("SINK", "requests"): ("GATE", "next"),
    }).run()

How does it work?
-----------------
Messages wait for requests, and requests are counted until messages arrive.

Termination: at a producerFinished, as soon as no message waits and another one is requested; at
a shutdownMicroprocess at once.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["PromptedTurnstile"]


class PromptedTurnstile(component):
    """A component that sends one message for each message that arrives at "next".

    A request that precedes the message is answered when the message arrives.
    """

    Inboxes = {
        "inbox": "anything",
        "next": "anything: one request",
        "control": "a shutdown message",
    }
    Outboxes = {"outbox": "the messages", "signal": "the shutdown message from control"}

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
