"""Rules for the tests themselves: no test measures elapsed time, and none binds a fixed port.

A busy machine makes any test slow, so that a limit on elapsed time, or on the time of the
processor, fails without a fault. A test that shows that nothing waits uses a wait of an hour, and
one that shows that work is little does so much of it that a fault would take hours; a test that
hangs is ended by pytest's timeout.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXEMPT = ("benchmarks", "attacks", "soak")  # programs that measure
FILES = [
    path
    for path in sorted((ROOT / "Tests").rglob("*.py"))
    if path.relative_to(ROOT / "Tests").parts[0] not in EXEMPT
]

NAMES = ("monotonic", "perf_counter", "process_time", "thread_time")
CLOCKS = {*NAMES, *(f"{name}_ns" for name in NAMES)}


def isClockCall(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return getattr(node.func, "attr", getattr(node.func, "id", "")) in CLOCKS


def measurementsOfTime(source: str) -> list[int]:
    """Return the lines in which a difference of clock times is computed, or one is asserted."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        isDifference = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)
        if isDifference and (isClockCall(node.left) or isClockCall(node.right)):
            found.add(node.lineno)
        if isinstance(node, ast.Assert):
            found |= {each.lineno for each in ast.walk(node.test) if isClockCall(each)}
    return sorted(found)


def fixedPorts(source: str) -> list[int]:
    """Return the lines in which a socket is bound, or a server listens, on a port of its own."""
    found = []
    for node in ast.walk(ast.parse(source)):
        name = getattr(getattr(node, "func", None), "attr", "")
        if isinstance(node, ast.Call) and name in ("bind", "create_server", "start_server"):
            ports = [
                each.value
                for argument in node.args
                for each in ast.walk(argument)
                if isinstance(each, ast.Constant) and isinstance(each.value, int)
            ]
            if any(port > 0 for port in ports):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_measures_elapsed_time_or_binds_a_fixed_port(path):
    source = path.read_text(encoding="utf-8")
    assert measurementsOfTime(source) == []
    assert fixedPorts(source) == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("assert time.monotonic() - began < 1", [1]),
        ("took = monotonic() - began", [1]),
        ("assert time.process_time() - began < 1", [1]),
        ("x = 1\nassert perf_counter() < until", [2]),
        ("until = time.monotonic() + 5", []),
        ("assert clock.now() - began < 1", []),
    ],
)
def test_measurements_of_time_are_found(source, lines):
    assert measurementsOfTime(source) == lines


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('sock.bind(("127.0.0.1", 8080))', [1]),
        ('socket.create_server(("127.0.0.1", 0))', []),
        ('await asyncio.start_server(serve, "127.0.0.1", 2500)', [1]),
        ('sock.bind(("127.0.0.1", port))', []),
    ],
)
def test_fixed_ports_are_found(source, lines):
    assert fixedPorts(source) == lines
