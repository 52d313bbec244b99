"""A MimeDict keeps the order of its fields and is written as it was read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Data.MimeDict import MimeDict

MESSAGES = [
    "",
    "\r\n",
    "\r\nbody",
    "Header: value\r\n\r\n",
    "Header: value\r\n\r\n body that looks like a continuation\r\n",
    "B: 1\r\nA: 2\r\nB: 3\r\nC: 4\r\nA: 5\r\n\r\nbody",
    "A: one\r\n  two\r\n   three\r\nA: four\r\n five\r\n\r\n",
    "A: \r\nB:  \r\n\r\n",
    "A: no empty line\r\nbody",
    "A: no end",
    " A: space before the name\r\n\r\n",
    ": no name\r\n\r\n",
    "A: bare\rCR\r\n\r\n",
]


@pytest.mark.parametrize("text", MESSAGES)
def test_a_message_is_written_as_it_was_read(text: str) -> None:
    assert str(MimeDict.fromString(text)) == text


def test_fields_and_body_are_read() -> None:
    message = MimeDict.fromString("To: ann\r\nSubject: hi\r\nTo: bob\r\n\r\nHello\r\n")
    assert message == {"To": ["ann", "bob"], "Subject": "hi", "__BODY__": "Hello\r\n"}
    assert message.insertionorder == ["To", "Subject", "To"]
    assert not message.invalidSource


def test_a_malformed_message_is_all_body() -> None:
    message = MimeDict.fromString("To: ann\r\nnot a field\r\n\r\nHello")
    assert message == {"__BODY__": "To: ann\r\nnot a field\r\n\r\nHello"}
    assert message.invalidSource
    message["To"] = "ann"
    assert str(message) == "To: ann\r\n\r\nTo: ann\r\nnot a field\r\n\r\nHello"


def test_a_space_after_the_colon_is_added() -> None:
    assert str(MimeDict.fromString("A:1\r\nB:\r\n\r\n")) == "A: 1\r\nB: \r\n\r\n"


def test_the_order_follows_every_change() -> None:
    message = MimeDict(A="1", B=["2", "3"], C=[])
    assert message.insertionorder == ["A", "B", "B", "C"]
    message["A"] = "4"
    assert message.insertionorder == ["B", "B", "C", "A"]
    del message["C"]
    message.update(D="5")
    message |= {"E": "6"}
    assert message.setdefault("F", "7") == "7"
    assert message.pop("A") == "4"
    assert str(message) == "B: 2\r\nB: 3\r\nD: 5\r\nE: 6\r\nF: 7\r\n\r\n"
    message.clear()
    assert message.insertionorder == []


def test_a_field_cannot_be_the_body() -> None:
    message = MimeDict.fromString("__BODY__: x\r\nA: 1\r\n\r\nbody")
    assert message == {"A": "1", "__BODY__": "body"}
    assert str(message) == "A: 1\r\n\r\nbody"


@pytest.mark.parametrize("name", ["", "a:b", "a\r\nb", " a", "a\nb"])
def test_a_name_that_cannot_be_written_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        MimeDict()[name] = "x"


TEXT = st.text(st.sampled_from("ab: \r\n"), max_size=12)
NAME = st.sampled_from(["A", "B-b", "c c"])
VALUES = st.dictionaries(NAME, st.one_of(TEXT, st.lists(TEXT, min_size=2, max_size=3)))


@given(VALUES, TEXT)
def test_no_value_becomes_another_field_or_the_body(
    values: dict[str, str | list[str]], body: str
) -> None:
    message = MimeDict(**values, __BODY__=body)
    again = MimeDict.fromString(str(message))
    assert again.insertionorder == message.insertionorder
    assert again["__BODY__"] == body


@given(st.text(st.sampled_from("ab: \r\n"), max_size=40))
def test_any_text_can_be_read_and_written(text: str) -> None:
    message = MimeDict.fromString(text)
    if ":" not in text:
        assert str(message) == text
    assert MimeDict.fromString(str(message)) == message


def test_a_header_of_a_megabyte_is_read_in_linear_time() -> None:
    """The historical parser copied the rest of the text at each field."""
    message = MimeDict.fromString("Header: value\r\n" * 70_000 + "\r\n")
    assert len(message["Header"]) == 70_000
