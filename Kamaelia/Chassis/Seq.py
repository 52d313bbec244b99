"""Components that run one after the other, behind one pair of boxes.

Example usage
-------------
    Pipeline(Seq("Greeting", OneShot("hello "), OneShot("world\\n")), ConsoleEchoer()).run()

How does it work?
-----------------
The component that runs has the inbox and the outbox of the Seq. What it sends to
its signal is discarded, because the others have not finished. A text among the
components is printed when its turn comes.

Termination: when the last component has ended: a producerFinished is sent. A
shutdownMicroprocess goes to the component that runs, which is the last one then, and
is sent on; other messages to control are discarded.
"""

from collections.abc import Iterator
from typing import Any

from Axon.ComponentCheck import checkComponents
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent

__all__ = ["Seq"]


class Seq(parent):
    """Seq(*sequence) -> runs these components in turn, and prints each text among them.

    Raises wiringError for anything that is neither a component nor a text.
    """

    Inboxes = {"inbox": "goes to the component that runs", "control": "shutdownMicroprocess"}
    Outboxes = {"outbox": "comes from the component that runs", "signal": "the end of the Seq"}

    def __init__(self, *sequence: Any) -> None:
        super().__init__()
        self.sequence = list(sequence)
        checkComponents(
            type(self).__name__, [each for each in sequence if not isinstance(each, str)]
        )

    def main(self) -> Iterator[int]:
        for each in self.sequence:
            if isinstance(each, str):
                print(each)  # noqa: T201 - that is what the text is for
                continue
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
        """Pass on the shutdownMicroprocess in "control", and return it if there is one."""
        last = None
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                running.deliver(message, "control")
                last = message
        return last


__kamaelia_components__ = (Seq,)
