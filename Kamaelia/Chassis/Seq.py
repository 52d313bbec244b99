"""Components that run one after the other, behind one pair of boxes.

Example usage
-------------
    Pipeline(Seq(OneShot("hello "), OneShot("world\\n")), ConsoleEchoer()).run()

How does it work?
-----------------
The one that runs has the inbox and the outbox of the whole. What it sends to
its signal goes nowhere, so that whoever listens waits for the others, too.

Termination: when the last one has ended: a producerFinished is sent. At a
shutdownMicroprocess the one that runs gets it and is the last, and it is passed
on; other messages to control mean nothing.
"""

from collections.abc import Iterator
from typing import Any

from Axon.ComponentCheck import checkComponents
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent

__all__ = ["Seq"]


class Seq(parent):
    """Seq(*sequence) -> runs these components in turn; a str among them is a remark, and skipped.

    Raises wiringError for what is neither.
    """

    Inboxes = {"inbox": "goes to the one that runs", "control": "shutdownMicroprocess"}
    Outboxes = {"outbox": "comes from the one that runs", "signal": "the end of the whole"}

    def __init__(self, *sequence: Any) -> None:
        super().__init__()
        self.sequence = [each for each in sequence if not isinstance(each, str)]
        checkComponents(type(self).__name__, self.sequence)

    def main(self) -> Iterator[int]:
        for each in self.sequence:
            self.link((self, "inbox"), (each, "inbox"), passthrough=1)
            self.link((each, "outbox"), (self, "outbox"), passthrough=2)
            self.adopt(each)
            last = None
            while True:
                last = self._shutdown(each) or last
                if self.childrenDone():
                    break
                yield from self.waitForChange()
            if last is not None:
                self.send(last, "signal")
                return
        self.send(producerFinished(self), "signal")

    def _shutdown(self, running: Any) -> shutdownMicroprocess | None:
        last = None
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                running._deliver(message, "control")
                last = message
        return last
