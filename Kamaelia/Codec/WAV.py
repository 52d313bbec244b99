"""WAV files of sound: a parser and a writer.

Example usage
-------------
    Graphline(READ=PromptedFileReader("in.wav"), PARSE=WAVParser(),
              WRITE=Carousel(lambda audio: WAVWriter(**audio)), FILE=SimpleFileWriter("out.wav"),
              linkages={("READ", "outbox"): ("PARSE", "inbox"),
                        ("PARSE", "outbox"): ("WRITE", "inbox"),
                        ("PARSE", "all_meta"): ("WRITE", "next"), ...}).run()

How does it work?
-----------------
Both wait while the receiver has no space. Samples are "S8" or "S16_LE". The length in the header of
a written file is the greatest one,
which means that it is unknown.

Termination: at a producerFinished, after the data that arrived before it, or at a
shutdownMicroprocess at once. A parser also ends at the end of the samples, and, with an InvalidWAV
as the message of its producerFinished, at data that is not a WAV file.
"""

from collections.abc import Generator, Iterable
from typing import Any

from Kamaelia.Support.Media.WAV import AudioFormat, WAVReader, wavHeader
from Kamaelia.Util.SendWithRoom import sendWithRoom
from Kamaelia.Util.StreamTransformer import StreamTransformer

__all__ = ["WAVParser", "WAVWriter"]


class WAVParser(StreamTransformer):
    """A component that sends the format and the samples of a WAV file."""

    Inboxes = {"inbox": "bytes: the file in pieces of any size", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "bytes: samples",
        "sample_format": '"S8" or "S16_LE", once',
        "channels": "int, once",
        "sample_rate": "int: Hz, once",
        "all_meta": "dict: sample_format, channels and sample_rate, once",
        "error": "errorInformation: the data is not a WAV file",
        "signal": "the shutdown message from control, or producerFinished: the samples have ended",
    }

    def __init__(self) -> None:
        super().__init__()
        self.reader = WAVReader()

    def transform(self, message: bytes) -> Iterable[AudioFormat | bytes]:
        """Return the format and samples in this piece of the file."""
        return self.reader.feed(message)

    def finish(self) -> Iterable[bytes]:
        """Check that the header was complete."""
        if not self.isBroken:
            self.reader.finish()
        return ()

    def isComplete(self) -> bool:
        """Return whether all samples have been sent."""
        return self.reader.isComplete

    def sendEach(
        self, messages: Iterable[Any], boxname: str = "outbox"
    ) -> Generator[int, None, None]:
        """Send samples to "outbox", and a format to the boxes for it."""
        for message in messages:
            if isinstance(message, AudioFormat):
                facts = message._asdict()
                for name, value in (*facts.items(), ("all_meta", facts)):
                    yield from sendWithRoom(self, value, name)
            else:
                yield from super().sendEach((message,), boxname)


class WAVWriter(StreamTransformer):
    """A component that sends a WAV file with the samples that it receives.

    channels: 1 for mono, 2 for stereo. sample_format: "S8" or "S16_LE". sample_rate: Hz. Raises
    ValueError for another format.
    """

    Inboxes = {"inbox": "bytes: samples", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "bytes: the header, at once, and the samples",
        "signal": "the shutdown message from control",
    }

    def __init__(self, channels: int, sample_format: str, sample_rate: int) -> None:
        super().__init__()
        self.header = wavHeader(AudioFormat(channels, sample_format, sample_rate))

    def start(self) -> Iterable[bytes]:
        """Return the header."""
        return (self.header,)


__kamaelia_components__ = (WAVParser, WAVWriter)
