"""The pages of the modules of a package, which autodoc fills."""

import pytest

from Kamaelia.Support.Sphinx.ModulePages import writeModulePages


@pytest.fixture
def package(tmp_path):
    """A package with modules, a package within it, and files that have no page."""
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "outer" / "data").mkdir()
    for name in ("__init__.py", "__main__.py", "_private.py", "a_b.py", "notes.txt"):
        (tmp_path / "outer" / name).write_text("")
    for name in ("__init__.py", "deep.py"):
        (inner / name).write_text("")
    return tmp_path / "outer"


def test_each_public_module_has_a_page(package, tmp_path):
    written = writeModulePages(tmp_path / "pages", package)
    assert written == ["modules", "outer", "outer.a_b", "outer.inner", "outer.inner.deep"]
    assert {path.stem for path in (tmp_path / "pages").iterdir()} == set(written)


def test_a_page_has_what_apidoc_writes(package, tmp_path):
    apidoc = pytest.importorskip("sphinx.ext.apidoc")
    writeModulePages(tmp_path / "pages", package)
    arguments = ["-q", "-e", "-M", "-d", "1", "-o", str(tmp_path / "expected"), str(package)]
    assert apidoc.main(arguments) == 0
    expected = {path.name: path.read_text() for path in (tmp_path / "expected").iterdir()}
    assert {path.name: path.read_text() for path in (tmp_path / "pages").iterdir()} == expected


def test_a_file_is_written_only_if_its_text_has_changed(package, tmp_path):
    writeModulePages(tmp_path / "pages", package)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "pages").iterdir()}
    (package / "more.py").write_text("")
    writeModulePages(tmp_path / "pages", package)
    changed = {path.stem for path in before if path.stat().st_mtime_ns != before[path]}
    assert changed == {"outer"}


def test_the_page_of_a_module_that_is_gone_is_removed(package, tmp_path):
    writeModulePages(tmp_path / "pages", package)
    (package / "a_b.py").unlink()
    writeModulePages(tmp_path / "pages", package)
    assert not (tmp_path / "pages" / "outer.a_b.rst").exists()
