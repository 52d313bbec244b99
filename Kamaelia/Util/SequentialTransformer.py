"""Several functions, one after the other, as one component.

Example usage
-------------
    Pipeline(Reader(), SequentialTransformer(int, hex), ConsoleEchoer()).run()

How does it work?
-----------------
All are called in one turn: a Pipeline of PureTransformers would need one for each.

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

from collections.abc import Callable
from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["SequentialTransformer"]


class SequentialTransformer(PureTransformer):
    """SequentialTransformer(*functions) -> sends what the last makes of what those before it made.

    If the last one returns None, nothing is sent. Without any, processMessage is used.
    """

    def __init__(self, *functions: Callable[[Any], Any]) -> None:
        super().__init__(self.pipeline if functions else None)
        self.functions = functions

    def pipeline(self, msg: Any) -> Any:
        """Return what the functions make of `msg`."""
        for function in self.functions:
            msg = function(msg)
        return msg


__kamaelia_components__ = (SequentialTransformer,)
