"""Several functions, applied one after another, as one component.

Example usage
-------------
    Pipeline(Reader(), SequentialTransformer(int, hex), ConsoleEchoer()).run()

How does it work?
-----------------
All functions are called in one turn. A Pipeline of PureTransformers needs a turn for each.

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

from collections.abc import Callable
from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["SequentialTransformer"]


class SequentialTransformer(PureTransformer):
    """A transformer that applies `functions` to each message, each to the result of the one before.

    If the last one returns None, nothing is sent. Without functions, processMessage is used.
    """

    def __init__(self, *functions: Callable[[Any], Any]) -> None:
        super().__init__(self.pipeline if functions else None)
        self.functions = functions

    def pipeline(self, msg: Any) -> Any:
        """Return the result of all functions for `msg`."""
        for function in self.functions:
            msg = function(msg)
        return msg


__kamaelia_components__ = (SequentialTransformer,)
