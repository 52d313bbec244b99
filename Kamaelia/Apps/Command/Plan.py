"""The components and linkages of a system that does not run yet.

Example usage
-------------
    plan = planOf(system)
    [part.path for part in plan.parts]          # "Graphline", "Graphline.READER", ...

How does it work?
-----------------
A chassis says what it has and links when it starts (Kamaelia.Util.Parent), and a server what it
creates for each client (Kamaelia.Chassis.ServerPlan). A box of a chassis only
passes messages on, so a feed of one is followed to the boxes of components that have no parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from Kamaelia.Util.Parent import PlannedLinkage, hasPlan, parent

End = tuple[Any, str]  # a component, and the name of a box


@dataclass(frozen=True)
class Part:
    """A component of a plan. path: its name within each chassis around it."""

    component: Any
    path: str
    chassis: Any = None

    @property
    def isChassis(self) -> bool:
        """Whether it has parts."""
        return isinstance(self.component, parent) and bool(self.component.plannedParts())

    @property
    def isRoot(self) -> bool:
        """Whether it is a system of its own: the whole, or the handler of a server."""
        return not isinstance(self.chassis, parent)


@dataclass
class Plan:
    """All parts, chassis before their parts, and the linkages, each with its chassis."""

    parts: list[Part] = field(default_factory=list)
    linkages: list[tuple[Any, PlannedLinkage]] = field(default_factory=list)

    def pathOf(self, component: Any) -> str:
        """Return the path of a component, or its class if it is not in the plan."""
        for part in self.parts:
            if part.component is component:
                return part.path
        return type(component).__name__

    def targets(self) -> dict[tuple[int, str, bool], list[tuple[int, str, bool]]]:
        """Return where each box leads, by (id of the component, box, whether it is an inbox)."""
        found = defaultdict(list)
        for _, (source, sink, options) in self.linkages:
            passed = options.get("passthrough", 0)
            start = id(source[0]), source[1], passed == 1
            found[start].append((id(sink[0]), sink[1], passed != 2))
        return found


def planOf(system: Any) -> Plan:
    """Return the plan of a system and everything in it."""
    plan = Plan()
    _add(plan, system, type(system).__name__, None)
    return plan


def _add(plan: Plan, system: Any, path: str, chassis: Any) -> None:
    plan.parts.append(Part(system, path, chassis))
    if not hasPlan(system):
        return
    if isinstance(system, parent):
        plan.linkages += [(system, linkage) for linkage in system.plannedLinkages()]
    for name, each in _namedParts(system):
        _add(plan, each, f"{path}.{name}", system)


def _namedParts(system: Any) -> Iterator[tuple[str, Any]]:
    for name, each in system.plannedParts().items():
        kind = type(each).__name__
        yield (f"{kind} {name}" if name.isdigit() else name), each
