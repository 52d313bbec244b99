"""An object with a method `filter`, as a component.

Example usage
-------------
    Pipeline(Reader(), Filter(Unpacker()), ConsoleEchoer()).run()

How does it work?
-----------------
filter(message) gives what to send in place of each message, or None. At the end
filter("") is called until it gives None, so that it can give what it kept.

Termination: at a producerFinished or shutdownMicroprocess, after what came before it.
"""

from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Hooks import plainResult

__all__ = ["Filter", "FilterComponent", "NullFilter"]


class NullFilter:
    """NullFilter() -> keeps nothing back, and changes nothing."""

    def filter(self, newtext: Any) -> Any:
        """`newtext`; None at the end."""
        return newtext if newtext != "" else None


class Filter(component):
    """Filter([filter]) -> sends filter.filter(message) for each message, but for None.

    Raises TypeError if that is an async or a generator method.
    """

    Inboxes = {"inbox": "anything", "control": "when to stop"}
    Outboxes = {"outbox": "what was made of each message", "signal": "whatever ended it"}

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
