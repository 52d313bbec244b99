"""The tree of the documentation: its sections, the pages in them, and the links between files."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "Docs"
SECTIONS = [
    "Start",
    "Learn",
    "Mistakes",
    "How-to",
    "Kamaelia Grey",
    "Explanation",
    "Reference",
    "Internals",
]
TOCTREE = re.compile(r"^\.\. toctree::\n((?:[ ]+.*\n|\n)+)", re.MULTILINE)
CAPTION = re.compile(r"^[ ]+:caption: (.*)$", re.MULTILINE)
#: A role with the name of a page, or "text <name>".
PAGE_ROLE = re.compile(r":doc:`(?:[^`<]*<)?([^`>]+)>?`")
IMAGE = re.compile(r"^\.\. (?:image|figure|include|literalinclude):: (\S+)$", re.MULTILINE)
MARKDOWN_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
GENERATED = "reference/"  # written by `make docs`
PAGES = sorted(
    path
    for path in DOCS.rglob("*.rst")
    if path.relative_to(DOCS).parts[0] not in ("reference", "_build")
)
MARKDOWN = sorted(ROOT.glob("*.md"))


def nameOf(path):
    return path.relative_to(ROOT).as_posix()


def toctreesOf(page):
    """Return the caption and the pages of each toctree of a page, relative to Docs."""
    found = []
    for match in TOCTREE.finditer(page.read_text(encoding="utf-8") + "\n"):
        caption = CAPTION.search(match[1])
        entries = [line.strip() for line in match[1].splitlines()]
        names = [entry for entry in entries if entry and not entry.startswith(":")]
        if ":glob:" in entries:
            globbed = [path for name in names for path in page.parent.glob(f"{name}.rst")]
            names = [path.stem for path in globbed if path != page]
        folder = page.parent.relative_to(DOCS)
        found.append(
            (caption[1] if caption else "", [(folder / name).as_posix() for name in names])
        )
    return found


def test_the_sections_follow_the_order_in_which_a_reader_needs_them():
    assert [caption for caption, _ in toctreesOf(DOCS / "index.rst")] == SECTIONS


@pytest.mark.parametrize(
    ("section", "page"),
    [
        ("Start", "install"),
        ("Mistakes", "mistakes"),
        ("Explanation", "comparison"),
        ("Reference", "reference/components/index"),
        ("Reference", "core"),
        ("Reference", "glossary"),
        ("Reference", "changelog"),
        ("Internals", "reference/Axon/modules"),
    ],
)
def test_a_section_contains_the_page_that_a_reader_looks_for_there(section, page):
    assert page in dict(toctreesOf(DOCS / "index.rst"))[section]


def test_each_page_stands_at_one_place_of_the_tree():
    placed = [name for page in PAGES for _, names in toctreesOf(page) for name in names]
    own = [name for name in placed if not name.startswith(GENERATED)]
    names = [path.relative_to(DOCS).with_suffix("").as_posix() for path in PAGES]
    assert sorted(own) == sorted(set(names) - {"index"})


@pytest.mark.parametrize("page", PAGES, ids=nameOf)
def test_the_links_of_a_page_lead_to_pages_and_files_that_exist(page):
    text = page.read_text(encoding="utf-8")
    targets = [f"{name}.rst" for name in PAGE_ROLE.findall(text)] + IMAGE.findall(text)
    missing = []
    for target in targets:
        base = DOCS if target.startswith("/") else page.parent
        path = (base / target.lstrip("/")).resolve()
        if path.is_relative_to(DOCS / "reference"):
            path = moduleOf(path)
        if not path.exists():
            missing.append(target)
    assert missing == []


def moduleOf(page):
    """Return the source that a page of the reference describes."""
    if page.stem in ("index", "modules"):
        return ROOT
    path = ROOT.joinpath(*page.stem.split("."))
    return path if path.is_dir() else path.with_suffix(".py")


@pytest.mark.parametrize("page", MARKDOWN, ids=nameOf)
def test_the_links_of_a_markdown_file_lead_to_files_that_exist(page):
    targets = MARKDOWN_LINK.findall(page.read_text(encoding="utf-8"))
    assert [each for each in targets if not (page.parent / each).exists()] == []


def test_headings_have_lines_of_their_own_length():
    """A line under a heading that is too short is an error in `make docs`."""
    short = []
    for page in PAGES:
        lines = page.read_text(encoding="utf-8").splitlines()
        for before, line in pairwise(lines):
            isLine = re.fullmatch(r"(=+|-+|~+)", line) and before.strip() and len(line) > 2
            if isLine and not before.startswith((" ", "=", "-")) and len(line) < len(before):
                short.append(f"{nameOf(page)}: {before}")
    assert short == []
