"""The picture that an Introspector describes, and the lines of text that update it.

How does it work?
-----------------
A picture has a node for each component that is active, or linked to one that is, and for each
of its boxes, and a link for each linkage. Linkages are read from the boxes; see
Axon.Introspection. update() examines only what may have changed, so its cost does not depend on
the number of other components.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Introspection import jointsOf

Box = tuple[int, str, str]  # the component's id, "i" or "o", the name of the box
Ends = tuple[Any, Box, Any, Box]  # of a linkage: the source's component and box, the sink's


class Picture:
    """What has been described so far. isActive: returns whether a microprocess is active."""

    def __init__(self, isActive: Callable[[Any], bool]) -> None:
        self._isActive = isActive
        self._nodes: dict[int, dict[str, str]] = {}  # by component: each node, and its attributes
        self._links: dict[str, None] = {}

    def update(self, changed: Iterable[Any], joints: Iterable[Ends] = ()) -> str:
        """Return the lines for all that is new or gone, "" if there is nothing.

        changed: components that have been activated or have ended, or whose boxes have changed.
        joints: linkages that have been made or removed.
        """
        components = dict.fromkeys(each for each in changed if isinstance(each, component))
        allJoints = dict.fromkeys(joints)
        for each in components:
            allJoints.update(dict.fromkeys(endsOf(*joint) for joint in jointsOf(each)))
        for start, _, end, _ in allJoints:
            components[start] = components[end] = None
        return self._replace(
            {each.id: self._nodesOf(each) for each in components},
            {_linkText(ends): self._isShown(ends) for ends in allJoints},
        )

    def catchUp(self, active: Iterable[Any]) -> str:
        """Return the lines that lead from this picture to that of the `active` components."""
        fresh = Picture(self._isActive)
        fresh.update(active)
        return self._replace(
            {key: {} for key in self._nodes} | fresh._nodes,
            dict.fromkeys(self._links, False) | dict.fromkeys(fresh._links, True),
        )

    def has(self, process: Any) -> bool:
        """Return whether the component has been described."""
        return process.id in self._nodes

    def _nodesOf(self, each: Any) -> dict[str, str]:
        isShown = self._isActive(each) or any(
            self._isActive(end)
            for source, sink in jointsOf(each)
            for end in (source.component, sink.component)
        )
        return dict(_nodeTexts(each)) if isShown else {}

    def _isShown(self, ends: Ends) -> bool:
        start, source, end, sink = ends
        return (self._isActive(start) or self._isActive(end)) and any(
            endsOf(*joint)[1::2] == (source, sink) for joint in jointsOf(start)
        )

    def _replace(self, nodes: dict[int, dict[str, str]], links: dict[str, bool]) -> str:
        """Replace the nodes of these components, and add or remove these links."""
        before: dict[str, str] = {}
        after: dict[str, str] = {}
        allLinks = dict(links)
        for number, texts in nodes.items():
            known = self._nodes.pop(number, {})
            before |= known
            after |= texts
            if texts:
                self._nodes[number] = texts
            for node in known | texts:
                if node != f'"{number}"':
                    allLinks[f'"{number}" {node}'] = node in texts
        text = "".join(_changes(before, after, self._links, allLinks))
        for link, isThere in allLinks.items():
            if isThere:
                self._links[link] = None
            else:
                self._links.pop(link, None)
        return text


def endsOf(source: Any, sink: Any) -> Ends:
    """Return the ends of the linkage from the box `source` to the box `sink`."""
    start, end = source.component, sink.component
    return start, _boxOf(start, source), end, _boxOf(end, sink)


def _boxOf(owner: Any, box: Any) -> Box:
    return owner.id, "i" if box.isInbox else "o", box.boxname


def _nodeTexts(each: Any) -> Iterator[tuple[str, str]]:
    yield f'"{each.id}"', f'"{each.name}" randompos component'
    for boxes, letter, kind in ((each.inboxes, "i", "inbox"), (each.outboxes, "o", "outbox")):
        for name in boxes:
            yield f'"{(each.id, letter, name)}"', f'"{name}" randompos {kind}'


def _linkText(ends: Ends) -> str:
    return f'"{ends[1]}" "{ends[3]}"'


def _changes(
    before: dict[str, str],
    after: dict[str, str],
    linksBefore: dict[str, None],
    links: dict[str, bool],
) -> Iterator[str]:
    """Yield a line for each change: links deleted, nodes deleted, nodes added, links added."""
    for link, isThere in links.items():
        if not isThere and link in linksBefore:
            yield f"DEL LINK {link}\n"
    for node in before:
        if node not in after:
            yield f"DEL NODE {node}\n"
    for node, attributes in after.items():
        if node not in before:
            yield f"ADD NODE {node} {attributes}\n"
    for link, isThere in links.items():
        if isThere and link not in linksBefore:
            yield f"ADD LINK {link}\n"
