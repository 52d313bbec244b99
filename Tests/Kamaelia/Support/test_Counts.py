"""Numbers with the noun that they count."""

import pytest

from Kamaelia.Support.Counts import counted


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 messages"), (1, "1 message"), (2, "2 messages")]
)
def test_one_thing_is_in_the_singular(number, text):
    assert counted(number, "message") == text


def test_the_plural_may_be_another_word():
    assert [counted(number, "was", "were") for number in (1, 2)] == ["1 was", "2 were"]
