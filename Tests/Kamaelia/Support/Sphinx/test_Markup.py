"""reST for the page of a component."""

import pytest

from Kamaelia.Support.Sphinx.Markup import synopsisOf


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
