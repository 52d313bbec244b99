"""HTTP as plain code.

Messages        the messages between a parser of HTTP and the component that uses it
Uri             the parts of a URL
ClientRequest   the request of a client, and the one that follows a redirect
ResponseReader  the response to a client's request
ContentDecoder  bodies that are compressed, within a limit
IcecastStream   sound and metadata in a radio stream
RequestReader   the requests that come to a server, and what is refused
RequestDict     a request as a dict, for the function that chooses its handler
ResponseWriter  the response of a server as bytes
Limits          the limits of a server on sizes and times
StatusCodes     the status codes with their phrases
Dates           dates in header fields
CommonLog       a line of the access log
FilePaths       the path of a file from the path in a URL
Ranges          ranges of bytes
Conditions      conditional requests
Translators     a request in the form of WSGI, and the division of its path

This package is also the historical import path of HTTPProtocol and requestHandlers, which are
components' code: Kamaelia.Protocol.HTTP.Routing has them.
"""

from typing import TYPE_CHECKING, Any

from Kamaelia.Support.Protocol.HTTP.Translators import (
    ConvertHeaders,
    PopKamaeliaURI,
    PopURI,
    PopWsgiURI,
    ReqTranslatorFactory,
    WSGILikeTranslator,
    checkSlashes,
)

if TYPE_CHECKING:
    from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol, requestHandlers

__all__ = [
    "ConvertHeaders",
    "HTTPProtocol",
    "PopKamaeliaURI",
    "PopURI",
    "PopWsgiURI",
    "ReqTranslatorFactory",
    "WSGILikeTranslator",
    "checkSlashes",
    "requestHandlers",
]


def __getattr__(name: str) -> Any:
    """Import the names that are above this package when a program first uses them."""
    if name in ("HTTPProtocol", "requestHandlers"):
        from Kamaelia.Protocol.HTTP import Routing

        return getattr(Routing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
