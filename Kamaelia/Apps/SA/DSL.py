"""A sink that appends messages to a list.

Example usage
-------------
    results = []
    Pipeline(DataSource([1, 2, 3]), DataSink(results)).run()

How does it work?
-----------------
Read the list after the component has ended, or in the same thread.

Termination: at any message on "control", after the messages that arrived before it, or with a
producerFinished when `limit` messages have arrived.
"""

from collections.abc import Generator
from typing import Any, Protocol

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["DataSink"]


class Appendable(Protocol):
    """Any object with an append()."""

    def append(self, item: Any, /) -> object:
        """Add an item."""


class DataSink(component):
    """A component that appends each message to `outlist`.

    limit: the number of messages after which it ends; 0 for no limit. pass_thru: False to send
    nothing to "outbox".
    """

    Inboxes = {"inbox": "anything", "control": "anything: end"}
    Outboxes = {
        "outbox": "each message, if pass_thru is True",
        "signal": "the message from control, or producerFinished at the limit",
    }

    limit = 0
    pass_thru = True

    def __init__(self, outlist: Appendable, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.outlist = outlist

    def main(self) -> Generator[int, None, None]:
        count = 0
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.outlist.append(message)
                count += 1
                if self.pass_thru:
                    yield from sendWithRoom(self, message)
                if count == self.limit:
                    self.send(producerFinished(self), "signal")
                    return
            if self.dataReady("control"):
                self.send(self.recv("control"), "signal")
                return


__kamaelia_components__ = (DataSink,)
