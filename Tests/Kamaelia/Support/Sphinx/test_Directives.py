"""The directives, in a build of Sphinx."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]

COMPONENTS = '''
"""A module.

Termination: at the end.
"""
from Axon.Component import component

class Total(component):
    """Total([start]): adds *numbers* to a_ and `start`.

    start: where to begin.
    """
    Inboxes = {"inbox": "numbers with <b>", "control": "the end"}
    Outboxes = {"outbox": "the sum", "signal": "the end"}
    start = 0

class Odd(component):
    """"""
    Inboxes = 7
    Outboxes = ["a" * 60] * 3

class NoComponent:
    pass

class Wide(component):
    "Wide: `a single quote, |bars| and *stars"
    Inboxes = {f"inbox{number}": "x" for number in range(30)}

__kamaelia_components__ = (Total, Odd, Wide)
'''
TEST = "def test_numbers_are_added():\n    Total()\n"


@pytest.fixture
def build(tmp_path):
    """Return a function that builds a page and returns its HTML and the warnings."""
    (tmp_path / "parts.py").write_text(COMPONENTS)
    (tmp_path / "raises.py").write_text("1 / 0")
    (tmp_path / "Tests").mkdir()
    (tmp_path / "Tests" / "test_parts.py").write_text(TEST)
    (tmp_path / "conf.py").write_text(
        'extensions = ["Kamaelia.Support.Sphinx"]\nkamaelia_tests = ["Tests"]\n'
        'kamaelia_pages = {"pages": "parts"}\n'
    )

    def run(text):
        (tmp_path / "index.rst").write_text(
            f"Title\n=====\n\n{text}\n\n.. toctree::\n\n   pages/index\n"
        )
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", "-q", "-b", "html", ".", "out"],
            cwd=tmp_path,
            env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "/usr/bin:/bin", "AXON_PURE": "1"},
            capture_output=True,
            text=True,
            timeout=55,
            check=True,
        )
        assert "Traceback" not in done.stderr
        return (tmp_path / "out" / "index.html").read_text(), done.stderr.splitlines()

    return run


def test_the_drawing_of_a_component_can_stand_alone(build):
    html, warnings = build(".. component-drawing:: parts.Total")
    assert warnings == []
    assert "<svg" in html
    assert "Tests that use it" not in html


def test_the_page_of_a_component_has_all_its_parts(build, tmp_path):
    html, warnings = build(".. component:: parts.Total")
    assert warnings == []
    for words in (
        "<svg",
        "numbers with &lt;b&gt;",
        "where to begin",
        "at the end",
        "Numbers are added",
    ):
        assert words in html
    assert (tmp_path / "out" / "pages" / "parts.Total.html").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raises.Total", "raises cannot be imported: ZeroDivisionError"),
        ("nowhere.Total", "nowhere cannot be imported"),
        ("parts.Missing", "parts has no 'Missing'"),
        ("parts.NoComponent", "parts.NoComponent is no component"),
    ],
)
def test_what_cannot_be_shown_is_one_warning_and_a_paragraph(name, words, build):
    html, warnings = build(f".. component:: {name}")
    assert len(warnings) == 1
    assert words in warnings[0]
    assert "cannot be imported" in html or "parts" in html


@pytest.mark.parametrize("name", ["Odd", "Wide"])
def test_odd_components_have_a_page(name, build):
    html, warnings = build(f".. component:: parts.{name}")
    assert warnings == []
    assert "<svg" in html


def test_a_table_lists_the_components_of_a_package(build):
    html, warnings = build(".. components:: parts")
    assert warnings == []
    assert html.count('class="thumbnail"') == 3
    assert "Adds *numbers* to a_ and" in html
