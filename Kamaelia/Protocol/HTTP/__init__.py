"""Components for HTTP: clients and servers of the web.

Servers:
HTTPServer          the protocol of a server
Routing             the same, with a handler for each prefix of paths
HTTPConnection      one connection of a server
HTTPRequestHandler  the responses to the requests of a connection
Exchange            one request with its response
Upgrade             another protocol on the same connection
HTTPParser          bytes as messages about requests or responses
HTTPResourceGlue    the handlers of the historical example server
Handlers            handlers of requests: files, an example with sessions
ErrorPages          responses for errors
MimeTypes           the MIME types of files
AccessLog           the access log

Clients:
HTTPClient        a client for one URL after another, and the historical names of clients
SingleShotClient  a client for one URL
HTTPHelpers       POST requests for a client
IcecastClient     internet radio
PieceSender       sends a request to a connection
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol, requestHandlers

__all__ = ["HTTPProtocol", "requestHandlers"]


def __getattr__(name: str) -> Any:
    """Import the names of Routing when a program first uses them, and not for a client."""
    if name in __all__:
        from Kamaelia.Protocol.HTTP import Routing

        return getattr(Routing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
