"""The lines of a user, one at a time.

Example usage
-------------
    Pipeline(LineOrientedInputBuffer(), Authenticator(users={"ann": "secret"}))

How does it work?
-----------------
A line is sent when the one before it has been taken. So what a user types ahead waits here, and not
in the inbox of a component that is about to end.

Termination: at any message on "control", which is passed on when all complete lines have been
taken, or at a shutdownMicroprocess at once.
"""

import codecs
from collections import deque
from collections.abc import Generator

from Axon.Component import component
from Kamaelia.Util.SendWithRoom import isToStop

__all__ = ["LineOrientedInputBuffer"]


class LineOrientedInputBuffer(component):
    """A component that sends each line as text that ends with "\\r\\n".

    longest: the characters in a line; the rest is discarded.
    """

    Inboxes = {"inbox": "bytes or str, cut at any places", "control": "anything: end"}
    Outboxes = {"outbox": "str: one line each", "signal": "the message from control"}

    longest = 4096

    def main(self) -> Generator[int, None, None]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        lines: deque[str] = deque()
        begun = ""
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                begun += data if isinstance(data, str) else decoder.decode(bytes(data))
                *complete, begun = begun.split("\n")
                lines.extend(line[: self.longest].removesuffix("\r") for line in complete)
                begun = begun[: self.longest]
                yield from self._sendEach(lines)
            if self.dataReady("control"):
                self.send(self.recv("control"), "signal")
                return

    def _sendEach(self, lines: deque[str]) -> Generator[int, None, None]:
        """Send the lines, each when the one before has been taken."""
        while lines and not isToStop(self):
            if len(self.outboxes["outbox"]):
                self.pause()
                yield 1
            else:
                self.send(lines.popleft() + "\r\n")
        while len(self.outboxes["outbox"]) and not isToStop(self):
            self.pause()
            yield 1


__kamaelia_components__ = (LineOrientedInputBuffer,)
