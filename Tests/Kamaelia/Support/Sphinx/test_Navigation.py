"""The navigation tree: it expands only the branch of the page, and omits long lists."""

import re

import pytest

from Kamaelia.Support.Sphinx.Navigation import NavigationTree

CHILDREN = {
    "index": ["start", "parts", "index"],
    "parts": ["parts/a", "parts/b"],
    "start": ["start/deep"],
}
TITLES = {
    "index": "Home",
    "start": "Start",
    "start/deep": "Deep",
    "parts": "Parts",
    "parts/a": "A < B",
    "parts/b": "B",
}


def shown(page, **options):
    html = NavigationTree(CHILDREN, TITLES, **options).htmlFor(page, lambda name: f"{name}.html")
    return re.findall(r">([^<>]+)</a>", html), html


@pytest.mark.parametrize(
    ("page", "titles"),
    [
        ("index", ["Start", "Parts"]),
        ("parts", ["Start", "Parts", "A &lt; B", "B"]),
        ("parts/b", ["Start", "Parts", "A &lt; B", "B"]),
        ("start/deep", ["Start", "Deep", "Parts"]),
        ("unknown", ["Start", "Parts"]),
    ],
)
def test_only_the_branch_of_the_page_is_expanded(page, titles):
    assert shown(page)[0] == titles


def test_the_branch_of_the_page_is_marked_as_current():
    _, html = shown("parts/a")
    assert html.count('<li class="toctree-l1 current">') == 1
    assert '<li class="toctree-l2 current"><a class="reference internal current" href="#">' in html
    assert 'href="parts/b.html"' in html


def test_a_folder_with_many_pages_is_not_expanded():
    children = {"index": ["parts"], "parts": [f"p{number}" for number in range(41)]}
    titles = {"parts": "Parts"} | {f"p{number}": f"P{number}" for number in range(41)}
    tree = NavigationTree(children, titles)
    assert re.findall(r">(\w+)</a>", tree.htmlFor("p7", str)) == ["Parts"]
    assert re.findall(r">(\w+)</a>", tree.htmlFor("parts", str)) == ["Parts"]


def test_pages_that_include_each_other_do_not_recurse():
    tree = NavigationTree({"index": ["a"], "a": ["b"], "b": ["a"]}, {"a": "A", "b": "B"})
    assert re.findall(r">(\w)</a>", tree.htmlFor("b", str)) == ["A", "B"]


def test_captions_stand_above_their_pages():
    html = shown("index", captions={"start": "Begin", "parts": "A & B"})[1]
    assert re.findall(r">([^<>]+)<", html) == ["Begin", "Start", "A &amp; B", "Parts"]
    assert html.startswith('<p class="caption"')
    assert html.count("<ul>") == html.count("</ul>") == 2


def test_the_root_is_expanded_however_many_pages_it_has():
    names = [f"page{number}" for number in range(50)]
    tree = NavigationTree({"index": names}, {name: name for name in names})
    assert tree.htmlFor("page7", str).count("<li") == 50
