"""The page of the changelog is CHANGELOG.md, converted to reStructuredText."""

import pytest

pytest.importorskip("docutils")
from docutils.core import publish_doctree  # noqa: E402
from docutils.nodes import list_item, section, system_message  # noqa: E402


def parsed(text):
    return publish_doctree(text, settings_overrides={"report_level": 5})


def test_headings_links_and_code_are_converted(conf):
    text = "One\n\n### Two\n\n* `a < b`, [a page](Docs/a.rst), [a site](https://example.org)\n"
    assert conf.restOf(text) == (
        "One\n---\n\nTwo\n~~~\n\n* ``a < b``, a page, `a site <https://example.org>`__\n"
    )


def test_the_whole_changelog_is_converted(conf):
    text = conf.CHANGELOG.read_text(encoding="utf-8")
    tree = parsed(conf.restOf(text.partition("\n## ")[2]))
    assert not list(tree.findall(system_message))
    assert len(list(tree.findall(list_item))) == text.count("\n* ")
    assert len(list(tree.findall(section))) >= text.count("\n### ")
