"""The page of promises names tests that exist, for each section of the page that states them."""

import re

import pytest

from Tests.Docs.test_snippets import ROOT

PAGE = (ROOT / "Docs/promises.rst").read_text(encoding="utf-8")
STATED = (ROOT / "Docs/components.rst").read_text(encoding="utf-8")
ROWS = re.findall(r"^     - (.+) \(``([\w/]+\.py)``\)$", PAGE, re.MULTILINE)


def sectionsOf(text):
    return re.findall(r"^(\S.*)\n-{3,}$", text, re.MULTILINE)


@pytest.mark.parametrize(("sentence", "file"), ROWS)
def test_a_test_that_the_page_names_exists(sentence, file):
    source = (ROOT / "Tests" / file).read_text(encoding="utf-8")
    assert f"def test_{sentence.replace(' ', '_')}(" in source


def test_each_section_of_promises_has_tests():
    parts = re.split(r"^\S.*\n-{3,}$", PAGE, flags=re.MULTILINE)[1:]
    tested = dict(zip(sectionsOf(PAGE), parts, strict=True))
    assert [name for name in sectionsOf(STATED) if "(``Axon/" not in tested.get(name, "")] == []


def test_each_promise_has_a_test():
    assert len(ROWS) == PAGE.count("   * - ") - PAGE.count("   * - promise\n") > 40
