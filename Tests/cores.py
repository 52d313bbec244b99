"""A process that runs programs on one of the two cores, so that a test can compare them.

Example usage
-------------
    runner = Runner("Tests.Axon.core.programs", AXON_PURE="1")
    runner.start(program)       # of JSON
    runner.trace()              # the answer, also of JSON
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any


class Runner:
    """Runner(module, **environment): the process; see `answer`. core: the name of its core."""

    def __init__(self, module: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", module],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.core = self._answer().strip()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        assert answer, f"the interpreter ended with {self._process.wait()}"
        return answer

    def start(self, program: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(program) + "\n")
        self._process.stdin.flush()

    def trace(self) -> list[str]:
        trace: list[str] = json.loads(self._answer())
        return trace

    def close(self) -> None:
        self._process.communicate()


def assertSameTrace(runners: tuple[Runner, Runner], program: dict[str, Any]) -> None:
    """Run a program on both cores, and compare the traces step by step."""
    for each in runners:
        each.start(program)
    pure, compiled = (each.trace() for each in runners)
    for number, (ours, theirs) in enumerate(zip(pure, compiled, strict=False)):
        assert ours == theirs, f"after {pure[max(0, number - 3) : number]}"
    assert len(pure) == len(compiled)


def coreOf(module: str) -> str:
    """Return "compiled" or "pure": how this process has imported a module."""
    place = sys.modules[module].__file__ or ""
    return "pure" if place.endswith(".py") else "compiled"


def answer(core: str, run: Callable[[dict[str, Any]], list[str]]) -> None:
    """Say which core this process has, then run each program of standard input."""
    print(core, flush=True)  # noqa: T201 - the answer to the test
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)  # noqa: T201
