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

    A malformed request ends the component. maxHeader, maxBody: the
    most bytes of the first line with the header, and of the body.
    """

    Inboxes = {
        "inbox": "bytes or text: the request, in pieces",
        "control": "a shutdown message",
    }
    Outboxes = {
        "outbox": "one mimeObject",
        "signal": "producerFinished, or a shutdown message; before it the message of error, if any",
        "error": "errorInformation: a malformed request; exception: a BadRequest",
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
                    self._reportError(error.with_traceback(None), data)
                    return
                if request is not None:
                    yield from self._sendRequest(request, isText)
                    return
            if self.isShuttingDown():
                return

    def _reportError(self, error: BadRequest, data: str | bytes) -> None:
        """Report the error to "error", and to "signal" as 1.14 does, and end the receiver."""
        information = errorInformation(self, error, data)
        self.send(information, "error")
        self.send(information, "signal")
        self.send(producerFinished(self, error), "signal")

    def _sendRequest(self, request: mimeObject, isText: bool) -> Iterator[int]:
        """Send the request, with its body as text if `isText`, and the end of the data."""
        if isText and isinstance(request.body, bytes):
            request.body = request.body.decode("utf-8", "replace")
        yield from sendWithRoom(self, request)
        self.send(producerFinished(self), "signal")


__kamaelia_components__ = (MimeRequestComponent,)
