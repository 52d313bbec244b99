"""Cuts text at its line ends.

Example usage
-------------
    Pipeline(Pages(), LineSplit(), Grep("error"), ConsoleEchoer()).run()

How does it work?
-----------------
Lines end as str.splitlines and bytes.splitlines say. Nothing is kept between messages.

Termination: as a PureTransformer's.
"""

from typing import AnyStr

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["LineSplit"]


class LineSplit(PureTransformer):
    """LineSplit() -> sends each line, without its end, of each message, a str or bytes.

    A message is cut for itself: what follows its last line end is a line, too.
    """

    def processMessage(self, msg: AnyStr) -> None:
        """Sends the lines of `msg`."""
        for line in msg.splitlines():
            self.send(line)


__kamaelia_components__ = (LineSplit,)
