"""A chassis of named components with any linkages between them.

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
"self", "" and any other name that no component has mean the graphline: linkages from its inboxes
lead inwards, linkages to its outboxes lead outwards. Boxes that are named there and do not exist
are created. A name that is nearly that of a component is an error. If no linkage starts at its
"control", each message there goes to every component whose control no linkage feeds.

Termination: when all components have ended. If no linkage leads to its "signal", it sends the
shutdownMicroprocess from its control, or else a new producerFinished.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from Axon.Component import component
from Axon.ComponentCheck import checkLinkages, checkNamedComponents
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import PlannedLinkage, parent

__all__ = ["Graphline", "component"]

Ends = tuple[tuple[str, str], tuple[str, str]]  # of a linkage: the source and the sink by name


class Graphline(parent):
    """Graphline(linkages[, capacity], **components): components and the linkages between them.

    linkages: {(name, box): (name, box), ...}; each name is that of a component or the graphline.
    capacity: the number of messages (1 or more) in an inbox at which its senders are held.
    Raises wiringError if the linkages are missing or malformed, if a name in them is nearly that
    of a component, or if a class is given instead of a component.
    """

    Inboxes = {
        "inbox": "any message, passed on through its linkage",
        "control": "any message, passed on through its linkage or to the components",
    }
    Outboxes = {
        "outbox": "the messages that a linkage leads here",
        "signal": "at the end, the shutdownMicroprocess from control, or producerFinished",
    }

    _shutdown: shutdownMicroprocess | None = None

    def __init__(
        self,
        linkages: Mapping[tuple[str, str], tuple[str, str]] | None = None,
        capacity: int | None = None,
        **components: Any,
    ) -> None:
        kind = type(self).__name__
        checkNamedComponents(kind, components)
        checkLinkages(kind, linkages, components)
        assert linkages is not None
        self.layout = linkages
        self.capacity = capacity
        self.components = components
        self._controlled = {name for name, box in linkages.values() if box == "control"}
        self.addExternalPostboxes()
        super().__init__()

    def addExternalPostboxes(self) -> None:
        """Create the boxes that the linkages name, for this graphline and not for its class."""
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
        self.makePlannedLinkages()
        self.adopt(*self.components.values())
        inward = {
            box for (name, box), (sink, _) in self.layout.items() if self._isInward(name, sink)
        }
        while True:
            for message in () if "control" in inward else self.Inbox("control"):
                self.passOnControl(message)
            if self.childrenDone():
                break
            self.discardUnread(*inward)  # messages for a component that has ended
            yield from self.waitForChange()
        if not any(self._isOwn(name, box, "signal") for name, box in self.layout.values()):
            self.send(self._shutdown or producerFinished(self), "signal")

    def _isInward(self, source: str, sink: str) -> bool:
        return source not in self.components and sink in self.components

    def _isOwn(self, name: str, box: str, boxname: str) -> bool:
        return name not in self.components and box == boxname

    def plannedParts(self) -> Mapping[str, Any]:
        return self.components

    def plannedLinkages(self) -> Iterator[PlannedLinkage]:
        return self.plannedFor(self.layout.items())

    def plannedFor(self, layout: Iterable[Ends]) -> Iterator[PlannedLinkage]:
        """Yield the linkages between these places, each a source and a sink."""
        for (source, sourcebox), (sink, sinkbox) in layout:
            isInward, isOutward = source not in self.components, sink not in self.components
            isInner = not (isInward or isOutward) and sinkbox != "control"
            yield (
                (self.components.get(source, self), sourcebox),
                (self.components.get(sink, self), sinkbox),
                {
                    "passthrough": 0 if isInward is isOutward else 1 if isInward else 2,
                    "capacity": self.capacity if isInner else None,
                },
            )

    def passOnControl(self, message: Any) -> None:
        """Pass a message from "control" on to the components whose control no linkage feeds."""
        if isinstance(message, shutdownMicroprocess):
            self._shutdown = message
        for name, each in self.components.items():
            if self.receivesControl(name) and not each.isStopped():
                each.deliver(message, "control")

    def receivesControl(self, name: str) -> bool:
        """Return whether no linkage leads to the control of the component `name`."""
        return name not in self._controlled


def _described(boxes: Any) -> dict[str, str]:
    return dict(boxes) if isinstance(boxes, Mapping) else dict.fromkeys(boxes, "")


__kamaelia_components__ = (Graphline,)
