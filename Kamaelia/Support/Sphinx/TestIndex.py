"""The tests that use a component, as sentences: the names of the test functions.

Example usage::

    index = TestIndex(["../Tests"])
    for test in index.testsOf("Pipeline"):
        print(test.sentence, test.file)

How does it work?

The files are parsed and not executed. A test uses a component if it names it, or names a function
or class of its file that does. Test functions are named as sentences, with underscores. What a file
contains is kept in `cache`, and is used as long as the time of the file is the same.
"""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Test:
    """A test. outcome: "passed", "failed" or "skipped" if a JUnit file has it, else ""."""

    sentence: str
    file: str
    line: int
    outcome: str = ""

    __test__ = False  # pytest does not collect it


class TestIndex:
    """TestIndex(folders[, outcomes][, cache]): finds tests.

    outcomes: by the name of the function. cache: a file that keeps what has been found.
    """

    __test__ = False

    def __init__(
        self,
        folders: Iterable[str | Path],
        outcomes: Mapping[str, str] | None = None,
        cache: Path | None = None,
    ) -> None:
        self.folders = [Path(folder) for folder in folders]
        self.outcomes = outcomes or {}
        self.cache = cache

    def testsOf(self, name: str) -> list[Test]:
        """Return the tests that use a component with this name, by file and line."""
        return self._byName.get(name, [])

    @cached_property
    def _byName(self) -> dict[str, list[Test]]:
        found: dict[str, list[Test]] = defaultdict(list)
        kept, used = self._kept(), {}
        for folder in self.folders:
            for path in sorted(folder.rglob("test_*.py")):
                time = path.stat().st_mtime_ns
                entry = kept.get(str(path))
                if entry is None or entry[0] != time:
                    entry = [time, list(_testsIn(path))]
                used[str(path)] = entry
                file = str(path.relative_to(folder.parent))
                for function, line, names in entry[1]:
                    outcome = self.outcomes.get(function, "")
                    test = Test(_sentenceOf(function), file, line, outcome)
                    for name in names:
                        found[name].append(test)
        if self.cache is not None and used != kept:
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            self.cache.write_text(json.dumps(used), encoding="utf-8")
        return found

    def _kept(self) -> dict[str, list[Any]]:
        """Return the time and the tests of each file, as far as the cache has them."""
        if self.cache is None:
            return {}
        try:
            kept = json.loads(self.cache.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # it is missing, or a process is writing it
            return {}
        return kept if isinstance(kept, dict) else {}


def _testsIn(path: Path) -> Iterator[list[Any]]:
    """Yield the name and the line of each test function, and the names that it uses."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    helpers = _closure({
        node.name: _namesIn(node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("test")
    })  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, FUNCTION) and node.name.startswith("test_"):
            names = _namesIn(node)
            for name in names & helpers.keys():
                names = names | helpers[name]
            yield [node.name, node.lineno, sorted(names)]


def _namesIn(node: ast.AST) -> set[str]:
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return names | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def _closure(uses: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return what each helper of a file names, directly or through other helpers."""
    found = {}
    for start in uses:
        names: set[str] = set()
        pending = [start]
        while pending:
            helper = pending.pop()
            fresh = uses[helper] - names
            names |= fresh
            pending += fresh & uses.keys()
        found[start] = names
    return found


def _sentenceOf(name: str) -> str:
    words = name.removeprefix("test_").replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}."


def outcomesIn(path: Path) -> dict[str, str]:
    """Return the outcome of each test function in a JUnit file. Raises ParseError."""
    found: dict[str, str] = {}
    for case in ElementTree.parse(path).iter("testcase"):  # noqa: S314 - it is our own file
        name = case.get("name", "").partition("[")[0]
        kinds = {child.tag for child in case}
        outcome = (
            "failed"
            if kinds & {"failure", "error"}
            else "skipped"
            if "skipped" in kinds
            else "passed"
        )
        worst = ("passed", "skipped", "failed")
        found[name] = max(found.get(name, "passed"), outcome, key=worst.index)
    return found
