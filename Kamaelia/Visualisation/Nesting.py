"""The nesting of a running system: which components are the parts of a chassis, and their names.

Example usage
-------------
    taken = snapshot(scheduler.run)
    components = {each.id: each for each in taken.components}
    partsByChassis(components, taken.linkages)      # {7: [8, 9]}

How does it work?
-----------------
A parent is a chassis if it has linked its boxes with those of a child, or has made a linkage
between two of its children. A parent that only talks with its child, as a connection with its
handler, is no chassis: the two belong side by side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from Axon.Introspection import ComponentSnapshot, LinkageSnapshot, Snapshot, snapshot
from Kamaelia.Util.Parent import parent


def labelsIn(processes: Iterable[Any]) -> dict[int, str]:
    """Return the names that chassis have given to their components, by id."""
    return {
        part.id: name
        for process in processes
        if isinstance(process, parent)
        for name, part in process.plannedParts().items()
        if not name.isdigit()
    }


def attendantsIn(scheduler: Any) -> set[int]:
    """Return the ids of the attendants of `scheduler` (Axon.Attendants)."""
    attendants = getattr(scheduler, "attendants", None)
    if not attendants:
        return set()
    return {each.id for each in scheduler.listAllThreads() if attendants.has(each.getTask())}


def systemSnapshot(scheduler: Any) -> Snapshot:
    """Return the snapshot of `scheduler` without the attendants, which only observe the system.

    Raises RuntimeError as snapshot() does.
    """
    whole, hidden = snapshot(scheduler), attendantsIn(scheduler)
    if not hidden:
        return whole
    return Snapshot(
        [each for each in whole.components if each.id not in hidden],
        [each for each in whole.linkages if not {each.source, each.sink} & hidden],
    )


def partsByChassis(
    components: Mapping[int, ComponentSnapshot], linkages: Iterable[LinkageSnapshot]
) -> dict[int, list[int]]:
    """Return the children of each component that is a chassis."""
    chassis = set(chassisIn(components, linkages))
    inside: dict[int, list[int]] = defaultdict(list)
    for each in components.values():
        if each.parent in chassis and not _isBelow(each.parent, each.id, components):
            inside[each.parent].append(each.id)
    return inside


def chassisIn(
    components: Mapping[int, ComponentSnapshot], linkages: Iterable[LinkageSnapshot]
) -> Iterator[int]:
    parents = {number: each.parent for number, each in components.items()}
    for each in linkages:
        source, sink = parents.get(each.source), parents.get(each.sink)
        isPassedOn = each.kind in ("inbox to inbox", "outbox to outbox")
        if isPassedOn and sink == each.source:
            yield each.source
        elif isPassedOn and source == each.sink:
            yield each.sink
        elif each.maker is not None and source == sink == each.maker:
            yield each.maker


def _isBelow(number: int, other: int, components: Mapping[int, ComponentSnapshot]) -> bool:
    """Return whether a component is below another one: programs may make parents circular."""
    seen = set()
    following: int | None = number
    while following is not None and following not in seen:
        if following == other:
            return True
        seen.add(following)
        each = components.get(following)
        following = None if each is None else each.parent
    return False
