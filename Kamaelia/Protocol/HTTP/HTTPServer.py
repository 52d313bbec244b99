"""An HTTP/1.1 server: the protocol of a ServerCore.

Example usage
-------------
    def hello(request):
        return {"statuscode": 200, "content-type": "text/plain", "data": "Hello, world"}

    ServerCore(protocol=functools.partial(HTTPServer, hello), port=8080).run()

Most programs use HTTPProtocol(routing), which chooses a handler by the path.

How does it work?
-----------------
HTTPServer returns an HTTPConnection, one component for each connection. The historical server was a
Graphline of an HTTPParser, an HTTPRequestHandler and an HTTPShutdownLogicHandling. The three can
still be used in that way.

Termination: see HTTPRequestHandler.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Settings import acceptedByAll
from Kamaelia.Protocol.HTTP.AccessLog import logTo
from Kamaelia.Protocol.HTTP.HTTPConnection import HTTPConnection
from Kamaelia.Support.Protocol.HTTP.Limits import Limits
from Kamaelia.Support.Protocol.HTTP.StatusCodes import MapStatusCodeToText

__all__ = ["HTTPServer", "HTTPShutdownLogicHandling", "MapStatusCodeToText"]


def HTTPServer(
    createRequestHandler: Callable[[dict[str, Any]], Any],
    limits: Limits | None = None,
    accessLog: Callable[[str], object] | None = None,
    isEncrypted: bool = False,
    **facts: Any,
) -> HTTPConnection:
    """Return the component for one connection.

    createRequestHandler: called with each request, a dict; returns its handler. accessLog: called
    with a line in the Common Log Format for each response. isEncrypted: whether the connection
    uses TLS. facts: peer, peerport, localip and localport, which ServerCore gives.
    """
    for name in facts.keys() - set(acceptedByAll(HTTPConnection)):
        raise TypeError(f"HTTPServer has no setting {name!r}")
    facts["uri-protocol"] = "https" if isEncrypted else "http"
    return HTTPConnection(
        createRequestHandler,
        facts=facts,
        limits=limits or HTTPConnection.limits,
        onResponse=None if accessLog is None else logTo(accessLog),
    )


class HTTPShutdownLogicHandling(component):
    """The decision about the end of a connection whose parser and handler are two components.

    Termination: when the handler has ended, or at shutdownMicroprocess on "control".
    """

    Inboxes = {
        "inbox": "not used",
        "Pcontrol": "messages from the signal of the parser",
        "Hcontrol": "messages from the signal of the handler",
        "control": "messages about the connection",
    }
    Outboxes = {
        "outbox": "not used",
        "Psignal": "messages to the control of the parser",
        "Hsignal": "messages to the control of the handler",
        "signal": "producerFinished: close the connection",
    }

    def main(self) -> Generator[int, None, None]:
        isOpen = True
        while isOpen:
            yield from self.waitForMessage()
            for message in self.Inbox("control"):
                self.send(message, "Psignal")
                if isinstance(message, shutdownMicroprocess):
                    self.send(message, "Hsignal")
                    isOpen = False
            for message in self.Inbox("Pcontrol"):
                self.send(message, "Hsignal")  # there are no more requests
            for message in self.Inbox("Hcontrol"):
                if isinstance(message, producerFinished | shutdownMicroprocess):
                    self.send(shutdownMicroprocess(self), "Psignal")
                    isOpen = False
        self.send(producerFinished(self), "signal")


__kamaelia_components__ = (HTTPShutdownLogicHandling,)
__kamaelia_prefabs__ = (HTTPServer,)
