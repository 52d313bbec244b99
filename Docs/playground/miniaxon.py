"""The picture of a system that runs on a core of the learner's own.

How does it work?
-----------------
After each class of the program, the classes `scheduler` and `postman` are given additions: each
turn of a microprocess has the pace of the page, and a postman is drawn as a linkage. Nothing else
is known about the core. What has been activated is read between two turns, as a Reading of the
live page (Kamaelia.Visualisation.Live.Reader).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Generator, Iterator
from functools import wraps
from time import monotonic
from typing import Any

from Docs.playground.pace import Pace
from Kamaelia.Visualisation.Live.Feed import Feed
from Kamaelia.Visualisation.Live.Reader import Load, Reading
from Kamaelia.Visualisation.Live.Structure import Structure

MOST_TURNS = 20_000
INTERVAL = 0.05  # seconds between two readings, while there are no pauses
ADDED = "__defined__"  # what is called after each class


class TooManyTurns(Exception):
    """The microprocesses of a program do not end."""


def withCalls(tree: ast.Module) -> ast.Module:
    """Return a program that calls ADDED with each of its classes."""
    body: list[ast.stmt] = []
    for node in tree.body:
        body.append(node)
        if isinstance(node, ast.ClassDef):
            call = ast.parse(f"{ADDED}({node.name})").body[0]
            body.append(ast.copy_location(call, node))
    tree.body = body
    return ast.fix_missing_locations(tree)


class OwnCore:
    """OwnCore(pace, send): draws the system of one program."""

    def __init__(self, pace: Pace, send: Callable[[str], object] = lambda text: None) -> None:
        self._pace = pace
        self._send = send
        self._feed = Feed()
        self._active: list[Any] = []
        self._postmen: dict[int, tuple[Any, Any]] = {}
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []  # so that no other object gets the same id()
        self._structure = Structure()
        self._turns = 0
        self._due = 0.0

    def defined(self, cls: type) -> None:
        """Add to a class of the program what the picture needs."""
        if cls.__name__ == "scheduler" and "add" in vars(cls):
            cls.add = self._pacedAdd(cls.add)  # type: ignore[attr-defined]
        elif cls.__name__ == "postman" and "__init__" in vars(cls):
            cls.__init__ = self._notedInit(cls.__init__)  # type: ignore[misc]

    def _pacedAdd(self, add: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(add)
        def pacedAdd(scheduler: Any, process: Any, *rest: Any) -> Any:
            main = process.main

            def pacedMain() -> Any:
                turns = main()
                return self._paced(process, turns) if isinstance(turns, Generator) else turns

            process.main = pacedMain
            return add(scheduler, process, *rest)

        return pacedAdd

    def _notedInit(self, init: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(init)
        def notedInit(postman: Any, source: Any, sink: Any) -> None:
            self._postmen[id(postman)] = (source, sink)
            init(postman, source, sink)

        return notedInit

    def _paced(self, process: Any, turns: Generator[Any, Any, Any]) -> Iterator[Any]:
        """Yield what the turns of a microprocess yield, each after its pause."""
        self._active.append(process)
        try:
            while True:
                self._turns += 1
                if self._turns > MOST_TURNS:
                    self._turns = 0
                    raise TooManyTurns(
                        f"the program has taken {MOST_TURNS} turns: does each `main` end?"
                    )
                self._report()
                while not self._pace.waitForTurn():
                    pass
                try:
                    value = next(turns)
                except StopIteration:
                    return
                self._report()
                yield value
        finally:
            self._active.remove(process)
            self._postmen.pop(id(process), None)

    def _report(self) -> None:
        now = monotonic()
        if all(id(each) in self._postmen for each in self._active):
            return  # the last picture stays
        if self._pace.isSlow() or now >= self._due:
            message = self._feed.message(self._reading())
            if message is not None:
                self._send(json.dumps(message, separators=(",", ":")))
            if not self._pace.isSlow():
                self._pace.breathe()
            self._due = now + INTERVAL

    def _reading(self) -> Reading:
        drawn = [each for each in self._active if id(each) not in self._postmen]
        structure = Structure(
            {self._numberOf(each): self._described(each) for each in drawn},
            {each["key"]: each for each in self._linkages(drawn)},
        )
        if structure != self._structure:
            self._structure = structure
        return Reading(self._structure, tuple(_loadOf(each) for each in drawn))

    def _numberOf(self, process: Any) -> int:
        if id(process) not in self._numbers:
            self._numbers[id(process)] = len(self._numbers) + 1
            self._kept.append(process)
        return self._numbers[id(process)]

    def _described(self, process: Any) -> dict[str, Any]:
        name = type(process).__name__
        number = self._numberOf(process)
        return {
            "id": number,
            "class": name,
            "label": "",
            "name": f"{name}_{number}",
            "chassis": None,
            "parent": None,
            "inboxes": [[box, None] for box in _boxesOf(process, "inboxes")],
            "outboxes": list(_boxesOf(process, "outboxes")),
        }

    def _linkages(self, drawn: list[Any]) -> Iterator[dict[str, Any]]:
        shown = {id(each) for each in drawn}
        for (source, sourceBox), (sink, sinkBox) in self._postmen.values():
            if id(source) in shown and id(sink) in shown:
                number = self._numberOf(source)
                yield {
                    "key": f"{number} {sourceBox}",
                    "source": number,
                    "sourceBox": sourceBox,
                    "sink": self._numberOf(sink),
                    "sinkBox": sinkBox,
                    "kind": "outbox to inbox",
                }


def _boxesOf(process: Any, kind: str) -> dict[str, Any]:
    boxes = getattr(process, kind, None)
    return boxes if isinstance(boxes, dict) else {}


def _loadOf(process: Any) -> Load:
    return "ready", tuple(len(box) for box in _boxesOf(process, "inboxes").values()), ()
