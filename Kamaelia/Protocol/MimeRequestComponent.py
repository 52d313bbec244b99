"""A component that parses one request: a first line, a header and a body.

Example usage
-------------
    Pipeline(ReadFileAdaptor("request.txt"), MimeRequestComponent(), ConsoleEchoer()).run()

How does it work?
-----------------
MimeRequestParser does the work (Kamaelia.Support.Data.MimeRequest). The request may arrive in
pieces of any size. Its body is bytes if the first piece was bytes, and otherwise text.

Termination: after one request, with a producerFinished; or at a producerFinished or
shutdownMicroprocess.
"""

from __future__ import annotations

from collections.abc import Iterator

from Axon.Component import component
from Axon.Ipc import errorInformation, producerFinished
from Kamaelia.Support.Data.MimeObject import mimeObject
from Kamaelia.Support.Data.MimeRequest import MimeRequestParser
from Kamaelia.Support.Data.requestLine import BadRequest
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["MimeRequestComponent", "mimeObject"]


class MimeRequestComponent(component):
    """A component that sends one mimeObject: preambleLine (a requestLine), header and body.

    A malformed request is reported to "signal", and ends the component. maxHeader, maxBody: the
    most bytes of the first line with the header, and of the body.
    """

    Inboxes = {
        "inbox": "bytes or text: the request, in pieces",
        "control": "a shutdown message",
    }
    Outboxes = {
        "outbox": "one mimeObject",
        "signal": "errorInformation for a malformed request; the last message ends the receiver",
    }

    maxHeader = 65536
    maxBody = 2**24

    def main(self) -> Iterator[int]:
        parser = MimeRequestParser(self.maxHeader, self.maxBody)
        isText: bool | None = None
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                if isText is None:
                    isText = isinstance(data, str)
                try:
                    request = parser.feed(data.encode() if isinstance(data, str) else data)
                except BadRequest as error:
                    self.send(errorInformation(self, error, data), "signal")
                    self.send(producerFinished(self), "signal")
                    return
                if request is not None:
                    yield from self._sendRequest(request, isText)
                    return
            if self.isShuttingDown():
                return

    def _sendRequest(self, request: mimeObject, isText: bool) -> Iterator[int]:
        """Send the request, with its body as text if `isText`, and the end of the data."""
        if isText and isinstance(request.body, bytes):
            request.body = request.body.decode("utf-8", "replace")
        yield from sendWithRoom(self, request)
        self.send(producerFinished(self), "signal")


__kamaelia_components__ = (MimeRequestComponent,)
