"""The dict that describes a request to the function that chooses its handler.

Example usage
-------------
    request = requestDict(head, peer="192.0.2.1", peerport=4711, localip="192.0.2.2", localport=80)
    request["method"], request["non-query-uri"], request["headers"].get("accept")
"""

from __future__ import annotations

from typing import Any

from Kamaelia.Support.Protocol.HTTP.RequestReader import BadRequest, RequestHead
from Kamaelia.Support.Protocol.HTTP.Uri import splitUri

Request = dict[str, Any]


def requestDict(head: RequestHead, **facts: Any) -> Request:
    """Return the dict for a request. `facts`: more entries, such as both ends of the connection.

    Repeated header fields are joined; `header-fields` has them one by one.
    """
    headers: dict[str, str] = {}
    for name, value in head.fields:
        if name in headers:
            separator = "; " if name == "cookie" else ", "
            headers[name] = f"{headers[name]}{separator}{value}"
        else:
            headers[name] = value
    request: Request = {
        "bad": False,
        "method": head.method,
        "protocol": "HTTP",
        "version": head.version,
        "headers": headers,
        "header-fields": head.fields,
        "body": b"",
    }
    request.update(_partsOf(head.target))
    request.update(facts)
    if not request["uri-server"]:
        request["uri-server"] = headers.get("host", "")
    if not head.isKeptAlive:
        headers["connection"] = "close"
    else:
        headers.setdefault("connection", "keep-alive")
    return request


def badRequestDict(error: BadRequest, **facts: Any) -> Request:
    """Return the dict for a request that could not be read; `bad` is the status code."""
    return {
        "method": "",
        "protocol": "HTTP",
        "version": "1.1",
        "headers": {"connection": "close"},
        "header-fields": [],
        "body": b"",
        **_partsOf("/"),
        **facts,
        "bad": error.status,
        "errormsg": error.reason,
        "error-msg": error.reason,
    }


def _partsOf(target: str) -> dict[str, str]:
    if not target.startswith("/"):
        return splitUri(target) if target != "*" else splitUri("") | {"raw-uri": "*"}
    path, _, query = target.partition("?")  # "//host/path" is a path, too
    return {
        "raw-uri": target,
        "non-query-uri": path,
        "query": query,
        "uri-protocol": "",
        "uri-server": "",
    }
