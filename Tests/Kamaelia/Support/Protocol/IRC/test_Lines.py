"""Lines do not depend on how the network cuts them, and have a limit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.IRC import IRCError, LineBuffer

LIMIT = 8


def linesOf(pieces: list[bytes]) -> list[bytes | None]:
    """Return the lines; None for one that is too long."""
    buffer = LineBuffer(LIMIT)
    found = [line for piece in pieces for line in buffer.feed(piece)]
    return [None if isinstance(line, IRCError) else line for line in found]


PIECE = st.lists(st.sampled_from([b"a", b"bcd", b"\r", b"\n", b"\r\n", b"x" * 9])).map(b"".join)


@given(st.lists(PIECE))
def test_lines_do_not_depend_on_the_pieces(pieces: list[bytes]) -> None:
    parts = re.split(rb"[\r\n]+", b"".join(pieces))[:-1]
    assert linesOf(pieces) == [part if len(part) <= LIMIT else None for part in parts if part]


def test_little_is_kept_of_a_line_that_does_not_end() -> None:
    buffer = LineBuffer(LIMIT)
    for _ in range(1000):
        assert list(buffer.feed(b"x" * 1000)) == []
    (line,) = buffer.feed(b"\n")
    assert str(line) == "a line is longer than 8 bytes: b'xxxxxxxxx'"
    assert list(buffer.feed(b"ok\n")) == [b"ok"]


@pytest.mark.parametrize("length", [LIMIT, LIMIT + 1])
def test_a_line_of_the_limit_is_complete_and_a_longer_one_is_an_error(length: int) -> None:
    assert linesOf([b"x" * length + b"\n"]) == [b"x" * length if length == LIMIT else None]
