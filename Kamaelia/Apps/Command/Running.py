"""The state of a running program, as `kamaelia ps` and `kamaelia tree` show it.

Example usage
-------------
    state = stateAt("/run/user/1000/program.sock")      # see Kamaelia.Visualisation.InspectSocket
    print("\\n".join(shown(table, state)))

How does it work?
-----------------
The names come from the program, so that control characters in them are escaped. Only boxes in which
messages wait are shown.
"""

from __future__ import annotations

import json
import socket
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from Kamaelia.Apps.Command.Target import TargetError
from Kamaelia.Support.Counts import counted
from Kamaelia.Support.PrintableText import printable

PATIENCE = 5.0  # seconds
MOST_BYTES = 1 << 28

State = dict[str, Any]  # see Kamaelia.Visualisation.InspectSocket


class NotRunning(TargetError):
    """No program answers at the path."""


def stateAt(path: str) -> State:
    """Return the answer of the program that listens at `path`. Raises NotRunning."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(path)
            found = json.loads(b"".join(_received(sock)))
            return checkedState(found)
    except TimeoutError:
        raise NotRunning(f"the program at {path} does not answer: a component blocks it") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotRunning(
            f"no program can be inspected at {path}: {reason} (start it with"
            f" KAMAELIA_INSPECT={path})"
        ) from None
    except ValueError:  # also of a path that no socket can have
        raise NotRunning(f"what listens at {path} is no program with KAMAELIA_INSPECT") from None


def _received(sock: socket.socket) -> Iterator[bytes]:
    size = 0
    while data := sock.recv(1 << 16):
        size += len(data)
        if size > MOST_BYTES:
            raise ValueError("the answer is too large")
        yield data


def checkedState(found: Any) -> State:
    """Return `found` if it is an answer with components and labels. Raises ValueError."""
    if not isinstance(found, dict) or not {"components", "labels", "pid", "program"} <= set(found):
        raise ValueError("this is not the state of a program")
    return found


def shown(lines: Callable[[State], Iterable[str]], state: State) -> list[str]:
    """Return lines(state) without control characters. Raises NotRunning if the state has no sense.

    lines: table or tree. The state may come from any process that listens at the path.
    """
    try:
        return [printable(line) for line in lines(state)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotRunning(f"what listens is no program with KAMAELIA_INSPECT: {error!r}") from None


def table(state: State) -> Iterator[str]:
    """Yield the lines of a table of components, the deepest queue first."""
    components = state["components"]
    yield _heading(state)
    rows = [("DEPTH", "STATE", "COMPONENT", "")]
    nameOf = _namer(state)
    for each in sorted(components, key=deepest, reverse=True):
        row = str(deepest(each)), each["state"], nameOf(each["id"]), _details(each, nameOf)
        rows.append(row)
    yield from _columns(rows)


def tree(state: State) -> Iterator[str]:
    """Yield a line for each component, indented below its parent."""
    yield _heading(state)
    nameOf = _namer(state)
    ids = {each["id"] for each in state["components"]}
    children = defaultdict(list)
    for each in state["components"]:
        children[each["parent"] if each["parent"] in ids else None].append(each)
    done: set[int] = set()
    for root in [*children[None], *state["components"]]:  # a program may have circular parents
        pending = [(root, 0)]
        while pending:
            each, depth = pending.pop()
            if each["id"] in done:
                continue
            done.add(each["id"])
            details = _details(each, nameOf)
            line = f"{'  ' * depth}{nameOf(each['id'])}  {each['state']}"
            yield f"{line}  {details}" if details else line
            pending += [(child, depth + 1) for child in reversed(children[each["id"]])]


def deepest(each: dict[str, Any]) -> int:
    """Return the number of messages in the fullest inbox of a component."""
    return max((box["depth"] for box in each["inboxes"]), default=0)


def _heading(state: State) -> str:
    components = state["components"]
    held = sum(each["state"] == "held" for each in components)
    waiting = sum(box["depth"] for each in components for box in each["inboxes"])
    what = f"{printable(str(state['program']))} (process {state['pid']})"
    number = counted(len(components), "component")
    return f"{what}: {number}, {held} held, {counted(waiting, 'message waits', 'messages wait')}"


def _namer(state: State) -> Callable[[int], str]:
    """Return a function that returns the name of the component with a number."""
    labels = state["labels"]
    names = {each["id"]: str(each["name"]).rpartition(".")[2] for each in state["components"]}

    def nameOf(number: int) -> str:
        name, label = names.get(number, f"component {number}"), labels.get(str(number))
        return printable(f"{label} ({name})" if label else name)

    return nameOf


def _details(each: dict[str, Any], nameOf: Callable[[int], str]) -> str:
    """Return the boxes with messages, and what holds the component."""
    parts = [_box(box) for box in each["inboxes"] if box["depth"]]
    for gate in each["heldBy"]:
        box = f" {printable(gate['box'])}" if gate["box"] else ""
        parts.append(f"held by {nameOf(gate['component'])}{box}")
    if each["timeLeft"] is not None:
        parts.append(f"wakes in {each['timeLeft']:.1f} s")
    return ", ".join(parts)


def _box(box: dict[str, Any]) -> str:
    limit = box["capacity"] or box["size"]
    return f"{printable(box['name'])} {box['depth']}" + (f" of {limit}" if limit else "")


def _columns(rows: Iterable[tuple[str, str, str, str]]) -> Iterator[str]:
    rows = list(rows)
    depth, state, name = (max(len(row[column]) for row in rows) for column in range(3))
    for row in rows:
        line = f"{row[0]:>{depth}}  {row[1]:{state}}  {row[2]:{min(name, 60)}}  {row[3]}"
        yield line.rstrip()
