"""A splitter of text at line ends.

Example usage
-------------
    Pipeline(Pages(), LineSplit(), Grep("error"), ConsoleEchoer()).run()

How does it work?
-----------------
str.splitlines and bytes.splitlines define the line ends. Nothing is kept between messages.

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

from typing import AnyStr

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["LineSplit"]


class LineSplit(PureTransformer):
    """A transformer that sends each line of a message, a str or bytes, without its line end.

    Each message is split separately: text after the last line end counts as a line.
    """

    def processMessage(self, msg: AnyStr) -> None:
        """Send the lines of `msg`."""
        for line in msg.splitlines():
            self.send(line)


__kamaelia_components__ = (LineSplit,)
