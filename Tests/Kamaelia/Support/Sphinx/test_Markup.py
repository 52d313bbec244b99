"""reST for the page of a component."""

import pytest

from Kamaelia.Support.Sphinx.Markup import componentPage, synopsisOf


def kindWith(docstring):
    return type("Total", (), {"__doc__": docstring})


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("Total(start): adds numbers.", ("Total(start)", "Adds numbers.")),
        ("Total([start][, step]) -> adds.", ("Total(start, step=...)", "Adds.")),
        ("Total(*parts, **settings): adds.", ("Total(*parts, **settings)", "Adds.")),
        ("Total(): adds.", ("Total()", "Adds.")),
        ("Total(a or b): adds.", ("Total", "Adds.")),
        ("Adds (and more): numbers.", ("Total", "Adds (and more): numbers.")),
        ("", ("Total", "")),
    ],
)
def test_the_call_in_a_docstring_becomes_the_signature_if_it_is_one(docstring, expected):
    assert synopsisOf(kindWith(docstring)) == expected


def test_a_long_list_that_is_no_signature_is_recognised_at_once():
    names = ", ".join(f"name{number}" for number in range(40))
    assert synopsisOf(kindWith(f"Total({names}, {{x}}): adds."))[0] == "Total"


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("Plain text: it stays.", ["Plain text: it stays."]),
        (
            "It adds. first, last: limits, such as 1. step: 0 is an\nerror. See `Step`.",
            [
                "It adds.",
                "* ``first``, ``last``: limits, such as 1.",
                "* ``step``: 0 is an error. See ``Step``.",
            ],
        ),
        ("when: or (see) other: x", ["* ``when``: or (see) other: x"]),
    ],
)  # fmt: skip
def test_settings_in_a_paragraph_become_a_list(paragraph, expected):
    kind = type("Total", (), {"__doc__": f"A sum.\n\n{paragraph}", "Inboxes": [], "Outboxes": []})
    lines = [line.strip() for line in componentPage(kind, kind, [], [])]
    end = lines.index("**Inboxes**: none")
    assert [line for line in lines[lines.index("A sum.") + 1 : end] if line] == expected
