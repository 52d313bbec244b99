"""An adapter from an object with a method `filter` to a component.

Example usage
-------------
    Pipeline(Reader(), Filter(Unpacker()), ConsoleEchoer()).run()

How does it work?
-----------------
filter(message) returns the message to send, or None for none. At the end filter("") is called
until it returns None, so that the object can return what it holds back.

Termination: at a producerFinished or shutdownMicroprocess, after the messages that arrived
before it.
"""

from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Hooks import plainResult

__all__ = ["Filter", "FilterComponent", "NullFilter"]


class NullFilter:
    """A filter that returns each message unchanged."""

    def filter(self, newtext: Any) -> Any:
        """Return `newtext`, or None for "", which marks the end."""
        return newtext if newtext != "" else None


class Filter(component):
    """A component that sends filter.filter(message) for each message, unless it is None.

    Raises TypeError if `filter` is an async method or a generator method.
    """

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "the result of the filter for each message",
        "signal": "the shutdown message from control",
    }

    def __init__(self, filter: Any = None) -> None:  # noqa: A002 - a historical name
        super().__init__()
        self.filter = NullFilter() if filter is None else filter

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                made = self._filtered(message)
                if made is not None:
                    self.send(made)
            if self.dataReady("control"):
                while (kept := self._filtered("")) is not None:
                    self.send(kept)
                if self.isShuttingDown():
                    return

    def _filtered(self, message: Any) -> Any:
        return plainResult(self.filter.filter(message), "filter", self)


FilterComponent = Filter

__kamaelia_components__ = (Filter,)
