"""YUV4MPEG streams of raw video, which ffmpeg, mplayer and mjpegtools read and write.

Example usage
-------------
    Pipeline(PromptedFileReader("in.y4m"), YUV4MPEGToFrame(), Effect(), FrameToYUV4MPEG(),
             SimpleFileWriter("out.y4m")).run()

How does it work?
-----------------
A frame is a dict, which Kamaelia.Support.Media.YUV4MPEG describes. Its "yuv", "size" and
"pixformat" are required, and the first frame decides the header of a stream. Both wait while the
receiver has no space.

Termination: at a producerFinished, after the data that arrived before it, or at a
shutdownMicroprocess at once. Invalid data ends each with a producerFinished whose message is the
error.
"""

from collections.abc import Iterable
from typing import Any

from Kamaelia.Support.Media.YUV4MPEG import (
    YUV4MPEGReader,
    frameHeader,
    parse_frame_tags,
    parse_seq_tags,
    streamHeader,
)
from Kamaelia.Util.StreamTransformer import StreamTransformer

__all__ = ["FrameToYUV4MPEG", "YUV4MPEGToFrame", "parse_frame_tags", "parse_seq_tags"]


class YUV4MPEGToFrame(StreamTransformer):
    """A component that sends a dict for each frame of a stream."""

    Inboxes = {"inbox": "bytes: the stream in pieces of any size", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "dict: a frame",
        "error": "errorInformation: the data is not a YUV4MPEG stream",
        "signal": "the shutdown message from control, or producerFinished with an error",
    }

    def __init__(self) -> None:
        super().__init__()
        self.reader = YUV4MPEGReader()

    def transform(self, message: bytes) -> Iterable[dict[str, Any]]:
        """Return the frames that end in this piece of the stream."""
        return self.reader.feed(message)

    def finish(self) -> Iterable[dict[str, Any]]:
        """Check that the last frame was complete."""
        if not self.isBroken:
            self.reader.finish()
        return ()


class FrameToYUV4MPEG(StreamTransformer):
    """A component that sends a stream with the frames that it receives."""

    Inboxes = {"inbox": "dict: a frame", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "bytes: headers and planes",
        "error": "errorInformation: the frame cannot be in this stream",
        "signal": "the shutdown message from control, or producerFinished with an error",
    }

    def __init__(self) -> None:
        super().__init__()
        self._kind: Any = None  # the size and pixel format of all frames

    def transform(self, message: dict[str, Any]) -> Iterable[bytes]:
        """Return the planes of the frame, and a header before them."""
        header = streamHeader(message)
        kind = message["size"], message["pixformat"]
        if self._kind not in (None, kind):
            raise ValueError(f"a frame is {kind}, but the stream is {self._kind}")
        if "yuv" not in message:
            raise ValueError("a frame has no planes")
        start = [header] if self._kind is None else []
        self._kind = kind
        return [*start, frameHeader(), *message["yuv"]]


__kamaelia_components__ = (YUV4MPEGToFrame, FrameToYUV4MPEG)
