"""Fixtures for components that work with files."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from Axon.Component import component

TEXT = "one\ntwo\ndrei\N{LATIN SMALL LETTER SHARP S}\nno end"


class _OneTurn(component):
    def main(self) -> Generator[int, None, None]:
        yield 1


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with four lines, of which the last one has no end."""
    path = tmp_path / "file"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


@pytest.fixture(scope="session")
def loopsHaveRun() -> None:
    """Run a loop of each kind: libuv keeps a pipe open from then on."""
    _OneTurn().run()


@pytest.fixture(autouse=True)
def everyDescriptorIsClosed(loopsHaveRun: None) -> Iterator[None]:
    """Fail if a test leaves a file or a pipe open."""
    before = openFiles()
    yield
    assert openFiles() - before == set()


def openFiles() -> set[str]:
    """Return the numbers and the targets of the open descriptors."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")
        except FileNotFoundError:  # that of the listing
            continue
    return found


@pytest.fixture(params=["missing", "directory", "NUL"])
def unusable(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Return a path that cannot be read, and a part of the error that names it."""
    return {
        "missing": (str(tmp_path / "missing"), "No such file or directory"),
        "directory": (str(tmp_path), "Is a directory"),
        "NUL": ("a\0b", "null byte"),
    }[request.param]
