"""The examples in the docstrings of Support are correct."""

import doctest
import importlib
from pathlib import Path

import pytest

import Kamaelia.Support

FOLDER = Path(Kamaelia.Support.__file__).parent
OPTIONS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


def modulesWithExamples():
    """Return the dotted name of each module in Support that has an example to run."""
    files = sorted(FOLDER.rglob("*.py"))
    names = [
        ".".join(file.relative_to(FOLDER).with_suffix("").parts)
        for file in files
        if ">>> " in file.read_text(encoding="utf-8")
    ]
    return [name for name in names if not name.startswith("Sphinx")]


@pytest.mark.parametrize("name", modulesWithExamples())
def test_the_example_of_each_module_is_correct(name):
    module = importlib.import_module(f"Kamaelia.Support.{name}")
    result = doctest.testmod(module, optionflags=OPTIONS)
    assert result.failed == 0
    assert result.attempted > 0
