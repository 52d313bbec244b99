"""The sessions on the pages: each command prints what its page shows."""

from contextlib import ExitStack

import pytest

from Tests.Docs.sessions import Folder, commandsOf, filesOf, isLike
from Tests.Docs.test_snippets import ROOT

PAGES = {
    str(path.relative_to(ROOT / "Docs")): text
    for path in sorted((ROOT / "Docs").rglob("*.rst"))
    if (text := path.read_text(encoding="utf-8")) and commandsOf(text)
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES)
def test_each_command_prints_what_the_page_shows(page, tmp_path):
    if "$ mypy " in PAGES[page]:
        pytest.importorskip("mypy")
    folder = Folder(tmp_path, filesOf(PAGES[page]))
    isInBackground = False
    with ExitStack() as running:
        for command, typed, shown in commandsOf(PAGES[page]):
            if command.endswith("&"):
                running.enter_context(folder.background(command))
                isInBackground = True
                continue
            if isInBackground and not typed:
                printed = folder.runUntil(command, shown)
            else:
                printed = folder.run(command, typed)
            assert isLike(printed, shown), f"{command}\n{printed}"


@pytest.mark.parametrize("page", [page for page in PAGES if commandsOf(PAGES[page], "endless")])
def test_a_program_that_does_not_end_prints_what_the_page_shows(page, tmp_path):
    folder = Folder(tmp_path, filesOf(PAGES[page]))
    for command, _, shown in commandsOf(PAGES[page], "endless"):
        with folder.background(f"PYTHONUNBUFFERED=1 {command}") as program:
            printed = ""
            while not isLike(printed, shown):
                line = program.stdout.readline()
                assert line, printed
                printed += line


def test_there_are_pages_with_sessions():
    assert "debugging.rst" in PAGES


@pytest.mark.parametrize(
    ("printed", "shown", "expected"),
    [
        ("a_1  b\n", "a_7 b", True),
        ("it took 0.153 seconds", "it took 0.100 seconds", True),
        ("a 1.05 s", "a 1...", True),
        ("a 1.05 s", "a 1.04 s", False),
        ("> /x/y.py(3)", "> ...y.py(3)", True),
        ("a c", "a b", False),
        ("a\nb", "a", False),
    ],
)
def test_outputs_are_compared_without_spaces_and_numbers_of_names(printed, shown, expected):
    assert isLike(printed, shown) == expected
