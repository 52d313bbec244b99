"""Modules and functions are short and a class has few bases, so that a reader can follow them."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path for package in ("Axon", "Kamaelia") for path in (ROOT / package).rglob("*.py")
)
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]

MOST_LINES = 400
MOST_STATEMENTS = 33
MOST_BASES = 2  # of our own

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def classesOf(path: Path) -> list[ast.ClassDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


@pytest.fixture(scope="module")
def ourClasses() -> frozenset[str]:
    return frozenset(each.name for path in MODULES for each in classesOf(path))


def statementsIn(function: ast.AST) -> int:
    """Return the number of statements in a function, without its docstring."""
    count = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return count - (ast.get_docstring(function) is not None)  # type: ignore[arg-type]


def longFunctions(source: str) -> list[str]:
    """Return the functions that are too long and have no comment with a reason in line 1."""
    lines = source.splitlines()
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, FUNCTIONS)
        and statementsIn(node) > MOST_STATEMENTS
        and "#" not in lines[node.lineno - 1]
    ]


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_a_module_and_its_functions_are_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MOST_LINES
    assert longFunctions(source) == []


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_a_class_has_at_most_two_bases_of_our_own(path: Path, ourClasses: frozenset[str]) -> None:
    for each in classesOf(path):
        bases = [ast.unparse(base).split("[")[0].rpartition(".")[2] for base in each.bases]
        assert len(ourClasses.intersection(bases)) <= MOST_BASES, each.name


def test_a_long_function_is_found_unless_it_gives_a_reason() -> None:
    body = "".join(f"    x = {number}\n" for number in range(MOST_STATEMENTS + 1))
    assert longFunctions(f"def f():\n{body}") == ["f"]
    assert longFunctions(f"def f():  # one piece, for speed\n{body}") == []
