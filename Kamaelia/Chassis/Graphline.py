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
"self" and "" mean the graphline, and so does any other name that is not a part's:
linkages from its inboxes lead inwards, those to its outboxes lead outwards. Boxes
that it is said to have, and does not have, are created. A name that is nearly a
part's name is an error.

If no linkage starts at the graphline's control, each message to it goes to every part
to whose control no linkage leads. Otherwise that linkage has it.

Termination: when all its parts have ended. If no linkage leads to its signal, it then
sends on the shutdownMicroprocess that came to its control, or else a new
producerFinished.
"""

from collections.abc import Container, Iterator, Mapping
from typing import Any

from Axon.Component import component
from Axon.ComponentCheck import checkComponents, checkLinkages
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent

__all__ = ["Graphline", "component"]


class Graphline(parent):
    """Graphline(linkages[, capacity], **components) -> the components, joined by the linkages.

    linkages: {(name, box): (name, box), ...}; each name that of a component, or the graphline.
    capacity: a component is held while this many messages (1 or more) wait where it sends to.
    Raises wiringError if the linkages are missing or malformed, if a name in them is a near
    miss of a component's name, or if a class stands in a component's place.
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
        kind = type(self).__name__
        checkComponents(kind, components.values())
        checkLinkages(kind, linkages, components)
        assert linkages is not None
        self.layout = linkages
        self.capacity = capacity
        self.components = components
        self._controlled = {name for name, box in linkages.values() if box == "control"}
        self.addExternalPostboxes()
        super().__init__()

    def addExternalPostboxes(self) -> None:
        """Give this graphline, not its class, the boxes that its linkages name."""
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
        self.makeLinkages(self.components)
        self.adopt(*self.components.values())
        inward = {
            box for (name, box), (sink, _) in self.layout.items() if self._isInward(name, sink)
        }
        while True:
            for message in () if "control" in inward else self.Inbox("control"):
                self.passOnControl(message)
            if self.childrenDone():
                break
            self.discardUnread(*inward)  # what leads to a part that has ended
            yield from self.waitForChange()
        if not any(self._isOwn(name, box, "signal") for name, box in self.layout.values()):
            self.send(self._shutdown or producerFinished(self), "signal")

    def _isInward(self, source: str, sink: str) -> bool:
        return source not in self.components and sink in self.components

    def _isOwn(self, name: str, box: str, boxname: str) -> bool:
        return name not in self.components and box == boxname

    def makeLinkages(self, names: Container[str]) -> None:
        """Make the linkages that start or end at one of these components."""
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

    def passOnControl(self, message: Any) -> None:
        """Pass on a message that came to a control that is not linked."""
        if isinstance(message, shutdownMicroprocess):
            self._shutdown = message
        for name, each in self.components.items():
            if self.receivesControl(name) and not each.isStopped():
                each.deliver(message, "control")

    def receivesControl(self, name: str) -> bool:
        """Return whether no linkage leads to the control of this component."""
        return name not in self._controlled


def _described(boxes: Any) -> dict[str, str]:
    return dict(boxes) if isinstance(boxes, Mapping) else dict.fromkeys(boxes, "")


__kamaelia_components__ = (Graphline,)
