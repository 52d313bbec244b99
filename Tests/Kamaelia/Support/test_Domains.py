"""The form in which domains are compared."""

import pytest

from Kamaelia.Support.Domains import nameKey


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("stra\u00dfe.example", "strasse.example"),
        ("stra\u00dfe\u00fc.example", "strasse\u00fc.example"),
        ("\uff45xample\u00fc.org", "example\u00fc.org"),
        ("example\u3002org", "example.org"),
        ("\u00fc\u3002example.org", "\u00fc.example.org"),
    ],
)
def test_a_name_that_programs_may_convert_differently_equals_no_other(
    name: str, other: str
) -> None:
    assert nameKey(name) == name
    assert nameKey(name) != nameKey(other)
