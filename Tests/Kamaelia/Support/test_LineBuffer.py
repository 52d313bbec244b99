"""Lines in a stream of pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.LineBuffer import LineBuffer, LongLine

STREAMS = st.lists(st.sampled_from([b"a", b"\n", b"bc", b"\r\n", b"", b"long enough"]))


def linesOf(buffer: LineBuffer[bytes], pieces: list[bytes]) -> list[object]:
    lines = [line for piece in pieces for line in buffer.feed(piece)]
    rest = buffer.takeRest()
    return [*lines, rest] if rest else lines


@given(STREAMS, st.integers(1, 5))
def test_lines_do_not_depend_on_how_the_stream_is_cut(parts: list[bytes], size: int) -> None:
    stream = b"".join(parts)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    lines = linesOf(LineBuffer(b"\n"), pieces)
    assert lines == linesOf(LineBuffer(b"\n"), [stream])
    assert b"".join(lines) == stream  # type: ignore[arg-type]
    assert all(line.count(b"\n") == 1 for line in lines[:-1])  # type: ignore[attr-defined]


@given(STREAMS, st.integers(1, 5), st.integers(1, 4))
def test_a_line_that_is_too_long_is_cut_wherever_the_stream_is_cut(
    parts: list[bytes], size: int, limit: int
) -> None:
    stream = b"".join(parts)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    found = linesOf(LineBuffer(b"\n", limit), pieces)
    expected = [
        LongLine(line[:limit]) if len(line.removesuffix(b"\n")) > limit else line
        for line in linesOf(LineBuffer(b"\n"), [stream])  # type: ignore[attr-defined]
        if isinstance(line, bytes)
    ]
    assert found == expected


def test_no_more_than_the_limit_is_kept() -> None:
    buffer = LineBuffer(b"\n", 10)
    for _ in range(1000):
        assert buffer.feed(b"x" * 1000) == []
    assert buffer.takeRest() == LongLine(b"x" * 10)


def test_text_has_lines_too() -> None:
    buffer = LineBuffer("\n")
    assert [*buffer.feed("a\nb"), *buffer.feed("\u2028c\n")] == ["a\n", "b\u2028c\n"]


def test_a_limit_is_at_least_1() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        LineBuffer(b"\n", 0)
