"""The table of all modules of 1.14 agrees with the code and with the pages that it names."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "Docs"


def load(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


moving = load("moving")
ROWS = moving.rows()
FACTS = json.loads((DOCS / "historical_names.json").read_text(encoding="utf-8"))
#: Messages and words that pages about differences use and do not describe.
USED = {"Axon.Ipc", "Kamaelia.IPC", "Kamaelia.Support.Data.Rationals"}


def differencesOn(page):
    """Return the part of a page that describes differences."""
    text = (DOCS / f"{page}.rst").read_text(encoding="utf-8")
    if page == "differences":
        return text
    start = text.index("Differences from 1.14\n-----")
    following = re.search(r"^\S.*\n-----", text[start + 30 :], re.MULTILINE)
    return text[start : start + 30 + following.start() if following else None]


def test_the_table_is_up_to_date():
    assert moving.TABLE.read_text(encoding="utf-8") == moving.table(), "run: python Docs/moving.py"


def test_each_historical_module_has_a_row_and_a_state():
    names = [row.module for row in ROWS]
    assert len(names) == len(set(names)) > 400
    assert set(FACTS) <= set(names)
    assert [row.module for row in ROWS if row.state == "unexplained"] == []


def test_each_changed_module_exists():
    assert [name for name in moving.PAGES if not moving.exists(name)] == []
    assert set(moving.PAGES) <= set(moving.modules())


@pytest.mark.parametrize("page", moving.CHANGED)
def test_a_page_that_the_table_names_describes_differences(page):
    assert len(differencesOn(page).split()) > 50


@pytest.mark.parametrize("page", moving.CHANGED)
def test_a_module_whose_differences_a_page_describes_is_changed(page):
    described = set()
    for words in re.findall(r"``(.+?)``|\*\*(.+?)\*\*", differencesOn(page), re.DOTALL):
        described |= set(re.findall(r"\w+", " ".join(words)))
    unlisted = [
        name
        for name, facts in FACTS.items()
        if name not in USED | set(moving.PAGES)
        and moving.exists(name)
        and described & {each for each in (*facts["classes"], *facts["functions"]) if len(each) > 7}
    ]
    if page != "differences":  # which also lists the names of all modules
        assert unlisted == []


def test_a_module_that_has_lost_a_name_is_changed():
    historical = load("historical")
    lost = [row.module for row in historical.rows() if row.exists and row.leftOut]
    assert lost
    assert [name for name in lost if name not in moving.PAGES] == []
