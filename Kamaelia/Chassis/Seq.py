"""A chassis of components that run one after another, behind one pair of boxes.

Example usage
-------------
    Pipeline(Seq("Greeting", OneShot("hello "), OneShot("world\\n")), ConsoleEchoer()).run()

How does it work?
-----------------
The running component has the inbox and the outbox of the Seq. Messages to its signal are
discarded, as the other components have not ended. What a component has not read from its inbox goes
to the next one. A text among the components is printed when its turn comes.

Termination: when the last component has ended; producerFinished is sent then. A
shutdownMicroprocess goes to the running component, no other component runs after it, and the
message is passed on. Other messages to control are discarded.
"""

from collections.abc import Iterator
from typing import Any

from Axon.ComponentCheck import checkComponents
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent

__all__ = ["Seq"]


class Seq(parent):
    """Seq(*sequence): runs components one after another, and prints the texts among them.

    Raises wiringError if an argument is neither a component nor a text.
    """

    Inboxes = {
        "inbox": "any message, for the running component",
        "control": "shutdownMicroprocess: end after the running component",
    }
    Outboxes = {
        "outbox": "the messages from the running component",
        "signal": "producerFinished at the end, or the shutdownMicroprocess from control",
    }

    def __init__(self, *sequence: Any) -> None:
        super().__init__()
        self.sequence = list(sequence)
        checkComponents(
            type(self).__name__, [each for each in sequence if not isinstance(each, str)]
        )

    def main(self) -> Iterator[int]:
        for each in self.sequence:
            if isinstance(each, str):
                print(each)  # noqa: T201 - the text is there to be printed
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
            for message in each.Inbox():
                self.deliver(message)
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
