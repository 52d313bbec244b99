"""YUV4MPEG streams of raw video: their headers, and a parser for data that is cut at any places.

Example usage
-------------
    reader = YUV4MPEGReader()
    reader.feed(b"YUV4MPEG2 W2 H2 F25:1\\nFRAME\\nYYYYUV")
    # [{"yuv": (b"YYYY", b"U", b"V"), "size": (2, 2), "pixformat": "YUV420_planar", ...}]

How does it work?
-----------------
The stream has a line of tags, and then a line of tags and the planes of each frame. A tag is a
letter and a value (the manual page yuv4mpeg(5) of mjpegtools). A frame is a dict that has "yuv",
"size" and "pixformat", and what the tags say: "chroma_size", "interlaced", "topfieldfirst",
"frame_rate", "pixel_aspect", "sequence_meta", "meta".
"""

from __future__ import annotations

import re
from typing import Any

from Kamaelia.Support.Data.Rationals import rational
from Kamaelia.Support.Media.Frames import PlaneCutter, chromaSize, planeSizes

__all__ = [
    "InvalidYUV4MPEG",
    "YUV4MPEGReader",
    "frameHeader",
    "parse_frame_tags",
    "parse_seq_tags",
    "streamHeader",
]

Frame = dict[str, Any]

_MAGIC = b"YUV4MPEG2"
_LONGEST_LINE = 4096  # bytes
_LARGEST_FRAME = 1 << 28  # bytes

_PIXEL_FORMATS = {
    "420": "YUV420_planar",
    "420jpeg": "YUV420_planar",
    "420mpeg2": "YUV420_planar",
    "420paldv": "YUV420_planar",
    "411": "YUV411_planar",
    "422": "YUV422_planar",
    "444": "YUV444_planar",
    "444alpha": "YUV4444_planar",
    "mono": "Y_planar",
}
_TAGS_OF_FORMATS = {form: tag for tag, form in _PIXEL_FORMATS.items() if tag != "420paldv"}
_TAGS_OF_FORMATS["YUV420_planar"] = "420mpeg2"

_STREAM_INTERLACING: dict[str, Frame] = {
    "p": {"interlaced": False},
    "t": {"interlaced": True, "topfieldfirst": True},
    "b": {"interlaced": True, "topfieldfirst": False},
}
_FRAME_PRESENTATION: dict[str, Frame] = {
    **dict.fromkeys("tT", _STREAM_INTERLACING["t"]),
    **dict.fromkeys("bB", _STREAM_INTERLACING["b"]),
    **dict.fromkeys("123", _STREAM_INTERLACING["p"]),
}
_FRAME_SAMPLING: dict[str, Frame] = {"p": {"interlaced": False}, "i": {"interlaced": True}}


class InvalidYUV4MPEG(ValueError):
    """The data is not a YUV4MPEG stream, or one of a kind that is not supported."""


def parse_seq_tags(fields: str) -> Frame:
    """Return what the tags of a stream say. Raises InvalidYUV4MPEG."""
    tags = _tagsIn(fields)
    try:
        size = int(tags["W"]), int(tags["H"])
    except (KeyError, ValueError):
        raise InvalidYUV4MPEG("the stream does not say the width and height of frames") from None
    form = _PIXEL_FORMATS.get(tags.get("C", "420jpeg"))
    if form is None:
        raise InvalidYUV4MPEG(f"the pixel format {tags['C']!r} is not supported")
    found: Frame = {"size": size, "pixformat": form, "chroma_size": chromaSize(size, form)}
    found |= _STREAM_INTERLACING.get(tags.get("I", "?"), {})
    for tag, name in (("F", "frame_rate"), ("A", "pixel_aspect")):
        ratio = re.fullmatch(r"(\d{1,9}):(\d{1,9})", tags.get(tag, ""), re.ASCII)
        if ratio is not None and int(ratio[1]) and int(ratio[2]):
            found[name] = int(ratio[1]) / int(ratio[2])
    if "X" in tags:
        found["sequence_meta"] = tags["X"]
    return found


def parse_frame_tags(fields: str) -> Frame:
    """Return what the tags of a frame say."""
    tags = _tagsIn(fields)
    order = tags.get("I", "")  # presentation, temporal sampling, spatial sampling
    found = _FRAME_PRESENTATION.get(order[:1], {}) | _FRAME_SAMPLING.get(order[1:2], {})
    if "X" in tags:
        found["meta"] = tags["X"]
    return found


def _tagsIn(fields: str) -> dict[str, str]:
    return {each[0]: each[1:] for each in fields.split(" ") if each}


def streamHeader(frame: Frame) -> bytes:
    """Return the header of a stream of frames like this one.

    Raises ValueError if the frame lacks its size, or has an unknown pixel format.
    """
    try:
        width, height = frame["size"]
        form = _TAGS_OF_FORMATS[frame["pixformat"]]
    except KeyError as error:
        raise ValueError(f"no YUV4MPEG stream can have this frame: {error}") from error
    order = "t" if frame.get("topfieldfirst") else "b"
    words = [f"W{width}", f"H{height}", f"C{form}", f"I{order if frame.get('interlaced') else 'p'}"]
    for tag, name in (("F", "frame_rate"), ("A", "pixel_aspect")):
        if frame.get(name, 0) > 0:
            words.append("{}{}:{}".format(tag, *rational(frame[name])))
    if "sequence_meta" in frame:
        words.append("X" + frame["sequence_meta"])
    header = " ".join(words)
    if header.split() != words:
        raise ValueError("the metadata of a sequence must be one word")
    return _MAGIC + b" " + header.encode() + b"\n"


def frameHeader() -> bytes:
    """Return the line that precedes the planes of a frame."""
    return b"FRAME\n"


class YUV4MPEGReader:
    """A parser of a YUV4MPEG stream, which returns its frames."""

    def __init__(self) -> None:
        self._begun = bytearray()
        self._stream: Frame | None = None
        self._frame: Frame | None = None  # the tags of the frame whose planes come next
        self._cutter = PlaneCutter([1])
        self._length = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Add data. Return the frames that are complete. Raises InvalidYUV4MPEG."""
        self._begun += data
        frames: list[Frame] = []
        while self._hasProgress(frames):
            pass
        return frames

    def finish(self) -> None:
        """Report the end of the data. Raises InvalidYUV4MPEG if a header or frame is incomplete."""
        if self._begun or self._frame is not None:
            raise InvalidYUV4MPEG("the data ends within a header or a frame")

    def _hasProgress(self, frames: list[Frame]) -> bool:
        """Take the next line or the planes of a frame. Return whether they were complete."""
        if self._frame is not None and self._stream is not None:
            if len(self._begun) < self._length:
                return False
            planes = self._cutter.cut(self._take(self._length))
            frames.append({"yuv": planes} | self._stream | self._frame)
            self._frame = None
            return True
        end = self._begun.find(b"\n", 0, _LONGEST_LINE)
        if end < 0:
            if len(self._begun) >= _LONGEST_LINE:
                raise InvalidYUV4MPEG(f"a header is longer than {_LONGEST_LINE} bytes")
            return False
        self._takeHeader(self._take(end + 1)[:-1])
        return True

    def _takeHeader(self, line: bytes) -> None:
        word, _, tags = line.partition(b" ")
        fields = tags.decode("utf-8", "replace")
        if word != (_MAGIC if self._stream is None else b"FRAME"):
            raise InvalidYUV4MPEG(f"{line[:20]!r} is not the header of a stream or frame")
        if self._stream is not None:
            self._frame = parse_frame_tags(fields)
            return
        self._stream = parse_seq_tags(fields)
        try:
            sizes = planeSizes(self._stream["size"], self._stream["pixformat"])
        except ValueError as error:
            raise InvalidYUV4MPEG(str(error)) from error
        self._cutter, self._length = PlaneCutter(sizes), sum(sizes)
        if self._length > _LARGEST_FRAME:
            raise InvalidYUV4MPEG(f"a frame of {self._length} bytes is too large")

    def _take(self, size: int) -> bytes:
        taken = bytes(self._begun[:size])
        del self._begun[:size]
        return taken
