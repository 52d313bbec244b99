"""The handlers of the historical example server, by the beginning of the path.

Example usage
-------------
    ServerCore(protocol=functools.partial(HTTPServer, createRequestHandler), port=8080).run()

Programs define a routing of their own, and use HTTPProtocol(routing).
"""

from __future__ import annotations

from typing import Any

from Axon.Component import component
from Kamaelia.Protocol.HTTP.Handlers.Minimal import MinimalFactory
from Kamaelia.Protocol.HTTP.Handlers.SessionExample import SessionExampleWrapper
from Kamaelia.Protocol.HTTP.Routing import requestHandlers

#: The first row whose prefix begins the path decides.
URLHandlers: list[list[Any]] = [
    ["/session/", SessionExampleWrapper],
    ["/", MinimalFactory(indexfilename="index.html", homedirectory="htdocs/")],
]


def createRequestHandler(request: dict[str, Any]) -> component | dict[str, Any]:
    """Return the handler of a request, chosen by URLHandlers as they are now."""
    return requestHandlers(URLHandlers)(request)
