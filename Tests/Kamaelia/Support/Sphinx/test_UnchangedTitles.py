"""Pages that list other pages are written again only if a title changes, in builds of Sphinx."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
DISTANT = 2_000_000_000  # the time of a page that has not been written again
PART = '''
class Total:
    """A sum.

    Of all numbers.
    """
    Inboxes = {"inbox": "numbers"}
    Outboxes = {"outbox": "their sum"}

__kamaelia_components__ = (Total,)
'''


@pytest.fixture
def build(tmp_path):
    """Return a function that writes a module and builds its pages; it returns what was written."""
    (tmp_path / "conf.py").write_text(
        'extensions = ["Kamaelia.Support.Sphinx"]\nkamaelia_pages = {"pages": "parts"}\n'
    )
    (tmp_path / "index.rst").write_text(
        "Title\n=====\n\n.. toctree::\n\n   pages/index\n   other\n"
    )

    def run(text, other="Other"):
        for name, content in (("parts.py", text), ("other.rst", f"{other}\n=====\n")):
            path = tmp_path / name
            if not path.exists() or path.read_text() != content:
                path.write_text(content)
        for page in (tmp_path / "out").rglob("*.html"):
            os.utime(page, (DISTANT, DISTANT))  # so that it counts as up to date
        subprocess.run(
            [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", ".", "out"],
            cwd=tmp_path,
            env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "/usr/bin:/bin", "AXON_PURE": "1"},
            check=True,
            timeout=55,
        )
        return {
            str(page.relative_to(tmp_path / "out"))
            for page in (tmp_path / "out").rglob("*.html")
            if page.stat().st_mtime != DISTANT
        } - {"search.html", "genindex.html", "py-modindex.html"}

    return run


def test_only_the_page_of_a_changed_docstring_is_written(build):
    assert build(PART) == {"index.html", "other.html", "pages/index.html", "pages/parts.Total.html"}
    assert build(PART.replace("Of all", "Of most")) == {"pages/parts.Total.html"}
    changed = PART.replace("A sum", "A total")
    assert build(changed) == {"pages/index.html", "pages/parts.Total.html"}


def test_a_changed_title_appears_in_the_pages_that_list_it(build):
    build(PART)
    assert build(PART, other="Third") == {"index.html", "other.html"}
    assert build(PART.replace("Total", "Sum")) >= {"pages/index.html", "pages/parts.Sum.html"}
