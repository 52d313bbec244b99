"""Sound and metadata in a radio stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.HTTP import IcecastStream as module
from Kamaelia.Support.Protocol.HTTP.IcecastStream import IcecastStream, decoded, parseMetadata


def streamOf(sound, interval, titles):
    """Return a stream with one title after each interval; "" is sent without metadata."""
    wire = b""
    for start, title in zip(range(0, len(sound), interval), titles, strict=False):
        wire += sound[start : start + interval]
        text = f"StreamTitle='{title}';".encode() if title else b""
        units = -(-len(text) // 16)
        wire += bytes([units]) + text.ljust(units * 16, b"\0")
    return wire


@given(
    sound=st.binary(min_size=10, max_size=100),
    cuts=st.lists(st.integers(0, 500), max_size=8),
)
def test_sound_and_titles_do_not_depend_on_cuts(sound, cuts):
    titles = ["Sinéad, it's", "", "b;c='d'", "x" * 60, "y", "", "z", "q", "r", "s"]
    interval = 10
    count = len(sound) // interval
    whole = sound[: count * interval]
    wire = streamOf(whole, interval, titles)
    stream, parts = IcecastStream(interval), []
    ends = sorted({min(cut, len(wire)) for cut in cuts} | {len(wire)})
    for a, b in zip([0, *ends], ends, strict=False):
        parts += stream.receive(wire[a:b])
    assert b"".join(part for part in parts if isinstance(part, bytes)) == whole
    found = [part["StreamTitle"] for part in parts if isinstance(part, dict)]
    assert found == [title for title in titles[:count] if title]


@pytest.mark.parametrize("interval", [0, -1])
def test_without_an_interval_everything_is_sound(interval):
    assert list(IcecastStream(interval).receive(b"\x01abc")) == [b"\x01abc"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            "StreamTitle='a, b';StreamUrl='http://x/';",
            {"StreamTitle": "a, b", "StreamUrl": "http://x/"},
        ),
        (
            "StreamTitle='it's; here';\nStreamUrl='';",
            {"StreamTitle": "it's; here", "StreamUrl": ""},
        ),
        ("adId=5;StreamTitle='x'", {"adId": "5", "StreamTitle": "x"}),
        ("", {}),
        ("no values", {}),
        ("a='b;c='d'", {"a": "b;c='d"}),
        ("a='b; c=d;e", {"a": "'b", "c": "d"}),
        ("a= b=c;d", {"a": " b=c"}),
    ],
)
def test_metadata_is_a_dict(text, values):
    assert parseMetadata(text) == values


@given(st.binary(max_size=300), st.integers(0, 20))
def test_garbage_never_raises(data, interval):
    for part in IcecastStream(interval).receive(data):
        assert isinstance(part, bytes | dict)


def test_old_servers_use_latin_1():
    assert (decoded(b"\xe9\0\0"), decoded("é".encode())) == ("é", "é")


class Counted:
    """A pattern that counts the characters that it has searched."""

    count = 0

    def __init__(self, pattern):
        self._pattern = pattern

    def search(self, text, begin):
        found = self._pattern.search(text, begin)
        Counted.count += (found.end() if found else len(text)) - begin
        return found


@pytest.mark.parametrize("piece", ["a= ", "a='", "a='b;", "a='b';", "' ", "a=';", "; "])
@pytest.mark.parametrize("end", ["", "x", ";x", "'"])
def test_no_part_of_metadata_is_searched_twice(monkeypatch, piece, end):
    monkeypatch.setattr(Counted, "count", 0)
    for name in ("NAME", "QUOTE"):
        monkeypatch.setattr(module, name, Counted(getattr(module, name)))
    text = piece * 1000 + end
    parseMetadata(text)
    assert Counted.count <= 3 * len(text)


@pytest.mark.parametrize("piece", [" ", "a", "; ", "a= ", "a='", "a='b;", "' ", "';"])
@pytest.mark.parametrize("begin", ["", "a='b'", "a="])
def test_the_time_for_a_long_run_in_metadata_is_proportional_to_its_length(begin, piece):
    # With a pattern that takes the square of the length, this would take minutes.
    assert isinstance(parseMetadata(f"{begin}{piece * 100_000};x"), dict)
