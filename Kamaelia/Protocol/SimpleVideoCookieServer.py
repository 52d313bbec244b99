"""A protocol that sends a video, and sends back what it receives.

Example usage
-------------
    SimpleServer(protocol=HelloServer, port=5222).run()
    # nc localhost 5222 | mplayer -

How does it work?
-----------------
The file is sent with 375,000 bits per second.

Termination: as a FileStream.
"""

import sys
from collections.abc import Generator
from os import PathLike

from Kamaelia.File.ReadFileAdaptor import ReadFileAdaptor
from Kamaelia.Protocol.FileStream import FileStream
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["HelloServer"]


class HelloServer(FileStream):
    """A protocol that sends the file `filename`. debug: true to print the data, too."""

    Inboxes = {
        "inbox": "data from the client, which is sent back",
        "datain": "bytes: data of the file",
        "control": "anything: end",
        "_ended": "the end of the reader",
    }

    bitrate = 375_000
    chunkrate = 24

    def __init__(
        self, filename: str | PathLike[str] = "/video/sample-100.mpg", debug: int = 0
    ) -> None:
        super().__init__(filename=filename)
        self.debug = debug

    def linkReader(self, reader: ReadFileAdaptor) -> None:
        """Link the reader to "datain", and hold it while this component is held."""
        self.link((reader, "outbox"), (self, "datain"), capacity=2)

    def attend(self) -> Generator[int, None, None]:
        """Send what has arrived."""
        for boxname in ("datain", "inbox"):
            for data in self.Inbox(boxname):
                if self.debug and boxname == "datain":
                    sys.stdout.write(data.decode(errors="replace"))
                yield from sendWithRoom(self, data)


__kamaelia_components__ = (HelloServer,)
