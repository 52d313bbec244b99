"""Rules that every example follows: its help, its place in the README, and a test that runs it."""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from Tests.Examples.conftest import EXAMPLES, PATIENCE

ROOT = EXAMPLES.parent
README = (EXAMPLES / "README.md").read_text(encoding="utf-8")
PROGRAMS = [
    str(file.relative_to(EXAMPLES))
    for file in sorted(EXAMPLES.glob("*/*.py"))
    if not file.name.startswith("_")
]
TOPICS = sorted({Path(program).parts[0] for program in PROGRAMS})

EACH = pytest.mark.parametrize("program", PROGRAMS)


def docstringOf(program):
    return ast.get_docstring(ast.parse((EXAMPLES / program).read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def helpOf():
    """Return helpOf(program), the text that its --help prints; each program runs once."""
    found = {}

    def helpOf(program):
        if program not in found:
            done = subprocess.run(
                [sys.executable, "-W", "error", str(EXAMPLES / program), "--help"],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, "")
            found[program] = done.stdout
        return found[program]

    return helpOf


def commandsIn(text):
    """Return the words of each command line of an example in a text."""
    lines = re.findall(r"^ +(?:\S.*\| )?python Examples/(.*)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


@EACH
def test_the_help_of_an_example_says_what_to_type(program, helpOf):
    assert docstringOf(program) in helpOf(program)
    assert program in [command[0] for command in commandsIn(helpOf(program))]


@EACH
def test_the_commands_in_a_help_name_programs_and_options_that_exist(program, helpOf):
    for name, *words in commandsIn(helpOf(program)):
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        assert [each for each in options if f"  {each}" not in helpOf(name)] == []


def test_the_README_names_all_examples_and_no_others():
    named = set(re.findall(r"\b(\w+/\w+\.py)\b", README))
    for name, first, last in re.findall(r"`(\w+/\w+?)(\d+)\.py` to `\D+(\d+)\.py`", README):
        named |= {f"{name}{number}.py" for number in range(int(first), int(last) + 1)}
    assert named == set(PROGRAMS)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_test_runs_each_topic(topic):
    tests = [path for path in (ROOT / "Tests").rglob("test_*.py") if path != Path(__file__)]
    named = re.compile(rf"\b{topic}\b[/\"]")
    assert any(named.search(path.read_text(encoding="utf-8")) for path in tests)
