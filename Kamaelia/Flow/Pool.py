"""A pool: n copies of a component behind one inbox and one outbox.

Example usage
-------------
    Pipeline(Addresses(), Pool(lambda: Fetcher(timeout=10), 20), Store()).run()
    Pipeline(Orders(), Pool(Account, 8, key=lambda order: order.account), Ledger()).run()

How does it work?
-----------------
Without a key, a message goes to a copy that waits for messages, or else to the one with the
shortest queue. With a key, all messages with the same key go to the same copy, in order. At most
`capacity` messages wait at a copy, beside those that it processes. The others stay in the inbox of
the pool, so a capacity of the linkage to the pool holds its sender. Copies work at the same time
if they are threads (threadedcomponent) or await something (`async def main`). The results come in
the order in which they are ready.

Termination: when all copies have ended. A producerFinished goes to the copies after the last
message has been taken, a shutdownMicroprocess at once; then the pool sends it on. Messages that a
copy has left unread at its end go to the others.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from Axon.ComponentCheck import madeComponent
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent

__all__ = ["Pool"]


class Pool(parent):
    """Pool(create, count[, key][, capacity]): distribute messages among `count` copies.

    create: returns a new component at each call. key: key(message) returns a hashable key.
    capacity: the largest number of messages that wait at a copy (1). Raises ValueError if a number
    is less than 1, and wiringError if `create` returns anything else than a component.
    """

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "the messages from the outboxes of the copies",
        "signal": "the shutdown message from control, or producerFinished if all copies have ended",
    }

    def __init__(
        self,
        create: Callable[[], Any],
        count: int,
        key: Callable[[Any], Any] | None = None,
        capacity: int = 1,
    ) -> None:
        if count < 1 or capacity < 1:
            raise ValueError("count and capacity of a Pool are at least 1")
        names = [f"to_copy{number}" for number in range(1, count + 1)]
        self.Outboxes = {  # type: ignore[misc]
            **self.Outboxes,
            **dict.fromkeys(names, "the messages for this copy"),
        }
        super().__init__()
        self.key = key
        self.capacity = capacity
        self.copies = {name: madeComponent(create(), "create", self) for name in names}
        for name, copy in self.copies.items():
            self.link((self, name), (copy, "inbox"))
            self.link((copy, "outbox"), (self, "outbox"), passthrough=2)
        self._returned: deque[Any] = deque()  # messages that a copy has left unread
        self._end: Any = None
        self._isTold = False  # the copies have been told to end

    def main(self) -> Iterator[int]:
        self.adopt(*self.copies.values())
        while True:
            self._removeEnded()
            self._distribute()
            self._readControl()
            if self.childrenDone():
                break
            self.pause()  # a message, a copy that takes one, and the end of a copy end it
            yield 1
        self.send(self._end or producerFinished(self), "signal")

    def _removeEnded(self) -> None:
        for name, copy in list(self.copies.items()):
            if copy.isStopped():
                del self.copies[name]
                self._returned.extend(copy.inboxes["inbox"])

    def _distribute(self) -> None:
        """Give messages to copies until none is left, or there is no space at the next copy."""
        while self.copies and (self._returned or self.dataReady()):
            name = self._copyFor(self._returned[0] if self._returned else self._first())
            if self._isFull(name):
                return
            self.send(self._returned.popleft() if self._returned else self.recv(), name)

    def _first(self) -> Any:
        return next(iter(self.inboxes["inbox"]))

    def _copyFor(self, message: Any) -> str:
        names = list(self.copies)
        if self.key is not None:
            key = plainResult(self.key(message), "key", self)
            return names[hash((key,)) % len(names)]  # the hash of a tuple spreads small integers
        name = min(names, key=self._load)
        self.copies[name] = self.copies.pop(name)  # equal ones take turns
        return name

    def _load(self, name: str) -> int:
        waiting = 2 * len(self.outboxes[name])
        return waiting + (not self.copies[name].isWaitingForMessage())

    def _isFull(self, name: str) -> bool:
        return len(self.outboxes[name]) >= self.capacity

    def _readControl(self) -> None:
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                self._returned.clear()
                self.discardUnread("inbox")
                self._end = message
                self._tell(message)
            elif isinstance(message, producerFinished) and self._end is None:
                self._end = message
        if self._end is not None and not self._isTold and not self._hasUnread():
            self._tell(self._end)

    def _hasUnread(self) -> bool:
        """Return whether messages wait here or at a copy; those of one that ends come back."""
        isWaiting = any(len(self.outboxes[name]) for name in self.copies)
        return isWaiting or bool(self._returned or self.dataReady())

    def _tell(self, message: Any) -> None:
        self._isTold = True
        for copy in self.copies.values():
            copy.deliver(message, "control")


__kamaelia_components__ = (Pool,)
