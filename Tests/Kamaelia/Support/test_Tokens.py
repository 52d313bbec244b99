import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Tokens import lineOf, tokensOf


@pytest.mark.parametrize(
    ("line", "tokens"),
    [
        ("ADD NODE 1 'a node' auto", ["ADD", "NODE", "1", "a node", "auto"]),
        (
            r'Hello "how are you" "i replied \"hi\"" end',
            ["Hello", "how are you", 'i replied "hi"', "end"],
        ),
        (r"""'john said "hi"' "c:\\windows" """, ['john said "hi"', r"c:\windows"]),
        (r"c:\windows it's", [r"c:\windows", "it's"]),
        ("  tab\tand spaces  ", ["tab", "and", "spaces"]),
        ("'' \"\"", ["", ""]),
        ("", []),
        ("   ", []),
        ("not 'closed", []),
        ("'text'after", []),
    ],
)
def test_a_line_is_cut_into_words(line, tokens):
    assert tokensOf(line) == tokens


@given(st.lists(st.text()))
def test_the_words_of_a_line_made_of_words_are_these_words(tokens):
    assert tokensOf(lineOf(tokens)) == tokens


@given(st.text(alphabet="a'\"\\ \t\n"))
def test_any_line_has_a_list_of_words(line):
    assert all(isinstance(each, str) for each in tokensOf(line))


def test_a_long_line_of_backslashes_takes_linear_time():
    assert tokensOf("'" + "\\" * 200_001) == []
