"""A queue of bytes, or of text, from which any number can be taken.

Example usage
-------------
    fifo = CharacterFIFO()
    fifo.push(b"so much ")
    fifo.push(b"depends")
    fifo.poplength(10)                  # b"so much de"
    len(fifo)                           # 5

How does it work?
-----------------
Received pieces are kept unchanged. Data is copied once, when it is taken.
"""

from __future__ import annotations

from collections import deque
from typing import Any

__all__ = ["CharacterFIFO"]


class CharacterFIFO:
    """A queue of bytes, or of text, from which any number can be taken."""

    def __init__(self) -> None:
        self._pieces: deque[Any] = deque()
        self._taken = 0  # what has been taken from the first piece, which is not cut
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def push(self, text: Any) -> None:
        """Add bytes, or text, at the end."""
        if text:
            self._pieces.append(text)
            self._length += len(text)

    def poplength(self, length: int) -> Any:
        """Take and return `length` bytes or characters. Raise IndexError if there are fewer."""
        if length > self._length:
            raise IndexError(f"{length} were asked for, but only {self._length} are available")
        taken, missing = [], length
        while missing:
            piece = self._pieces[0]
            part = piece[self._taken : self._taken + missing]
            taken.append(part)
            missing -= len(part)
            self._taken += len(part)
            if self._taken == len(piece):
                self._pieces.popleft()
                self._taken = 0
        self._length -= length
        return taken[0][:0].join(taken) if taken else b""
