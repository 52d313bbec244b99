"""The choice of a handler by the path of a request, and the protocol of a server that uses it.

Example usage
-------------
    routing = [["/hello", Hello], ["/", MinimalFactory("index.html", "htdocs")]]
    ServerCore(protocol=HTTPProtocol(routing), port=8080).run()

How does it work?
-----------------
The first row whose prefix begins the path of the request decides. `uri-prefix-trigger` and
`uri-suffix` of the request are then the prefix and the rest. The historical import path of these
functions is Kamaelia.Support.Protocol.HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from Axon.Component import component
from Kamaelia.Protocol.HTTP.ErrorPages import ErrorPageHandler
from Kamaelia.Protocol.HTTP.HTTPConnection import HTTPConnection
from Kamaelia.Protocol.HTTP.HTTPServer import HTTPServer
from Kamaelia.Support.Protocol.HTTP.RequestDict import Request
from Kamaelia.Support.Protocol.HTTP.StatusCodes import statusOf

Handler = component | dict[str, Any]
RequestHandlerFactory = Callable[[Request], Handler]
ErrorHandler = Callable[[int, str], Handler]
Routing = Iterable[Sequence[Any]]  # of [prefix, factory]


def requestHandlers(
    routing: Routing, errorhandler: ErrorHandler | None = None
) -> RequestHandlerFactory:
    """Return the function that chooses the handler of a request by the prefix of its path.

    errorhandler: called with a status code and a sentence; returns a handler.
    """
    refuse = errorhandler or ErrorPageHandler
    rows = [(row[0], row[1]) for row in routing]

    def createRequestHandler(request: Request) -> Handler:
        if request.get("bad"):
            return refuse(statusOf(request["bad"], 400), request.get("errormsg", ""))
        path = request["non-query-uri"]
        for prefix, factory in rows:
            if path.startswith(prefix):
                request["uri-prefix-trigger"] = prefix
                request["uri-suffix"] = path[len(prefix) :]
                handler: Handler = factory(request)
                return handler
        return refuse(404, f"There is nothing at {request['raw-uri']}.")

    return createRequestHandler


def HTTPProtocol(
    routing: Routing, errorhandler: ErrorHandler | None = None, **settings: Any
) -> Callable[..., HTTPConnection]:
    """Return a protocol for ServerCore. settings: see HTTPServer."""
    return _Protocol(requestHandlers(routing, errorhandler), settings)


class _Protocol:
    """Creates the components of connections."""

    descriptors = 2  # of a connection: its socket and the file that is sent

    def __init__(self, choose: RequestHandlerFactory, settings: dict[str, Any]) -> None:
        self._choose = choose
        self._settings = settings

    def __call__(self, isEncrypted: bool = False, **facts: Any) -> HTTPConnection:
        return HTTPServer(self._choose, isEncrypted=isEncrypted, **self._settings, **facts)
