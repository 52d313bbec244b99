"""Frames of raw video: the sizes of their planes.

How does it work?
-----------------
A frame has a plane of brightness (Y) and two planes of colour (U and V), which are smaller in most
pixel formats. A format with transparency has a fourth plane, in the size of the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["PIXEL_FORMATS", "PlaneCutter", "chromaSize", "planeSizes"]

#: By pixel format: the divisors of width and height for colour, or None without colour.
_CHROMA: dict[str, tuple[int, int] | None] = {
    "YUV420_planar": (2, 2),
    "YUV411_planar": (4, 1),
    "YUV422_planar": (2, 1),
    "YUV444_planar": (1, 1),
    "YUV4444_planar": (1, 1),
    "Y_planar": None,
}
PIXEL_FORMATS = tuple(_CHROMA)


def chromaSize(size: tuple[int, int], pixformat: str) -> tuple[int, int]:
    """Return the width and height of a plane of colour. Odd sizes are rounded up.

    Raises ValueError for an unknown pixel format.
    """
    if pixformat not in _CHROMA:
        raise ValueError(f"{pixformat!r} is not a pixel format: {', '.join(PIXEL_FORMATS)}")
    divisors = _CHROMA[pixformat]
    if divisors is None:
        return 0, 0
    return -(-size[0] // divisors[0]), -(-size[1] // divisors[1])


def planeSizes(size: tuple[int, int], pixformat: str) -> list[int]:
    """Return the number of bytes in each plane of a frame. Raises ValueError."""
    width, height = size
    if width < 1 or height < 1:
        raise ValueError(f"a frame of {width} by {height} pixels has no data")
    chroma = chromaSize(size, pixformat)
    alpha = [width * height] if pixformat == "YUV4444_planar" else []
    return [width * height, chroma[0] * chroma[1], chroma[0] * chroma[1], *alpha]


class PlaneCutter:
    """PlaneCutter(sizes): cuts a stream of bytes into frames of planes with these sizes."""

    def __init__(self, sizes: Iterable[int]) -> None:
        self.sizes = list(sizes)
        self._total = sum(self.sizes)
        self._begun = bytearray()

    def feed(self, data: Any) -> list[tuple[bytes, ...]]:
        """Add data. Return the frames that are complete, each a tuple of planes."""
        self._begun += data
        frames = []
        for _ in range(len(self._begun) // self._total):
            frames.append(self.cut(bytes(self._begun[: self._total])))
            del self._begun[: self._total]
        return frames

    def cut(self, frame: bytes) -> tuple[bytes, ...]:
        """Return the planes of one frame."""
        planes, at = [], 0
        for size in self.sizes:
            planes.append(frame[at : at + size])
            at += size
        return tuple(planes)
