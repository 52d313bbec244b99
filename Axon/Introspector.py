"""A component that says which components there are, and how they are linked, as text.

Example usage
-------------
    Pipeline(Introspector(), TCPClient("127.0.0.1", 1600)).activate()   # to an AxonVisualiser

How does it work?
-----------------
It asks its scheduler for all components, and these for their boxes and linkages,
and sends what is new and what is gone since it asked last, a command a line:

    DEL ALL                                         once, at the very beginning
    DEL LINK "from" "to"                            from and to are identities
    DEL NODE "identity"
    ADD NODE "identity" "name" randompos component  or inbox, or outbox
    ADD LINK "from" "to"                            also from a component to each of its boxes

A component's identity is its id, a box's the text of (id, "i" or "o", its name).
While others run it asks once a round, and else every `interval` seconds.

Termination: when it is sent a shutdownMicroprocess, which it passes on.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any, ClassVar

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess

Box = tuple[int, str, str]
Topology = tuple[dict[Any, None], list[Box], dict[tuple[Box, Box], None]]


class Introspector(component):
    """Introspector(**attributes) -> says which components there are, and how they are linked."""

    Inboxes: ClassVar[Any] = {
        "inbox": "not used",
        "control": "shutdownMicroprocess: no more is to be said",
    }
    Outboxes: ClassVar[Any] = {
        "outbox": 'text: one command a line, first "DEL ALL"',
        "signal": "the shutdownMicroprocess that came to control",
    }

    srcBoxType: ClassVar[dict[int, str]] = {0: "o", 1: "i", 2: "o"}  # by linkage.passthrough
    dstBoxType: ClassVar[dict[int, str]] = {0: "i", 1: "i", 2: "o"}

    interval: float = 0.1  # seconds

    def main(self) -> Generator[int, None, None]:
        self.send("DEL ALL\n")
        nodes: dict[str, str] = {}
        links: dict[str, None] = {}
        while not self._isToldToStop():
            before, linksBefore = nodes, links
            nodes, links = _describe(*self.introspect())
            text = "".join(_changes(before, nodes, linksBefore, links))
            if text:
                self.send(text)
            if not self.scheduler.queue:
                self.pause(self.interval)
            yield 1

    def _isToldToStop(self) -> bool:
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                self.send(message, "signal")
                return True
        self._discard()
        return False

    def _discard(self) -> None:
        for _ in self.Inbox("inbox"):
            pass

    def introspect(self) -> Topology:
        """The components (keys of a dict), their boxes as (id, "i" or "o", name), and the linkages,
        as keys of a dict: (from box, to box).
        """
        found: dict[Any, None] = {
            each: None for each in self.scheduler.listAllThreads() if isinstance(each, component)
        }
        linkages: dict[tuple[Box, Box], None] = {}
        for each in list(found):
            for link in each.postoffice.linkages:
                source = (link.source.id, self.srcBoxType[link.passthrough], link.sourcebox)
                sink = (link.sink.id, self.dstBoxType[link.passthrough], link.sinkbox)
                linkages[source, sink] = None
                found[link.source] = found[link.sink] = None  # they need not be active
        return found, [box for each in found for box in _boxesOf(each)], linkages


def _boxesOf(each: Any) -> Iterator[Box]:
    for name in each.inboxes:
        yield each.id, "i", name
    for name in each.outboxes:
        yield each.id, "o", name


def _describe(
    components: Iterable[Any], boxes: Iterable[Box], linkages: Iterable[tuple[Box, Box]]
) -> tuple[dict[str, str], dict[str, None]]:
    """What is said of each node, by identity, and the links, as text."""
    nodes = {f'"{each.id}"': f'"{each.name}" randompos component' for each in components}
    links: dict[str, None] = {}
    for box in boxes:
        kind = "inbox" if box[1] == "i" else "outbox"
        nodes[f'"{box}"'] = f'"{box[2]}" randompos {kind}'
        links[f'"{box[0]}" "{box}"'] = None
    for source, sink in linkages:
        links[f'"{source}" "{sink}"'] = None
    return nodes, links


def _changes(
    nodesBefore: dict[str, str],
    nodes: dict[str, str],
    linksBefore: dict[str, None],
    links: dict[str, None],
) -> Iterator[str]:
    """The commands that lead from one picture to the next."""
    for link in linksBefore:
        if link not in links:
            yield f"DEL LINK {link}\n"
    for node in nodesBefore:
        if node not in nodes:
            yield f"DEL NODE {node}\n"
    for node, words in nodes.items():
        if node not in nodesBefore:
            yield f"ADD NODE {node} {words}\n"
    for link in links:
        if link not in linksBefore:
            yield f"ADD LINK {link}\n"
