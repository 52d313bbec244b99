"""A queue of bytes or text, from which any number can be taken."""

import pytest

from Kamaelia.Support.CharacterFIFO import CharacterFIFO


def test_it_raises_IndexError_if_it_has_too_little():
    fifo = CharacterFIFO()
    fifo.push(b"abc")
    with pytest.raises(IndexError):
        fifo.poplength(4)
    assert (fifo.poplength(2), len(fifo), fifo.poplength(1)) == (b"ab", 1, b"c")


class CountedBytes(bytes):
    """Bytes that add up how many are copied from them, and from those copies."""

    copied = 0

    def __getitem__(self, wanted):
        part = CountedBytes(super().__getitem__(wanted))
        CountedBytes.copied += len(part)
        return part


def test_it_copies_each_byte_once_however_many_parts_are_taken(monkeypatch):
    monkeypatch.setattr(CountedBytes, "copied", 0)
    fifo, data = CharacterFIFO(), CountedBytes(range(200))
    fifo.push(b"before")
    fifo.push(data)
    fifo.push(b"after")
    assert b"".join(fifo.poplength(1) for _ in range(len(fifo))) == b"before" + data + b"after"
    assert CountedBytes.copied == len(data)


def test_text_is_taken_as_text():
    fifo = CharacterFIFO()
    fifo.push("so ")
    fifo.push("much")
    assert (fifo.poplength(4), fifo.poplength(3)) == ("so m", "uch")
