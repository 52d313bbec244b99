"""The examples in the docstrings of Support are correct."""

import ast
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


def docstringsIn(file):
    """Yield the docstrings of a module, its classes and functions. A compiled module has none."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


@pytest.mark.parametrize("name", modulesWithExamples())
def test_the_example_of_each_module_is_correct(name):
    module = importlib.import_module(f"Kamaelia.Support.{name}")
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=OPTIONS)
    file = FOLDER / f"{name.replace('.', '/')}.py"
    for docstring in docstringsIn(file):
        runner.run(parser.get_doctest(docstring, vars(module).copy(), name, str(file), 0))
    assert runner.summarize().failed == 0
    assert runner.tries > 0
