"""Requests in the form of WSGI, and the division of their paths.

Example usage
-------------
    environ = WSGILikeTranslator(request)       # request: the dict of an HTTPServer
    PopWsgiURI(environ)                         # one more part of the path in SCRIPT_NAME

How does it work?
-----------------
WSGI (PEP 3333) divides a path into SCRIPT_NAME, which led to the application, and PATH_INFO, which
the application interprets. In the dict of a request, `uri-prefix-trigger` and `uri-suffix`
correspond to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

Request = dict[str, Any]
T = TypeVar("T")

SOFTWARE = "Kamaelia"
# What CGI has under other names, and Proxy, which would set HTTP_PROXY for CGI programs.
_NOT_AS_HEADERS = {"content-type", "content-length", "proxy"}


def ReqTranslatorFactory(
    hand: Callable[[Any], T], trans: Callable[[Request], Any]
) -> Callable[[Request], T]:
    """Return a factory of handlers that calls hand(trans(request))."""
    return lambda request: hand(trans(request))


def WSGILikeTranslator(request: Request) -> dict[str, Any]:
    """Return the environ of WSGI for a request, except the entries about the server's work."""
    script: str = request.get("uri-prefix-trigger") or ""
    path: str = request["uri-suffix"] if "uri-suffix" in request else request["non-query-uri"]
    if not path.startswith("/") and (path or script.endswith("/") or not script):
        path = f"/{path}"
    script = checkSlashes(script) if script.strip("/") else ""
    name, port = _serverOf(request)
    headers = request["headers"]
    environ = {
        "REQUEST_METHOD": request["method"],
        "REQUEST_URI": request["raw-uri"],
        "NON_QUERY_URI": request["non-query-uri"],
        "SCRIPT_NAME": _decoded(script),
        "PATH_INFO": _decoded(path),
        "QUERY_STRING": request["query"],
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": headers.get("content-length", ""),
        "SERVER_NAME": name,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"{request['protocol']}/{request['version']}",
        "SERVER_SOFTWARE": SOFTWARE,
        "REMOTE_ADDR": request.get("peer") or "",
        "REMOTE_PORT": str(request.get("peerport") or ""),
        "wsgi.url_scheme": (request.get("uri-protocol") or "http").lower(),
    }
    ConvertHeaders(request, environ)
    return environ


def ConvertHeaders(request: Request, environ: dict[str, Any]) -> None:
    """Add the header fields of a request to `environ`, as HTTP_ACCEPT and so on.

    A name with an underscore is left out: it could pass for one with a hyphen.
    """
    for name, value in request["headers"].items():
        if name not in _NOT_AS_HEADERS and "_" not in name:
            environ[f"HTTP_{name.replace('-', '_').upper()}"] = value


def PopURI(request: dict[str, Any], sn_key: str, pi_key: str, ru_key: str) -> None:
    """Move the first part of request[pi_key] to the end of request[sn_key].

    If request[sn_key] is empty, both are set from the whole path, request[ru_key].
    """
    before = request.get(sn_key) or ""
    path = request.get(pi_key) or "" if before else request[ru_key]
    first, _, rest = path.lstrip("/").partition("/")
    request[sn_key] = f"{before.rstrip('/')}/{first}" if first else before or "/"
    request[pi_key] = f"/{rest}".rstrip("/") if rest.strip("/") else ""


def PopWsgiURI(request: dict[str, Any]) -> None:
    """Move the first part of PATH_INFO to the end of SCRIPT_NAME."""
    PopURI(request, "SCRIPT_NAME", "PATH_INFO", "NON_QUERY_URI")


def PopKamaeliaURI(request: Request) -> None:
    """Move the first part of uri-suffix to the end of uri-prefix-trigger."""
    PopURI(request, "uri-prefix-trigger", "uri-suffix", "non-query-uri")


def checkSlashes(item: str = "", sl_char: str = "/") -> str:
    """Return `item` with a slash at its beginning and none at its end. sl_char: what a slash is."""
    begun = item if item.startswith(sl_char) else sl_char + item
    return begun.rstrip(sl_char)


def _serverOf(request: Request) -> tuple[str, str]:
    """Return the name and the port of the server, as the client knows them."""
    host = request.get("uri-server") or request.get("localip") or "localhost"
    port = request.get("uri-port")
    name, colon, after = host.rpartition(":")
    if colon and after.isdecimal():
        host, port = name, port or after
    if not port:
        isDefault = "host" in request["headers"]
        port = {"https": "443"}.get(request.get("uri-protocol", ""), "80") if isDefault else ""
    return host, str(port or request.get("localport") or "80")


def _decoded(path: str) -> str:
    """Return a path as WSGI has it: decoded, each byte as one character (PEP 3333)."""
    return unquote_to_bytes(path).decode("latin-1")
