"""Internet radio (Icecast, SHOUTcast): a client, and the separation of sound and metadata.

Example usage
-------------
    Pipeline(
        IcecastClient("http://radio.example/stream"),
        IcecastDemux(),
        IcecastStreamWriter("stream.mp3"),
    ).run()

How does it work?
-----------------
An IcecastClient is an HTTP client that asks for metadata, and understands the answer "ICY 200 OK"
of old servers. When the stream ends it connects again: after a second, and less often while no
stream comes. An IcecastDemux separates the sound and the metadata into messages of their own.

Termination: an IcecastClient at shutdownMicroprocess, and at producerFinished when the stream ends;
the others at a shutdown message, after the messages before it.
"""

from __future__ import annotations

from collections.abc import Generator
from os import PathLike
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.BaseIPC import IPC
from Kamaelia.File.Writing import SimpleFileWriter
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Protocol.HTTP.HTTPClient import intval
from Kamaelia.Protocol.HTTP.SingleShotClient import SingleShotHTTPClient
from Kamaelia.Support.Protocol.HTTP.ClientRequest import hasHeader
from Kamaelia.Support.Protocol.HTTP.IcecastStream import IcecastStream, parseMetadata
from Kamaelia.Support.Protocol.HTTP.Messages import (
    ParsedHTTPBodyChunk,
    ParsedHTTPEnd,
    ParsedHTTPHeader,
)
from Kamaelia.Util.PureTransformer import PureTransformer
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom


class IceIPCHeader(IPC):
    "Icecast header - content type: %(contenttype)s"

    Parameters = ["contenttype"]
    contenttype: str | None


class IceIPCMetadata(IPC):
    "Icecast metadata: %(metadata)s"

    Parameters = ["metadata"]
    metadata: dict[str, str]


class IceIPCDataChunk(IPC):
    "A piece of an Icecast stream"

    Parameters = ["data"]
    data: bytes


class IceIPCDisconnected(IPC):
    "The end of an Icecast stream"

    Parameters = []


class IcecastClient(SingleShotHTTPClient):
    """IcecastClient(starturl, ...): receives a stream, and connects again when it ends.

    The other settings are those of SingleShotHTTPClient. reconnectDelay: seconds before the next
    attempt; doubled after each attempt without a stream, up to longestDelay.
    """

    reconnectDelay: float = 1
    longestDelay: float = 60  # seconds between two attempts to connect
    _acceptsICY = True

    def formRequest(self, url: str) -> dict[str, Any]:
        """Return the request for `url`, which also asks for metadata."""
        if not hasHeader(tuple(self.extraheaders.items()), "icy-metadata"):
            self.extraheaders["icy-metadata"] = "1"
        return super().formRequest(url)

    def download(self) -> Generator[int, None, None]:
        """`yield from` this to receive streams until this is to end."""
        delay = self.reconnectDelay
        while True:
            self._hasStream = False
            yield from super().download()
            self.shutdownKids()
            if self._hasStream:
                delay = self.reconnectDelay
            if (yield from self._isToEndWithin(delay)):
                return
            delay = min(delay * 2, self.longestDelay)

    _hasStream = False

    def received(self, message: Any) -> None:
        """Note that there is a stream."""
        self._hasStream = self._hasStream or isinstance(message, ParsedHTTPBodyChunk)

    def _isToEndWithin(self, delay: float) -> Generator[int, None, bool]:
        """Wait for `delay` seconds. Return whether a message tells this to end."""
        until = timeOf(self) + delay
        while not (isToStop(self) or self._isInputOver()):
            if (left := until - timeOf(self)) <= 0:
                return False
            yield from self.waitForChange(left)
        return True

    def _isInputOver(self) -> bool:
        return any(isinstance(each, producerFinished) for each in self.inboxes["control"])


class IcecastDemux(component):
    """IcecastDemux(): separates the sound and the metadata of a stream."""

    Inboxes = {
        "inbox": "the messages of an IcecastClient",
        "control": "a shutdown message",
    }
    Outboxes = {
        "outbox": "IceIPCHeader, IceIPCDataChunk, IceIPCMetadata and IceIPCDisconnected",
        "signal": "the shutdown message from control",
    }

    def dictizeMetadata(self, metadata: str) -> dict[str, str]:
        """Return the values in metadata by name."""
        return parseMetadata(metadata)

    def main(self) -> Generator[int, None, None]:
        self._stream = IcecastStream()
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                for part in self._partsOf(message):
                    if not (yield from sendWithRoom(self, part)):
                        break
            if self.isShuttingDown():
                return

    def _partsOf(self, message: Any) -> Generator[IPC, None, None]:
        if isinstance(message, ParsedHTTPHeader):
            headers = message.header["headers"]
            self._stream = IcecastStream(intval(headers.get("icy-metaint")) or 0)
            yield IceIPCHeader(contenttype=headers.get("content-type"))
        elif isinstance(message, ParsedHTTPBodyChunk):
            for part in self._stream.receive(message.bodychunk):
                if isinstance(part, dict):
                    yield IceIPCMetadata(metadata=part)
                else:
                    yield IceIPCDataChunk(data=part)
        elif isinstance(message, ParsedHTTPEnd):
            yield IceIPCDisconnected()


def IcecastStreamRemoveMetadata() -> PureTransformer:
    """Return a component that sends the sound of an IcecastDemux, as bytes, and nothing else."""
    return PureTransformer(lambda part: part.data if isinstance(part, IceIPCDataChunk) else None)


class IcecastStreamWriter(component):
    """IcecastStreamWriter(filename): writes the sound of an IcecastDemux to a file."""

    Inboxes = {
        "inbox": "the messages of an IcecastDemux",
        "control": "producerFinished: end when all is written; shutdownMicroprocess: end now",
    }
    Outboxes = {
        "outbox": "not used",
        "signal": "the shutdown message from control, or producerFinished with an OSError",
    }
    Usescomponents = [SimpleFileWriter]

    def __init__(self, filename: str | PathLike[str]) -> None:
        super().__init__()
        self._writer = writer = SimpleFileWriter(filename)
        sound = IcecastStreamRemoveMetadata()
        self.link((self, "inbox"), (sound, "inbox"), passthrough=1)
        self.link((self, "control"), (sound, "control"), passthrough=1)
        self.link((sound, "outbox"), (writer, "inbox"), capacity=MOST_UNWRITTEN)
        self.link((sound, "signal"), (writer, "control"))
        self.link((writer, "signal"), (self, "signal"), passthrough=2)
        self._sound = sound
        self.addChildren(sound, writer)

    def main(self) -> Generator[int, None, None]:
        for child in (self._sound, self._writer):
            child.activate(Scheduler=self.scheduler)
        while not self._writer.hasEnded():
            yield from self.waitForChange()
        self._sound.deliver(shutdownMicroprocess(self), "control")  # if the file is at fault


MOST_UNWRITTEN = 64  # messages

__kamaelia_components__ = (IcecastClient, IcecastDemux, IcecastStreamWriter)
__kamaelia_prefabs__ = (IcecastStreamRemoveMetadata,)
