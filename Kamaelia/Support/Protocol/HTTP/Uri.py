"""The parts of a URL, in the dict that requests carry.

Example usage
-------------
    splitUri("http://me@example.org:8080/page?q=1")["uri-server"]      # "example.org"
"""

from __future__ import annotations


def splitUri(url: str) -> dict[str, str]:
    """Return the parts of `url`, which may also be a path without a scheme and a server.

    The keys are raw-uri (the path with its query), non-query-uri, query, uri-protocol and
    uri-server, and, if the URL has these parts, uri-port, uri-username and uri-password. Parts are
    not decoded. An IPv6 address keeps its brackets.
    """
    scheme, isAbsolute, rest = url.partition("://")
    if not isAbsolute or not _isScheme(scheme):
        scheme, rest = "", url
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    authority, rawUri = rest[:end], rest[end:]
    if authority and not rawUri.startswith("/"):
        rawUri = f"/{rawUri}"
    path, _, query = rawUri.partition("?")
    parts = {"raw-uri": rawUri, "uri-protocol": scheme, "non-query-uri": path, "query": query}
    return parts | splitAuthority(authority)


def splitAuthority(authority: str) -> dict[str, str]:
    """Return uri-server, and uri-port, uri-username and uri-password if they are there."""
    parts = {}
    userinfo, hasUser, server = authority.rpartition("@")
    if hasUser:
        parts["uri-username"], hasPassword, password = userinfo.partition(":")
        if hasPassword:
            parts["uri-password"] = password
    host, hasPort, port = server.rpartition(":")
    if hasPort and "]" not in port:
        parts["uri-port"] = port
        server = host
    return parts | {"uri-server": server}


def _isScheme(text: str) -> bool:
    """Return whether `text` may precede "://": RFC 3986, section 3.1."""
    isPlain = text.isascii() and text.replace("+", "").replace("-", "").replace(".", "").isalnum()
    return isPlain and text[0].isalpha()
