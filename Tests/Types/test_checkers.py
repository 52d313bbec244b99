"""The type checkers accept a typed program of a user, and report its mistakes, in strict mode."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROGRAM = (HERE / "program.py").read_text(encoding="utf-8")
REQUIRED = bool(os.environ.get("KAMAELIA_REQUIRE_REAL_SERVERS"))

MISTAKES = [
    ('feed(Total(), inbox=[1, 2, 3])["outbox"]', 'feed(Total(), inbox=1)["outbox"]'),
    ("feedConnection(Shout(), b", 'feedConnection(Shout(), "a", b'),
    ('self.dataReady("control") > 0', 'self.dataReady("control") + "0"'),
    ("port = 0", 'port = "0"'),
    ("capacity=10", 'capacity="10"'),
    ('TCPClient("127.0.0.1", 25)', 'TCPClient("127.0.0.1", "25")'),
    ('    host = "127.0.0.1"', "    host = 127"),
    ("self.send(self.greeting)", "self.send(self.greeting, 1)"),
    ("yield from self.passOnShutdown()", "yield from self.passOnShutdown(1)"),
    ("bytes(data).upper()", "bytes(data).uper()"),
]


def checkWithMypy(folder: Path) -> subprocess.CompletedProcess[str]:
    settings = folder / "mypy.ini"
    settings.write_text("[mypy]\nstrict = True\n")
    return run(["mypy", "--config-file", str(settings), "program.py"], folder)


def checkWithPyright(folder: Path) -> subprocess.CompletedProcess[str]:
    settings = {"typeCheckingMode": "strict", "include": ["program.py"]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    return run(["basedpyright", "--pythonpath", sys.executable], folder)


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool of the `lint` extra in `folder`; skip the test if it is not installed."""
    if find_spec(command[0]) is None:
        reason = f"{command[0]} is not installed: pip install '.[lint]'"
        pytest.fail(reason) if REQUIRED else pytest.skip(reason)
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1]), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        timeout=300,
        check=False,
    )


CHECKERS = [checkWithMypy, checkWithPyright]
Checker = Callable[[Path], "subprocess.CompletedProcess[str]"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("check", CHECKERS)
def test_a_typed_program_is_accepted(check: Checker, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    checked = check(tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize("check", CHECKERS)
def test_each_mistake_is_reported_in_its_line(check: Checker, tmp_path: Path) -> None:
    program = PROGRAM
    for right, wrong in MISTAKES:
        assert program.count(right) == 1, right
        program = program.replace(right, wrong)
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    report = check(tmp_path).stdout
    lines = program.splitlines()
    for _, wrong in MISTAKES:
        line = next(number for number, text in enumerate(lines, 1) if wrong in text)
        assert f"program.py:{line}" in report, f"{wrong} is not reported:\n{report}"
