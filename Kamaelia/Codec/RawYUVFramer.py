"""Raw video without headers, cut into frames.

Example usage
-------------
    Pipeline(PromptedFileReader("cif.yuv"), RawYUVFramer((352, 288)), FrameToYUV4MPEG()).run()

How does it work?
-----------------
The planes of each frame follow one another in the stream. A frame is a dict: "yuv" is the tuple of
its planes, "size" and "pixformat" are what the component was created with.

Termination: at a producerFinished, after the complete frames, or at a shutdownMicroprocess at once.
"""

from collections.abc import Iterable
from typing import Any

from Kamaelia.Support.Media.Frames import PlaneCutter, planeSizes
from Kamaelia.Util.StreamTransformer import StreamTransformer

__all__ = ["RawYUVFramer"]


class RawYUVFramer(StreamTransformer):
    """A component that sends a dict for each frame of raw video.

    size: (width, height). pixformat: one of Kamaelia.Support.Media.Frames.PIXEL_FORMATS. Raises
    ValueError for another one.
    """

    Inboxes = {"inbox": "bytes: the video in pieces of any size", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "dict: yuv, size, pixformat",
        "signal": "the shutdown message from control",
    }

    def __init__(self, size: tuple[int, int], pixformat: str = "YUV420_planar") -> None:
        super().__init__()
        self.size = size
        self.pixformat = pixformat
        self.cutter = PlaneCutter(planeSizes(size, pixformat))

    def transform(self, message: bytes) -> Iterable[dict[str, Any]]:
        """Return the frames that end in this piece of the video."""
        facts = {"pixformat": self.pixformat, "size": self.size}
        return [facts | {"yuv": planes} for planes in self.cutter.feed(message)]


__kamaelia_components__ = (RawYUVFramer,)
