"""Lists as lines and lines as lists, including lines of other implementations."""

import pytest

from Axon.testing import FINISHED, feed
from Kamaelia.Util.Tokenisation.Simple import (
    EscapedListMarshalling,
    lines_to_tokenlists,
    tokenlists_to_lines,
)

LISTS = [
    [],
    ["hello", "world"],
    [["hello", "world"]],
    [["a b"], [], "[", "]"],
    ["one\ntwo\r\n", "back\\slash", "100%", "%20", "%a", "%25a", "10:59"],
    ["x", ["1", [["7", "alpha beta"], ["5"]]], "ü"],
]


@pytest.mark.parametrize("tokens", LISTS)
def test_a_list_survives_the_conversion_to_a_line_and_back(tokens):
    [line] = feed(tokenlists_to_lines(), inbox=[tokens])["outbox"]
    assert line.endswith("\n")
    assert len(line.splitlines()) == 1
    assert feed(lines_to_tokenlists(), inbox=[line, line.encode()]) == {
        "outbox": [tokens, tokens],
        "signal": [FINISHED],
    }


def test_the_format_is_that_of_the_historical_release():
    marshall, demarshall = EscapedListMarshalling.marshall, EscapedListMarshalling.demarshall
    assert marshall(["a b", ("c", "d")]) == "a%20b [ c d ] \n"
    assert marshall(["a"], term="!") == "a !"
    # It also escaped the digits 0 and 9, and wrote newlines with one digit.
    assert demarshall("%31%30:5%39 one%atwo\n") == ["%310:59", "one\ntwo"]


@pytest.mark.parametrize("line", ["a ] b", "[ [ a ]", "["])
def test_brackets_that_do_not_match_are_an_error_that_shows_the_line(line):
    with pytest.raises(ValueError, match="without a") as caught:
        EscapedListMarshalling.demarshall(line)
    assert repr(line) in str(caught.value)


def test_an_element_that_is_neither_text_nor_a_list_is_an_error():
    with pytest.raises(TypeError):
        EscapedListMarshalling.marshall([1])
