"""A running result, such as a total, of all messages so far.

Example usage
-------------
    Pipeline(Prices(), Scan(max), Display()).run()              # the highest price so far
    Pipeline(Words(), Scan(lambda count, word: count + 1, 0), Display()).run()

How does it work?
-----------------
It keeps the last result and calls the function with it and each message. itertools.accumulate
does the same for an iterable.

Termination: as an Operator.
"""

from collections.abc import Callable, Iterable
from typing import Any

from Axon.Hooks import plainResult
from Kamaelia.Flow.Operator import Operator

__all__ = ["Scan"]

_NOTHING = object()


class Scan(Operator):
    """Scan(function[, initial]): send function(result so far, message) for each message.

    Without `initial`, the first message is the first result.
    """

    Outboxes = {
        "outbox": "the result so far, for each message",
        "signal": "the shutdown message from control",
    }

    def __init__(self, function: Callable[[Any, Any], Any], initial: Any = _NOTHING) -> None:
        super().__init__()
        self.function = function
        self._result = initial

    def received(self, message: Any, now: float) -> Iterable[Any]:
        if self._result is _NOTHING:
            self._result = message
        else:
            self._result = plainResult(self.function(self._result, message), "function", self)
        return (self._result,)


__kamaelia_components__ = (Scan,)
