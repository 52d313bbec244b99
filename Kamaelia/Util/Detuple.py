"""Takes one part of each message.

Example usage
-------------
    Pipeline(UDPReceiver("0.0.0.0", 2000), SimpleDetupler(0), ConsoleEchoer()).run()

How does it work?
-----------------
A message without that part is an error of this component (IndexError or KeyError).

Termination: as a PureTransformer's.
"""

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["SimpleDetupler"]


class SimpleDetupler(PureTransformer):
    """SimpleDetupler(index) -> sends message[index] for each message: a tuple, list or dict."""

    sendsNone = True

    def __init__(self, index: Any) -> None:
        super().__init__()
        self.index = index

    def processMessage(self, msg: Any) -> Any:
        """Return the part of `msg`."""
        return msg[self.index]


__kamaelia_components__ = (SimpleDetupler,)
