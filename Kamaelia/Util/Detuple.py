"""One element of each message.

Example usage
-------------
    Pipeline(UDPReceiver("0.0.0.0", 2000), SimpleDetupler(0), ConsoleEchoer()).run()

How does it work?
-----------------
A message without that element raises an error in this component (IndexError or KeyError).

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["SimpleDetupler"]


class SimpleDetupler(PureTransformer):
    """A transformer of each message, a tuple, list or dict, into message[index]."""

    sendsNone = True

    def __init__(self, index: Any) -> None:
        super().__init__()
        self.index = index

    def processMessage(self, msg: Any) -> Any:
        """Return the element of `msg`."""
        return msg[self.index]


__kamaelia_components__ = (SimpleDetupler,)
