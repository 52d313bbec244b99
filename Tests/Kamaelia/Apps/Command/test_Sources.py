"""The mistakes in a program's text that are no longer there when it runs."""

import pytest

from Kamaelia.Apps.Command.Sources import repeatedKeys


def test_the_second_of_two_equal_linkages_is_found():
    text = 'x = {\n ("A", "outbox"): 1,\n ("B", "outbox"): 2,\n ("A", "outbox"): 3,\n}'
    ((line, words),) = repeatedKeys(text)
    assert line == 4
    assert "replaces the one in line 2" in words


@pytest.mark.parametrize(
    "text",
    [
        'x = {("A", "outbox"): 1, ("A", "signal"): 2}',
        'x = {("A", "outbox"): 1}\ny = {("A", "outbox"): 2}',
        'x = {"A": 1, "A": 2}',
        'x = {(name, "outbox"): 1, (name, "outbox"): 2}',
        'x = {**y, ("A", "outbox"): 1}',
    ],
)
def test_other_dicts_are_not_linkages_or_not_repeated(text):
    assert list(repeatedKeys(text)) == []


def test_a_text_may_declare_its_encoding():
    text = '# -*- coding: latin-1 -*-\nx = {\n ("Ä", "outbox"): 1,\n ("Ä", "outbox"): 2,\n}'
    ((line, words),) = repeatedKeys(text.encode("latin-1"))
    assert line == 4
    assert "Ä" in words
