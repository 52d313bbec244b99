"""A component that describes the components of its scheduler and their linkages, as text.

Example usage
-------------
    Pipeline(Introspector(), TCPClient("127.0.0.1", 1600)).activate()   # to an AxonVisualiser

How does it work?
-----------------
The scheduler and the boxes notify it of activations, ends and linkages (Axon.Observer); between
these it sleeps. It sends one text for each turn in which something is new or gone, with a command
on each line:

    DEL ALL                                         once, at the start
    DEL LINK "from" "to"                            from and to are identities
    DEL NODE "identity"
    ADD NODE "identity" "name" randompos component  or inbox, or outbox
    ADD LINK "from" "to"                            also from a component to each of its boxes

A component's identity is its id. A box's identity is the text of (id, "i" or "o", name). A
component that ends before the Introspector has had a turn is described too, up to LIMIT of them
while nothing can be sent. Axon.Introspection.snapshot gives the same information and more, as data.

Termination: when it receives a shutdownMicroprocess, which it passes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from typing import Any, ClassVar

from Axon.Box import addObserver, removeObserver
from Axon.Component import component
from Axon.Introspection import jointsOf
from Axon.IntrospectorText import Box, Ends, Picture, endsOf
from Axon.Ipc import shutdownMicroprocess
from Axon.Observer import Observer

LIMIT = 10_000  # changes, and texts, that wait to be sent

Topology = tuple[dict[Any, None], list[Box], dict[tuple[Box, Box], None]]


class Introspector(component):
    """A component that describes the running components and their linkages."""

    Inboxes: ClassVar[Any] = {"inbox": "not used", "control": "shutdownMicroprocess: stop"}
    Outboxes: ClassVar[Any] = {
        "outbox": 'text: one command on each line, first "DEL ALL"',
        "signal": "the shutdownMicroprocess from control",
    }

    # by linkage.passthrough: which kind of box is at the source and at the sink
    srcBoxType: ClassVar[dict[int, str]] = {0: "o", 1: "i", 2: "o"}
    dstBoxType: ClassVar[dict[int, str]] = {0: "i", 1: "i", 2: "o"}

    def __init__(self) -> None:
        super().__init__()

    def main(self) -> Generator[int, None, None]:
        self.send("DEL ALL\n")
        recorder = _Recorder(self)
        self.scheduler.addObserver(recorder)
        addObserver(recorder)
        try:
            while not self._isStopRequested():
                for text in recorder.texts():
                    self.send(text)
                yield from self.waitForChange()
        finally:
            removeObserver(recorder)
            self.scheduler.removeObserver(recorder)

    def _isStopRequested(self) -> bool:
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                self.send(message, "signal")
                return True
        for _ in self.Inbox("inbox"):
            """Discard the message: the inbox is not used."""
        return False

    def introspect(self) -> Topology:
        """Return the components (keys of a dict), their boxes, and the linkages (keys of a dict).

        A box is (component id, "i" or "o", name), a linkage (box, box). Linked components that
        are not active are included.
        """
        members = [each for each in self.scheduler.listAllThreads() if isinstance(each, component)]
        found = dict.fromkeys(members)
        linkages: dict[tuple[Box, Box], None] = {}
        for each in members:
            for start, source, end, sink in (endsOf(*joint) for joint in jointsOf(each)):
                linkages[source, sink] = found[start] = found[end] = None
        boxes = [
            (each.id, letter, name)
            for each in found
            for letter, names in (("i", each.inboxes), ("o", each.outboxes))
            for name in names
        ]
        return found, boxes, linkages


class _Recorder(Observer):
    """A record of changes, which wakes the Introspector and creates the texts to send.

    Changes may come from any thread; deques are safe for that.
    """

    def __init__(self, introspector: Introspector) -> None:
        self._introspector = introspector
        self._scheduler = introspector.scheduler
        self._picture = Picture(self._isActive)
        self._changed: deque[Any] = deque()
        self._joints: deque[Ends] = deque()
        self._finished: deque[str] = deque()  # texts about components that have ended since
        self._isComplete = False  # whether the changes noted are all since the last text

    def _isActive(self, process: Any) -> bool:
        return process.getTask() in self._scheduler.tasks

    def texts(self) -> Iterator[str]:
        """Yield the texts that are not empty, and note that they have been given."""
        while self._finished:
            yield self._finished.popleft()
        text = self._update()
        if text:
            yield text

    def _update(self) -> str:
        if not self._isComplete:
            self._isComplete = True
            self._changed.clear()
            self._joints.clear()
            return self._picture.catchUp(self._scheduler.listAllThreads())
        return self._picture.update(_taken(self._changed), _taken(self._joints))

    def activated(self, process: Any) -> None:
        self._note(self._changed, process)

    boxesChanged = activated

    def ending(self, process: Any) -> None:
        if isinstance(process, component):
            self._changed.append(process)
            if not self._picture.has(process) and len(self._finished) < LIMIT:
                self._finished.append(self._update())
            self._note(self._changed, process)

    def linked(self, source: Any, sink: Any) -> None:
        if source.component is not None and sink.component is not None:
            self._note(self._joints, endsOf(source, sink))

    unlinked = linked

    def _note(self, changes: deque[Any], change: Any) -> None:
        changes.append(change)
        if len(changes) > LIMIT:  # the Introspector is held: it looks at everything when it goes on
            self._isComplete = False
            self._changed.clear()
            self._joints.clear()
        self._introspector.unpause()


def _taken(changes: deque[Any]) -> list[Any]:
    """Remove and return the changes that have been noted."""
    return [changes.popleft() for _ in range(len(changes))]


__kamaelia_components__ = (Introspector,)
