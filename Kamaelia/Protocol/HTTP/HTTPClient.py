"""HTTP clients: one download by URL, or one after another.

Example usage
-------------
    Pipeline(DataSource(["https://example.org/"]), SimpleHTTPClient(), ConsoleEchoer()).run()

How does it work?
-----------------
A SimpleHTTPClient runs one SingleShotHTTPClient (Kamaelia.Protocol.HTTP.SingleShotClient) for each
request, one after another, and sends the whole body as bytes.

Termination: at producerFinished after the requests that it has, and at shutdownMicroprocess.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any

from Axon.Component import component
from Axon.Ipc import errorInformation, shutdownMicroprocess
from Axon.Settings import refuseMisspelt, settingsOf
from Kamaelia.Protocol.HTTP.SingleShotClient import HTTPRequest, SingleShotHTTPClient
from Kamaelia.Support.Protocol.HTTP.Messages import (
    ParsedHTTPBodyChunk,
    ParsedHTTPEnd,
    ParsedHTTPHeader,
    ParsedHTTPRedirect,
)
from Kamaelia.Util.Console import ConsoleEchoer
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom

__all__ = [
    "AttachConsoleToDebug",
    "HTTPRequest",
    "ParsedHTTPBodyChunk",
    "ParsedHTTPEnd",
    "ParsedHTTPHeader",
    "ParsedHTTPRedirect",
    "SimpleHTTPClient",
    "SingleShotHTTPClient",
    "intval",
    "makeSSHTTPClient",
    "removeTrailingCr",
]


def makeSSHTTPClient(paramdict: Mapping[str, Any]) -> SingleShotHTTPClient:
    """Return a SingleShotHTTPClient for the keys url, postbody, extraheaders and method.

    Other settings of SingleShotHTTPClient may be given, too; other keys are ignored.
    """
    known = settingsOf(SingleShotHTTPClient) - {"starturl"}
    settings = {name: value for name, value in paramdict.items() if name in known}
    return SingleShotHTTPClient(paramdict.get("url", ""), **settings)


class SimpleHTTPClient(component):
    """SimpleHTTPClient(**settings): downloads one URL after another, in order.

    settings: those of SingleShotHTTPClient, for each download; the body has a limit of 64 MiB
    unless mostBytes sets another. For a download that fails, the body is empty.
    """

    Inboxes = {
        "inbox": "a URL, or a dict with the key url, and others of makeSSHTTPClient",
        "control": "producerFinished: end after these requests; shutdownMicroprocess: stop",
        "_carouselinbox": "the response to the current request",
        "_failures": "the failure of the current request",
    }
    Outboxes = {
        "outbox": "bytes: the whole body, one message for each request",
        "signal": "the shutdown message from control",
        "error": "errorInformation: a download has failed; exception: why, message: the URL",
        "debug": "text: what the client does",
    }
    Usescomponents = [SingleShotHTTPClient]

    MOST_BYTES = 64 * 1024 * 1024  # of the body of a response

    def __init__(self, **settings: Any) -> None:
        refuseMisspelt(SingleShotHTTPClient, settings)
        super().__init__()
        self._settings = {"mostBytes": self.MOST_BYTES, **settings}

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage()
            while self.dataReady("inbox") and not isToStop(self):
                body = yield from self._fetch(self.recv("inbox"))
                if body is not None:
                    yield from sendWithRoom(self, body)
            isStopped = isToStop(self)
            if self.isShuttingDown() or isStopped:
                return

    def _fetch(self, request: Any) -> Generator[int, None, bytes | None]:
        """Return the body, b"" after a failure, or None if this is to stop."""
        parameters = request if isinstance(request, Mapping) else {"url": request}
        try:
            client = makeSSHTTPClient({**self._settings, **parameters})
        except (TypeError, ValueError, AttributeError) as error:
            yield from sendWithRoom(self, errorInformation(self, error, request), "error")
            return b""
        self.link((client, "outbox"), (self, "_carouselinbox"))
        self.link((client, "error"), (self, "_failures"))
        self.link((client, "debug"), (self, "debug"), passthrough=2)
        self.addChildren(client)
        client.activate(Scheduler=self.scheduler)
        chunks: list[bytes] = []
        while not client.isStopped() and not isToStop(self):
            chunks.extend(self._chunks())
            yield from self.waitForChange()
        chunks.extend(self._chunks())
        if isToStop(self):
            client.deliver(shutdownMicroprocess(self), "control")
            return None
        self.removeChild(client)
        return (yield from self._bodyOf(chunks))

    def _chunks(self) -> Iterator[bytes]:
        for message in self.Inbox("_carouselinbox"):
            if isinstance(message, ParsedHTTPBodyChunk):
                yield message.bodychunk

    def _bodyOf(self, chunks: list[bytes]) -> Generator[int, None, bytes]:
        if not self.dataReady("_failures"):
            return b"".join(chunks)
        for failure in self.Inbox("_failures"):
            yield from sendWithRoom(self, failure, "error")
        return b""


def AttachConsoleToDebug(comp: Any) -> None:
    """Print what the client `comp` sends to "debug"."""
    comp.debuggingconsole = ConsoleEchoer()
    comp.link((comp, "debug"), (comp.debuggingconsole, "inbox"))
    comp.debuggingconsole.activate()


def intval(mystring: Any) -> int | None:
    """Return `mystring` as an integer, or None if it is none."""
    try:
        return int(mystring)
    except (TypeError, ValueError):
        return None


def removeTrailingCr(line: str) -> str:
    """Return `line` without a carriage return at its end."""
    return line.removesuffix("\r")


__kamaelia_components__ = (SimpleHTTPClient,)
__kamaelia_prefabs__ = (makeSSHTTPClient,)
