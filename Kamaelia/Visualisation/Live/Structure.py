"""The structure of a running system as plain data: its components with their boxes, its linkages.

Example usage
-------------
    structure = structureOf(snapshot(scheduler.run), labels={}, isHidden=lambda number: False)
    structure.components[7]["name"], structure.linkages["7 outbox"]

How does it work?
-----------------
A component is described by what stays the same while it runs; Axon.Introspection.Snapshot has the
rest. Each linkage has a key: the box at its start, which has no other one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from Axon.Introspection import ComponentSnapshot, LinkageSnapshot, Snapshot
from Kamaelia.Visualisation.Nesting import partsByChassis

LONGEST_NAME = 200  # characters

Description = dict[str, Any]


@dataclass(frozen=True)
class Structure:
    """components: descriptions by id, in order of activation. linkages: descriptions by key."""

    components: dict[int, Description] = field(default_factory=dict)
    linkages: dict[str, Description] = field(default_factory=dict)


def structureOf(
    taken: Snapshot, labels: Mapping[int, str], isHidden: Callable[[int], bool]
) -> Structure:
    """Return the structure in a snapshot, without the components that are hidden.

    labels: the names that chassis have given to their parts, by id.
    """
    components = {each.id: each for each in taken.components if not isHidden(each.id)}
    linkages = [
        each for each in taken.linkages if each.source in components and each.sink in components
    ]
    chassis = {
        part: number
        for number, parts in partsByChassis(components, linkages).items()
        for part in parts
    }
    return Structure(
        {
            number: _describe(each, labels.get(number, ""), chassis.get(number), components)
            for number, each in components.items()
        },
        {_keyOf(each): _describeLinkage(each) for each in linkages},
    )


def _describe(
    each: ComponentSnapshot,
    label: str,
    chassis: int | None,
    components: Mapping[int, ComponentSnapshot],
) -> Description:
    className = each.className.rpartition(".")[2]
    return {
        "id": each.id,
        "class": className[:LONGEST_NAME],
        "label": label[:LONGEST_NAME],
        "name": each.name[:LONGEST_NAME],
        "chassis": chassis,
        "parent": each.parent if each.parent in components else None,
        "inboxes": [[box.name, _limitOf(box.capacity, box.size)] for box in each.inboxes],
        "outboxes": list(each.outboxes),
    }


def _limitOf(*limits: int | None) -> int | None:
    return min((each for each in limits if each), default=None)


def _keyOf(each: LinkageSnapshot) -> str:
    return f"{each.source} {'<' if each.kind == 'inbox to inbox' else ''}{each.sourceBox}"


def _describeLinkage(each: LinkageSnapshot) -> Description:
    return {
        "key": _keyOf(each),
        "source": each.source,
        "sourceBox": each.sourceBox,
        "sink": each.sink,
        "sinkBox": each.sinkBox,
        "kind": each.kind,
    }
