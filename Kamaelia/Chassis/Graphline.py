"""Components with any linkages between them, that are a component together.

Example usage
-------------
    Graphline(
        READER=ConsoleReader(),
        SPLIT=TwoWaySplitter(),
        SCREEN=ConsoleEchoer(),
        linkages={
            ("READER", "outbox"): ("SPLIT", "inbox"),
            ("SPLIT", "outbox"): ("SCREEN", "inbox"),
            ("SPLIT", "outbox2"): ("self", "copies"),
        },
    )

How does it work?
-----------------
A name that is none of the components', such as "self" or "", is the graphline:
its inboxes lead to those of components, their outboxes to its own. Boxes that
it is said to have, and has not, are made.

Where nothing is said of the graphline's control, each message to it goes to the
components to whose control nothing leads; where something is, that linkage has it.

Termination: when all its components have ended. Unless a linkage leads to its
signal, it then sends on the shutdownMicroprocess that came to its control, or
else a new producerFinished.
"""

from collections.abc import Container, Iterator, Mapping
from typing import Any

from Axon.AxonExceptions import wiringError
from Axon.Component import component
from Axon.ComponentCheck import checkComponents
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent

__all__ = ["Graphline", "component"]


class Graphline(parent):
    """Graphline(linkages[, capacity], **components) -> the components, joined by the linkages.

    linkages: {(name, box): (name, box), ...}; each name that of a component, or the graphline.
    capacity: a component is held while this many messages (1 or more) wait where it sends to.
    Raises wiringError when linkages are missing, or a class stands in a component's place.
    """

    Inboxes = {"inbox": "goes where a linkage says", "control": "goes where a linkage says"}
    Outboxes = {
        "outbox": "comes from where a linkage says",
        "signal": "what came to control, or producerFinished, at the end",
    }

    _shutdown: shutdownMicroprocess | None = None

    def __init__(
        self,
        linkages: Mapping[tuple[str, str], tuple[str, str]] | None = None,
        capacity: int | None = None,
        **components: Any,
    ) -> None:
        if linkages is None:
            raise wiringError("a Graphline needs linkages={(name, box): (name, box), ...}")
        checkComponents(type(self).__name__, components.values())
        self.layout = linkages
        self.capacity = capacity
        self.components = components
        self.addExternalPostboxes()
        super().__init__()

    def addExternalPostboxes(self) -> None:
        """Gives this graphline, not its class, the boxes that its linkages speak of."""
        inboxes, outboxes = _described(self.Inboxes), _described(self.Outboxes)
        for (source, sourcebox), (sink, sinkbox) in self.layout.items():
            if (source in self.components) is (sink in self.components):
                continue  # both inside: no new box; both outside: an outbox to an inbox
            if source not in self.components:
                inside = _described(self.components[sink].Inboxes)
                inboxes.setdefault(sourcebox, inside.get(sinkbox, ""))
            else:
                inside = _described(self.components[source].Outboxes)
                outboxes.setdefault(sinkbox, inside.get(sourcebox, ""))
        self.Inboxes, self.Outboxes = inboxes, outboxes  # type: ignore[misc]

    def main(self) -> Iterator[int]:
        self._wire(self.components)
        self.adopt(*self.components.values())
        isControlLinked = any(self._isOwn(name, box, "control") for name, box in self.layout)
        while True:
            for message in () if isControlLinked else self.Inbox("control"):
                self._tell(message)
            if self.childrenDone():
                break
            yield from self.waitForChange()
        if not any(self._isOwn(name, box, "signal") for name, box in self.layout.values()):
            self.send(self._shutdown or producerFinished(self), "signal")

    def _isOwn(self, name: str, box: str, boxname: str) -> bool:
        return name not in self.components and box == boxname

    def _wire(self, names: Container[str]) -> None:
        """Makes those linkages at whose one end, or both, stands one of these components."""
        for (source, sourcebox), (sink, sinkbox) in self.layout.items():
            isInward, isOutward = source not in self.components, sink not in self.components
            if source in names or sink in names or (isInward and isOutward):
                isInner = not (isInward or isOutward) and sinkbox != "control"
                self.link(
                    (self.components.get(source, self), sourcebox),
                    (self.components.get(sink, self), sinkbox),
                    passthrough=0 if isInward is isOutward else 1 if isInward else 2,
                    capacity=self.capacity if isInner else None,
                )

    def _tell(self, message: Any) -> None:
        """A message came to a control that is not linked."""
        if isinstance(message, shutdownMicroprocess):
            self._shutdown = message
        for name, each in self.components.items():
            if self._isListener(name):
                each._deliver(message, "control")

    def _isListener(self, name: str) -> bool:
        return (name, "control") not in self.layout.values()


def _described(boxes: Any) -> dict[str, str]:
    return dict(boxes) if isinstance(boxes, Mapping) else dict.fromkeys(boxes, "")
