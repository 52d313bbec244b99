"""Docstrings in the reference, converted to reStructuredText."""

import pytest

pytest.importorskip("sphinx")


def converted(conf, docstring):
    lines = docstring.split("\n")
    conf.convertDocstring(None, None, None, None, None, lines)
    return [line for line in lines if line]


def test_settings_in_a_paragraph_become_a_list(conf):
    assert converted(
        conf, "A sum.\n\nIt adds. first, last: limits. step: not 0,\nbut *any* other."
    ) == [
        "A sum.",
        "It adds.",
        "* ``first``, ``last``: limits.",
        "* ``step``: not 0, but \\*any\\* other.",
    ]


def test_titles_examples_and_other_paragraphs_stay_as_they_are(conf):
    lines = [
        "A chassis: it has parts.",
        "Example usage",
        "-------------",
        "::",
        "    one: two",
        "How does it work?",
        "-----------------",
        "Termination: at",
        "the end.",
    ]
    given = "\n".join([lines[0], "", *lines[1:3], lines[4], "", *lines[5:]])
    assert converted(conf, given) == lines
