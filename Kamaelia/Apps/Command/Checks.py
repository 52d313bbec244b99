"""The mistakes in a plan: boxes that do not exist, parts and boxes that lead nowhere.

Example usage
-------------
    for finding in checked(planOf(system)):
        print(finding.severity, finding.text)

How does it work?
-----------------
Each check is a function from a plan to its findings. Warnings are about the program's own classes:
a component of the library may be used without all its boxes. A box that a class has only inherited,
as most have "control", is no reason for a warning either, and neither is one whose sentence begins
with "not used". The boxes of the system itself lead out of it, so its user may feed them, and
those of a server's handler lead to its client.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from Axon.AxonExceptions import noSuchBox
from Axon.Spelling import nearMiss
from Axon.ThreadedComponent import threadedcomponent
from Kamaelia.Apps.Command.Plan import Part, Plan
from Kamaelia.Net.RemoteIn import RemoteIn
from Kamaelia.Net.Routes import RouteIn

ERROR, WARNING = "error", "warning"
UNUSED = ("not used", "nothing")
LIBRARY = frozenset({"Axon", "Kamaelia"})
ENDS = frozenset({"signal", "control"})

BoxKey = tuple[int, str, bool]


@dataclass(frozen=True)
class Finding:
    """A mistake. severity: ERROR or WARNING."""

    severity: str
    text: str


def checked(plan: Plan) -> list[Finding]:
    """Return all findings, errors first."""
    found = [finding for check in CHECKS for finding in check(plan)]
    return sorted(dict.fromkeys(found), key=lambda finding: finding.severity != ERROR)


def unknownBoxes(plan: Plan) -> Iterator[Finding]:
    """Find linkages from or to a box that does not exist, or of the other direction."""
    for chassis, (source, sink, options) in plan.linkages:
        passed = options.get("passthrough", 0)
        for (component, boxname), isInbox in ((source, passed == 1), (sink, passed != 2)):
            inboxes, outboxes = component.Inboxes, component.Outboxes
            boxes, opposite = (inboxes, outboxes) if isInbox else (outboxes, inboxes)
            if boxname not in boxes:
                direction = "inbox" if isInbox else "outbox"
                path = plan.pathOf(component)
                fault = noSuchBox(path, boxname, direction, boxes, opposite)
                yield Finding(ERROR, f"{fault} (a linkage of {plan.pathOf(chassis)})")


def bodiesWithoutTurns(plan: Plan) -> Iterator[Finding]:
    """Find a main() that is neither a generator nor async: usually its `yield` is missing."""
    for part in plan.parts:
        main = getattr(type(part.component), "main", None)
        isOwn = inspect.isfunction(main) and main.__module__.partition(".")[0] not in LIBRARY
        if not isOwn or isinstance(part.component, threadedcomponent):
            continue
        if inspect.isasyncgenfunction(main):
            yield Finding(ERROR, f"the async main of {part.path} contains a yield: write await")
        elif not (inspect.isgeneratorfunction(main) or _isAsyncOrReturns(main)):
            yield Finding(
                ERROR,
                f"the main method of {part.path} has no yield: a generator function ends each"
                " turn with one, and an async function has none",
            )


def wrongCapacities(plan: Plan) -> Iterator[Finding]:
    """Find capacities that raise an error when the linkages are made."""
    for chassis, (_, _, options) in plan.linkages:
        capacity = options.get("capacity")
        if capacity is not None and not (isinstance(capacity, int) and capacity >= 1):
            yield Finding(
                ERROR,
                f"the capacity of a linkage of {plan.pathOf(chassis)} is {capacity!r}:"
                " it is a number of messages, at least 1",
            )


def misnamedBoxes(plan: Plan) -> Iterator[Finding]:
    """Find boxes that a chassis has only because a linkage names them, and that look misspelt."""
    for chassis, (source, sink, _) in plan.linkages:
        for (owner, name), isInbox in ((source, True), (sink, False)):
            if owner is not chassis:
                continue
            kind = type(chassis)
            own, other = kind.Inboxes, kind.Outboxes
            if not isInbox:
                own, other = other, own
            direction = "inbox" if isInbox else "outbox"
            meant = name if name not in own and name in other else nearMiss(name, own)
            if meant is not None:
                hint = "which has the other direction" if meant == name else f"not {meant!r}"
                yield Finding(
                    WARNING, f"{plan.pathOf(chassis)} has an {direction} {name!r}, {hint}"
                )


def sharedOutboxes(plan: Plan) -> Iterator[Finding]:
    """Find boxes at which two linkages start: the second one cannot be made."""
    starts: dict[BoxKey, list[tuple[Any, str]]] = defaultdict(list)
    for _, (source, sink, options) in plan.linkages:
        starts[id(source[0]), source[1], options.get("passthrough", 0) == 1].append(sink)
    for chassis, (source, _, options) in plan.linkages:
        sinks = starts.pop((id(source[0]), source[1], options.get("passthrough", 0) == 1), [])
        if len(sinks) > 1:
            ends = " and ".join(f"{plan.pathOf(each)}'s {box!r}" for each, box in sinks)
            yield Finding(
                ERROR,
                f"{plan.pathOf(source[0])}'s {source[1]!r} leads to {ends}; a box feeds one other:"
                f" use a splitter (a linkage of {plan.pathOf(chassis)})",
            )


def unlinkedParts(plan: Plan) -> Iterator[Finding]:
    """Find parts of a chassis that no linkage mentions."""
    linked = {id(end[0]) for _, (*ends, _) in plan.linkages for end in ends}
    for part in plan.parts:
        makesLinkages = any(chassis is part.chassis for chassis, _ in plan.linkages)
        if part.chassis is not None and makesLinkages and id(part.component) not in linked:
            yield Finding(ERROR, f"no linkage leads from or to {part.path}")


def unfedInboxes(plan: Plan) -> Iterator[Finding]:
    """Find inboxes that a class declares and no linkage feeds."""
    fed = _reached(plan)
    for part in _leaves(plan):
        for name in _ownBoxes(part.component, "Inboxes"):
            if name not in ENDS and (id(part.component), name, True) not in fed:
                yield Finding(WARNING, f"nothing feeds the inbox {name!r} of {part.path}")


def unusedOutboxes(plan: Plan) -> Iterator[Finding]:
    """Find outboxes of data that a class declares and that lead nowhere."""
    used = _used(plan)
    for part in _leaves(plan):
        for name in _ownBoxes(part.component, "Outboxes"):
            if name not in ENDS and (id(part.component), name, False) not in used:
                yield Finding(WARNING, f"the outbox {name!r} of {part.path} leads nowhere")


def boundedCycles(plan: Plan) -> Iterator[Finding]:
    """Find cycles in which each linkage has a capacity: all components in one may wait forever."""
    after: dict[int, set[int]] = defaultdict(set)
    for start, end in _flows(plan):
        after[start].add(end)
    names = {id(part.component): part.path for part in plan.parts}
    for cycle in _cycles(after):
        members = ", ".join(sorted(names[each] for each in cycle))
        yield Finding(
            WARNING,
            f"{members} feed each other, and every linkage has a capacity: if all inboxes are full,"
            " none of them can go on",
        )


def linksWithoutConfirmation(plan: Plan) -> Iterator[Finding]:
    """Find a RemoteIn that feeds a component which passes the messages on, with nothing back.

    If the process is killed, what the components behind the first one have in hand is lost.
    """
    after = _feeds(plan)
    names = {id(part.component): part.path for part in plan.parts}
    for part in plan.parts:
        link = part.component
        if not isinstance(link, RemoteIn) or isinstance(link, RouteIn):
            continue
        for fed in after[id(link)]:
            reached = _reachOf(fed, after)
            if reached and id(link) not in reached:
                yield Finding(
                    WARNING,
                    f"{part.path} feeds {names[fed]}, which passes messages on, and nothing leads"
                    f" back to the inbox of {part.path}: a killed process loses what the later"
                    " components have; link the last one back, one message for each that is done",
                )


CHECKS = (
    bodiesWithoutTurns,
    unknownBoxes,
    wrongCapacities,
    misnamedBoxes,
    sharedOutboxes,
    unlinkedParts,
    unfedInboxes,
    unusedOutboxes,
    boundedCycles,
    linksWithoutConfirmation,
)


def _leaves(plan: Plan) -> Iterator[Part]:
    """Yield the program's own components that have no parts and are in a chassis."""
    for part in plan.parts:
        package = type(part.component).__module__.partition(".")[0]
        if not part.isRoot and not part.isChassis and package not in LIBRARY:
            yield part


def _isAsyncOrReturns(function: Any) -> bool:
    """Return whether a function is async, or returns a value, such as the generator of another.

    True if that is not known, because there is no source.
    """
    if inspect.iscoroutinefunction(function):
        return True
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return True
    returns = [each.value for each in ast.walk(tree) if isinstance(each, ast.Return)]
    return any(value is not None for value in returns)


def _ownBoxes(component: Any, attribute: str) -> list[str]:
    """Return the boxes in use that the component's class declares itself."""
    own = vars(type(component)).get(attribute, ())
    if not isinstance(own, Mapping):
        return list(own)
    return [name for name, sentence in own.items() if not str(sentence).startswith(UNUSED)]


def _reached(plan: Plan) -> set[BoxKey]:
    """Return the boxes that messages may reach: from outboxes, and from outside the system."""
    targets = plan.targets()
    roots = [part.component for part in plan.parts if part.isRoot]
    pending = [(id(each), name, True) for each in roots for name in each.Inboxes]
    pending += [end for start, ends in targets.items() if not start[2] for end in ends]
    return _closure(pending, targets)


def _used(plan: Plan) -> set[BoxKey]:
    """Return the boxes from which messages come to an inbox, or out of the system."""
    sources: dict[BoxKey, list[BoxKey]] = defaultdict(list)
    for start, ends in plan.targets().items():
        for end in ends:
            sources[end].append(start)
    roots = [part.component for part in plan.parts if part.isRoot]
    pending = [(id(each), name, False) for each in roots for name in each.Outboxes]
    pending += [start for end, starts in sources.items() if end[2] for start in starts]
    return _closure(pending, sources)


def _closure(pending: list[BoxKey], following: Mapping[BoxKey, Iterable[BoxKey]]) -> set[BoxKey]:
    found: set[BoxKey] = set()
    while pending:
        box = pending.pop()
        if box not in found:
            found.add(box)
            pending += following.get(box, ())
    return found


def _flows(plan: Plan) -> Iterator[tuple[int, int]]:
    """Yield pairs of components without parts, of which the first feeds the second with a capacity.

    Boxes of chassis between them are followed.
    """
    targets = plan.targets()
    chassis = {id(part.component) for part in plan.parts if part.isChassis}
    bounded = {
        (id(source[0]), source[1])
        for _, (source, _, options) in plan.linkages
        if options.get("capacity") is not None
    }
    for start in list(targets):
        if start[0] in chassis or start[2]:
            continue
        pending = [(start, (start[0], start[1]) in bounded)]
        seen = set()
        while pending:
            box, isBounded = pending.pop()
            if box in seen:
                continue
            seen.add(box)
            if box != start and box[0] not in chassis:
                if isBounded:
                    yield start[0], box[0]
                continue
            isBounded = isBounded or (box[0], box[1]) in bounded
            pending += [(end, isBounded) for end in targets.get(box, ())]


def _feeds(plan: Plan) -> dict[int, set[int]]:
    """Return the components to whose inboxes (not "control") each component without parts leads."""
    targets = plan.targets()
    chassis = {id(part.component) for part in plan.parts if part.isChassis}
    found: dict[int, set[int]] = defaultdict(set)
    for start in targets:
        if start[0] not in chassis and not start[2] and start[1] not in ENDS:
            ends = _closure(list(targets[start]), targets)
            found[start[0]] |= {
                end[0] for end in ends if end[2] and end[0] not in chassis and end[1] not in ENDS
            }
    return found


def _cycles(after: Mapping[int, set[int]]) -> Iterator[set[int]]:
    """Yield the sets of nodes that lie on a common cycle."""
    reach = {start: _reachOf(start, after) for start in after}
    done: set[int] = set()
    for start in after:
        if start in reach[start] and start not in done:
            cycle = {each for each in reach[start] if start in reach.get(each, ())}
            done |= cycle
            yield cycle


def _reachOf(start: int, after: Mapping[int, set[int]]) -> set[int]:
    found: set[int] = set()
    pending = list(after.get(start, ()))
    while pending:
        each = pending.pop()
        if each not in found:
            found.add(each)
            pending += after.get(each, ())
    return found
