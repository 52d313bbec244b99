"""What modules contain, and when it is read again."""

import os
import sys

import pytest

from Kamaelia.Support.Sphinx.Contents import contentsIn, moduleNames

PARTS = '''
from base_of_parts import Base

class Total(Base):
    """A sum."""

class Silent(Base):
    pass

def Both():
    """Two parts."""

__kamaelia_components__ = (Total, Silent, Base)
__kamaelia_prefabs__ = (Both,)
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A folder with a package, which forgets its modules after the test and when asked."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "base_of_parts.py").write_text('class Base:\n    """A base."""\n')
    folder = tmp_path / "keptparts"
    (folder / "inner").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "data" / "no_module.py").write_text("")
    for name in ("__init__.py", "__main__.py", "inner/__init__.py"):
        (folder / name).write_text("")
    (folder / "inner" / "parts.py").write_text(PARTS)
    yield folder
    forget()


def forget():
    for name in [each for each in sys.modules if each.startswith(("keptparts", "base_of_parts"))]:
        del sys.modules[name]


def write(path, text):
    """Write a file with a new time, which the clock of the file system may not have."""
    path.write_text(text)
    time = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(time, time))
    forget()


def entriesIn(package):
    found = contentsIn("keptparts", package.parent / "kept.json")
    return {each.title: each.sentence for module in found for each in module.components}


def test_the_names_of_modules_are_found_without_importing_them(package):
    assert list(moduleNames("keptparts")) == [
        "keptparts",
        "keptparts.inner",
        "keptparts.inner.parts",
    ]
    assert "keptparts" not in sys.modules


def test_a_module_contains_what_it_defines(package):
    (contents,) = (
        each
        for each in contentsIn("keptparts", package.parent / "kept.json")
        if each.name == "keptparts.inner.parts"
    )
    assert [each.name for each in contents.components] == [
        "keptparts.inner.parts.Total",
        "keptparts.inner.parts.Silent",
    ]
    assert [(each.title, each.sentence, each.isClass) for each in contents.prefabs] == [
        ("Both", "Two parts.", False)
    ]


def test_unchanged_modules_are_not_imported_again(package):
    first = entriesIn(package)
    forget()
    assert entriesIn(package) == first == {"Total": "A sum.", "Silent": "A base."}
    assert "keptparts" not in sys.modules


def test_a_changed_module_is_read_again(package):
    entriesIn(package)
    write(package / "inner" / "parts.py", PARTS.replace("A sum", "A total"))
    assert entriesIn(package)["Total"] == "A total."


def test_an_inherited_sentence_follows_the_base(package):
    entriesIn(package)
    write(package.parent / "base_of_parts.py", 'class Base:\n    """Another base."""\n')
    assert entriesIn(package) == {"Total": "A sum.", "Silent": "Another base."}


def test_a_removed_module_is_gone(package):
    entriesIn(package)
    (package / "inner" / "parts.py").unlink()
    forget()
    assert entriesIn(package) == {}


def test_a_module_that_cannot_be_imported_is_reported_and_tried_again(package):
    failed = []
    write(package / "inner" / "parts.py", "1 / 0")
    contentsIn("keptparts", package.parent / "kept.json", lambda *error: failed.append(error))
    ((name, error),) = failed
    assert (name, type(error)) == ("keptparts.inner.parts", ZeroDivisionError)
    (package / "inner" / "parts.py").write_text(PARTS)
    forget()
    assert "Total" in entriesIn(package)


@pytest.mark.parametrize("content", ["", "[", "{}", '[{"name": 1}]', "[1]"])
def test_a_damaged_cache_is_made_again(package, content):
    (package.parent / "kept.json").write_text(content)
    assert "Total" in entriesIn(package)
