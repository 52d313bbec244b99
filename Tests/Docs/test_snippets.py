"""The code in the documentation works: programs run and print the output that is shown.

A block marked as a program (```` ```python program ```` in Markdown, `:class: program` in reST)
is run unchanged. If a block marked as output follows, the program must print it. A block marked
as a mistake is run as well, and must print the message in the block that follows. A block marked as
pytest contains tests, which must pass. A file is run by a test of its page. Every other
block of Python must parse, and the names that it imports must exist.
"""

import ast
import os
import re
import subprocess
import sys
import textwrap
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Run the programs with this Python, in which Kamaelia is installed, instead of this checkout.
INSTALLED = "KAMAELIA_INSTALLED_PYTHON"
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "Docs").glob("*.rst")),
    *sorted((ROOT / "Docs" / "library").glob("*.rst")),
    *sorted((ROOT / "Docs" / "learn").glob("*.rst")),
]

MARKDOWN = re.compile(r"^```(\w+)[ ]*(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REST = re.compile(
    r"^\.\. code-block:: (\w+)\n(?:[ ]+:class: (\w+)\n)?(?:[ ]+:\w+:.*\n)*\n((?:[ ]+.*\n|\n)+)",
    re.MULTILINE,
)


class Block(NamedTuple):
    """A block of code: its place, its language, its marks and its text."""

    where: str
    language: str
    mark: str
    text: str


def blocksOf(page: str, text: str) -> list[Block]:
    pattern = MARKDOWN if page.endswith(".md") else REST
    found = []
    for match in pattern.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        body = textwrap.dedent(match[3]).rstrip("\n") + "\n"
        found.append(Block(f"{page}:{line}", match[1], match[2] or "", body))
    return found


BLOCKS = [
    block
    for page in PAGES
    for block in blocksOf(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8"))
]
PROGRAMS = [
    pytest.param(block, after.text if after and after.mark == "output" else None, id=block.where)
    for block, after in zip(BLOCKS, [*BLOCKS[1:], None], strict=True)
    if block.mark == "program"
]
FRAGMENTS = [
    pytest.param(block, id=block.where)
    for block in BLOCKS
    if block.language == "python" and block.mark not in ("program", "mistake", "pytest", "file")
]
MISTAKES = [
    pytest.param(block, after.text, id=block.where)
    for block, after in pairwise(BLOCKS)
    if block.mark == "mistake" and after.mark == "message"
]


TESTS = [pytest.param(block, id=block.where) for block in BLOCKS if block.mark == "pytest"]


def pythonToRun() -> tuple[str, dict[str, str]]:
    """Return the Python that runs the programs, and the environment variables for it."""
    installed = os.environ.get(INSTALLED)
    # Readers have no variable of the tests. With one of KAMAELIA_, a run looks for start hooks.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("KAMAELIA_")
    }
    if installed is None:
        return sys.executable, environment | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONPATH", None)
    return str(ROOT / installed), environment


def test_programs_use_the_installed_package_that_is_named():
    """Otherwise `make plain` would test the checkout."""
    python, environment = pythonToRun()
    done = subprocess.run(
        [python, "-c", "import Axon; print(Axon.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        cwd="/",
        env=environment,
    )
    isCheckout = Path(done.stdout.strip()).parent == ROOT / "Axon"
    assert isCheckout == (INSTALLED not in os.environ)


@pytest.mark.parametrize(("block", "output"), PROGRAMS)
def test_a_program_runs_and_prints_what_the_page_says(block, output, tmp_path):
    python, environment = pythonToRun()
    done = subprocess.run(
        [python, "-W", "error", "-c", block.text],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    reports = re.compile(r"\w+(\(protocol=\w+\))? listens on \S+")  # of servers
    assert [line for line in done.stderr.splitlines() if not reports.fullmatch(line)] == []
    if output is not None:
        assert done.stdout == output


@pytest.mark.parametrize("block", TESTS)
def test_the_tests_on_a_page_pass(block, tmp_path):
    (tmp_path / "test_page.py").write_text(block.text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        timeout=50,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout
    assert f"{block.text.count('def test_')} passed" in done.stdout


def inOneLine(text):
    """Return the words of a text; each number that is part of a name is replaced by N."""
    return re.sub(r"_\d+", "_N", " ".join(text.split()))


@pytest.mark.parametrize(("block", "message"), MISTAKES)
def test_a_mistake_prints_the_message_that_the_page_shows(block, message, tmp_path):
    printed = ""
    with subprocess.Popen(
        [sys.executable, "-c", block.text],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as running:
        for line in running.stderr:
            printed += line
            if inOneLine(message) in inOneLine(printed):
                break
        running.kill()  # one of the mistakes is a program that waits forever
    assert inOneLine(message) in inOneLine(printed)


def test_every_mistake_is_followed_by_its_message():
    assert len(MISTAKES) == len([block for block in BLOCKS if block.mark == "mistake"]) > 10


@pytest.mark.parametrize("block", FRAGMENTS)
def test_a_fragment_parses_and_its_imports_exist(block):
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                import_module(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            module = import_module(node.module)
            missing = [alias.name for alias in node.names if not hasattr(module, alias.name)]
            assert not missing, f"{node.module} has no {', '.join(missing)}"


def test_the_pages_have_programs_with_their_output():
    outputs = [block for block in BLOCKS if block.mark == "output"]
    assert len(PROGRAMS) >= len(outputs) > 5


def test_blocks_are_found_in_both_kinds_of_page():
    rest = ".. code-block:: python\n   :class: program\n\n   if 1:\n       x\n\n   y\n\nText\n"
    assert blocksOf("a.rst", rest) == [Block("a.rst:1", "python", "program", "if 1:\n    x\n\ny\n")]
    markdown = "Text\n\n```python program\nx\n```\n\n```text output\n1\n```\n"
    assert blocksOf("a.md", markdown) == [
        Block("a.md:3", "python", "program", "x\n"),
        Block("a.md:7", "text", "output", "1\n"),
    ]
