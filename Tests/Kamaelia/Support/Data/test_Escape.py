import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Data.Escape import escape, unescape


@given(st.text(), st.text())
def test_a_text_that_is_escaped_and_unescaped_is_unchanged(message, substring):
    escaped = escape(message, substring)
    assert unescape(escaped, substring) == message
    characters = set(substring) - set("%0123456789abcdef")
    assert not characters & set(escaped)


@given(st.binary(), st.binary())
def test_bytes_that_are_escaped_and_unescaped_are_unchanged(message, substring):
    assert unescape(escape(message, substring), substring) == message


@given(st.text(), st.text(alphabet=[chr(code) for code in range(128)]))
def test_escaping_and_encoding_may_be_done_in_either_order(message, substring):
    assert escape(message, substring).encode() == escape(message.encode(), substring.encode())


@pytest.mark.parametrize(
    ("message", "substring", "expected"),
    [
        ("100 % of XXX", None, "100 %25 of XXX"),
        ("100 % of XXX", "X", "100 %25 of %58%58%58"),
        ("a.b[c]", ".[]", "a%2eb%5bc%5d"),
        ("line\n", "\n", "line%0a"),
        (b"\xff%", b"\xff", b"%ff%25"),
    ],
)
def test_a_character_becomes_a_percent_sign_and_its_code(message, substring, expected):
    assert escape(message, substring) == expected


def test_escapes_of_other_characters_stay():
    assert unescape("%41%58", "X") == "%41X"
