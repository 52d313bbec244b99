"""The tests that use a component, as sentences."""

import os

import pytest

from Kamaelia.Support.Sphinx.TestIndex import TestIndex, outcomesIn

TEXT = """
from package import Total, Other

def made(start):
    return Total(start)

def chain():
    return made(1)

class Double(Total):
    pass

def test_numbers_are_added():
    assert run(Total())

def test_a_helper_is_followed():
    assert chain()

class TestEnd:
    async def test_it_ends(self):
        assert Double()

def test_something_else():
    assert Other()
"""
JUNIT = """<testsuites><testsuite>
<testcase name="test_numbers_are_added[1]"/>
<testcase name="test_numbers_are_added[2]"><failure/></testcase>
<testcase name="test_it_ends"><skipped/></testcase></testsuite></testsuites>"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Tests").mkdir()
    (tmp_path / "Tests" / "test_Total.py").write_text(TEXT)
    return tmp_path / "Tests"


def test_tests_that_name_a_component_or_a_helper_that_does_are_found(folder):
    assert [each.sentence for each in TestIndex([folder]).testsOf("Total")] == [
        "Numbers are added.",
        "A helper is followed.",
        "It ends.",
    ]


def test_a_test_has_its_file_and_line(folder):
    test = TestIndex([folder]).testsOf("Total")[0]
    assert (test.file, test.line) == ("Tests/test_Total.py", 13)


def test_a_file_that_is_not_python_is_left_out(folder):
    (folder / "test_bad.py").write_text("def (")
    (folder / "test_binary.py").write_bytes(b"\xff\xfe\x00")
    assert len(TestIndex([folder]).testsOf("Total")) == 3


def test_outcomes_come_from_a_junit_file_the_worst_of_each_test(folder, tmp_path):
    path = tmp_path / "junit.xml"
    path.write_text(JUNIT)
    tests = TestIndex([folder], outcomesIn(path)).testsOf("Total")
    assert [each.outcome for each in tests] == ["failed", "", "skipped"]


def test_an_unknown_component_has_no_tests(folder):
    assert TestIndex([folder]).testsOf("Nothing") == []


def sentences(index):
    return [test.sentence for test in index.testsOf("Total")]


def test_a_file_is_parsed_again_only_if_its_time_has_changed(tmp_path):
    folder, cache = tmp_path / "Tests", tmp_path / "new" / "cache.json"
    folder.mkdir()
    path = folder / "test_parts.py"
    path.write_text("def test_first():\n    Total()\n")
    os.utime(path, (1, 1))
    assert sentences(TestIndex([folder], cache=cache)) == ["First."]
    path.write_text("def test_second():\n    Total()\n")
    os.utime(path, (1, 1))
    assert sentences(TestIndex([folder], cache=cache)) == ["First."]
    os.utime(path, (2, 2))
    assert sentences(TestIndex([folder], {"test_second": "passed"}, cache)) == ["Second."]
    path.unlink()
    assert sentences(TestIndex([folder], cache=cache)) == []


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_a_cache_that_is_damaged_is_written_again(text, tmp_path):
    folder, cache = tmp_path / "Tests", tmp_path / "cache.json"
    folder.mkdir()
    (folder / "test_parts.py").write_text("def test_first():\n    Total()\n")
    cache.write_text(text)
    assert sentences(TestIndex([folder], cache=cache)) == ["First."]
    assert "test_first" in cache.read_text()
