"""Buffers that never hold their producers: they discard or combine messages instead.

Example usage
-------------
    Pipeline(News(), Buffer(1000), SlowClient()).run()                 # the newest 1000
    Pipeline(Positions(), Conflate(), Redraw()).run()                  # the latest only
    Pipeline(Quotes(), Conflate(key=symbolOf), SlowClient()).run()     # the latest of each key
    Pipeline(Counts(), Conflate(operator.add), Report()).run()         # the sum since the last one

How does it work?
-----------------
A message is sent only when the receiver has taken the one before, and while nothing holds this
component. All others wait here. Messages are stored within the turn of their producer, so the
memory stays bounded even while this component is held. To hold the producer instead, link with
`capacity`.

Termination: at a producerFinished, after the messages that wait; at a shutdownMicroprocess at
once.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Hooks import plainResult
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom

__all__ = ["Buffer", "Conflate", "Store"]

OVERFLOW = ("dropOldest", "dropNewest")


class Store(component):
    """The common part of Buffer and Conflate: it sends one message at a time.

    Subclasses say how messages are stored.
    """

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "the messages that are left",
        "signal": "the shutdown message from control",
    }

    def __init__(self) -> None:
        super().__init__()
        self._error: Exception | None = None
        self.takeDirectly("inbox", self._take)

    def put(self, message: Any) -> None:
        """Store `message`, which has just been sent to this component."""
        raise NotImplementedError

    def take(self) -> Any:
        """Remove the message to be sent next, and return it."""
        raise NotImplementedError

    def isEmpty(self) -> bool:
        """Return whether no message waits."""
        raise NotImplementedError

    def _take(self, message: Any) -> None:
        try:
            self.put(message)
        except Exception as error:  # noqa: BLE001 - an error of this component, not of the sender
            self._error = self._error or error
        self.unpause()

    def main(self) -> Iterator[int]:
        while True:
            if self._error is not None:
                raise self._error
            if isToStop(self) or (self.isEmpty() and self.dataReady("control")):
                if self.isShuttingDown():
                    return
            elif not self.isEmpty() and not len(self.outboxes["outbox"]):
                yield from sendWithRoom(self, self.take())
                continue
            self.pause()  # a message, or the receiver that takes one, ends it
            yield 1


class Buffer(Store):
    """Buffer(size[, overflow]): keep at most `size` messages until the receiver takes them.

    overflow: "dropOldest" (the default) or "dropNewest", the message to discard when one more
    arrives. `discarded` counts them. Raises ValueError for another word, or a size below 1.
    """

    def __init__(self, size: int, overflow: str = "dropOldest") -> None:
        if size < 1:
            raise ValueError(f"the size of a Buffer is at least 1 message, not {size!r}")
        if overflow not in OVERFLOW:
            raise ValueError(f"overflow is one of {', '.join(OVERFLOW)}, not {overflow!r}")
        super().__init__()
        self.size = size
        self.overflow = overflow
        self.discarded = 0
        self._waiting: deque[Any] = deque()

    def put(self, message: Any) -> None:
        if len(self._waiting) >= self.size:
            self.discarded += 1
            if self.overflow == "dropNewest":
                return
            self._waiting.popleft()
        self._waiting.append(message)

    def take(self) -> Any:
        return self._waiting.popleft()

    def isEmpty(self) -> bool:
        return not self._waiting


class Conflate(Store):
    """Conflate([combine][, key]): keep one message until the receiver takes it.

    combine: combine(waiting, new) returns the message to keep; by default, the new one. key:
    key(message) returns a hashable key; one message is then kept for each key, and they are sent
    in the order in which their keys arrived.
    """

    def __init__(
        self,
        combine: Callable[[Any, Any], Any] | None = None,
        key: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__()
        self.combine = combine
        self.key = key
        self._waiting: OrderedDict[Any, Any] = OrderedDict()

    def put(self, message: Any) -> None:
        key = None if self.key is None else plainResult(self.key(message), "key", self)
        if self.combine is not None and key in self._waiting:
            message = plainResult(self.combine(self._waiting[key], message), "combine", self)
        self._waiting[key] = message

    def take(self) -> Any:
        return self._waiting.popitem(last=False)[1]

    def isEmpty(self) -> bool:
        return not self._waiting


__kamaelia_components__ = (Store, Buffer, Conflate)
