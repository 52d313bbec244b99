"""A protocol that sends a file, or the output of a command, at a constant rate.

Example usage
-------------
    ServerCore(protocol=lambda **_: FileStream(filename="song.wav", bitrate=95200), port=1500).run()

How does it work?
-----------------
A ReadFileAdaptor reads. What it sends goes to the client directly.

Termination: at the end of the data, with the producerFinished of the reader, whose message is the
error if the data could not be read; or at any message on "control", which is passed on.
"""

from collections.abc import Generator
from typing import Any

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.File.ReadFileAdaptor import ReadFileAdaptor
from Kamaelia.Util.Parent import parent

__all__ = ["FileStream"]


class FileStream(parent):
    """A protocol that sends the file `filename`, or the output of `command` if it has no filename.

    bitrate: bits per second. chunkrate: pieces per second.
    """

    Inboxes = {
        "inbox": "not used",
        "control": "anything: end",
        "_ended": "the end of the reader",
    }
    Outboxes = {
        "outbox": "bytes: the data",
        "signal": "producerFinished at the end of the data, or the message from control",
        "_stop": "shutdownMicroprocess to the reader",
    }

    filename: Any = ""  # the file to send
    command: Any = ""  # whose output is sent, if there is no file
    bitrate: float = 95200
    chunkrate: float = 25

    def reader(self) -> ReadFileAdaptor:
        """Return the component that reads. Subclasses may override it."""
        return ReadFileAdaptor(
            filename=self.filename,
            command=self.command,
            readmode="bitrate",
            bitrate=self.bitrate,
            chunkrate=self.chunkrate,
        )

    def linkReader(self, reader: ReadFileAdaptor) -> None:
        """Link the reader's "outbox". Subclasses may override it."""
        self.link((reader, "outbox"), (self, "outbox"), passthrough=2)

    def attend(self) -> Generator[int, None, None]:
        """Handle messages from the client. Subclasses may override it."""
        self.discardUnread("inbox")
        yield from ()

    def main(self) -> Generator[int, None, None]:
        reader = self.reader()
        self.linkReader(reader)
        self.link((reader, "signal"), (self, "_ended"))
        self.link((self, "_stop"), (reader, "control"))
        self.adopt(reader)
        end: Any = None
        while not self.childrenDone():
            for message in self.Inbox("control"):
                end = end or message
                self.send(shutdownMicroprocess(self), "_stop")
            yield from self.attend()
            yield from self.waitForChange()
        yield from self.attend()
        ends = list(self.Inbox("_ended"))
        self.send(end or (ends[0] if ends else producerFinished(self)), "signal")


__kamaelia_components__ = (FileStream,)
