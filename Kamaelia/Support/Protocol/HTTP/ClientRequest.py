"""The request of a client: its bytes, and the request that follows a redirect.

Example usage
-------------
    request = ClientRequest.forURL("http://example.org/page?q=1")
    send(b"".join(request.pieces()))
    following = request.redirected(302, "/other")      # a new request, or ValueError

How does it work?
-----------------
A request is a value. h11 checks and writes its head, so a line break in a header is an error.
Headers with credentials are for one server: a redirect to another one drops them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urljoin, urlsplit

import h11

from Kamaelia.Support.Protocol.HTTP.Uri import splitUri
from Kamaelia.Support.Secrets import withoutCredentials

PORTS = {"http": 80, "https": 443}
AGENT = "Kamaelia"

# The characters of a URL that stay as they are: RFC 3986, section 2.2, and existing escapes.
KEPT = "%/:=&?~+!$,;'@()*[]"

NOT_IN_HOST = set(" \\^`{|}<>[]@%\"'")  # most of them from RFC 3986, section 3.2.2

REDIRECTS = {301, 302, 303, 307, 308}  # RFC 9110, section 15.4
REPEATED = {307, 308}  # with the same method and body
# Beyond the names in RFC 9110, Cookie of RFC 6265; Host belongs to the old server.
FOR_ONE_SERVER = {"authorization", "cookie", "host", "proxy-authorization"}
ABOUT_THE_BODY = {
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "expect",
    "transfer-encoding",
}

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Server:
    """Server(scheme, host, port): where a request goes. host: without the brackets of IPv6."""

    scheme: str
    host: str
    port: int

    def hostHeader(self) -> str:
        """Return the value of the header Host: RFC 9110, section 7.2."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == PORTS[self.scheme] else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """ClientRequest(method, url, server, target, headers, body): one request of a client.

    url: absolute. target: the path with its query, as it is sent. body: None if there is none.
    """

    method: str
    url: str
    server: Server
    target: str
    headers: Headers = ()
    body: bytes | None = None

    @classmethod
    def forURL(
        cls,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | Headers = (),
        body: bytes | None = None,
    ) -> ClientRequest:
        """Return the request for `url`. Raises ValueError if no request can be made for it.

        A user and a password in the URL become a header Authorization.
        """
        parts = splitUri(url.strip().partition("#")[0])
        server = serverOf(parts, url)
        target = quote(parts["raw-uri"], safe=KEPT)
        pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers)
        if "uri-username" in parts and not hasHeader(pairs, "authorization"):
            pairs += (("Authorization", basicCredentials(parts)),)
        absolute = f"{server.scheme}://{server.hostHeader()}{target}"
        return cls(method, absolute, server, target, pairs, body)

    def redirected(self, status: int, location: str) -> ClientRequest:
        """Return the request that follows a redirect. Raises ValueError if none may follow."""
        url = urljoin(self.url, location.strip())
        if urlsplit(url).scheme not in PORTS:
            shown = withoutCredentials(location)
            raise ValueError(f"{self.url} redirects to {shown!r}, which is not http or https")
        following = ClientRequest.forURL(url)
        dropped: set[str] = set() if following.server == self.server else FOR_ONE_SERVER
        method, body = self.method, self.body
        if status not in REPEATED and method not in ("GET", "HEAD"):
            method, body = "GET", None
            dropped = dropped | ABOUT_THE_BODY
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in dropped)
        own = tuple(pair for pair in following.headers if not hasHeader(kept, pair[0]))
        return replace(following, method=method, headers=kept + own, body=body)

    def pieces(self) -> list[bytes]:
        """Return the head and, if there is one, the body, in the form that its headers announce.

        Raises ValueError if the headers are not valid, or announce another body.
        """
        headers = [*self._defaults(), *self.headers]
        writer = h11.Connection(h11.CLIENT)
        try:
            request = h11.Request(method=self.method, target=self.target, headers=headers)
            pieces = [writer.send(request) or b""]
            if self.body:
                pieces += writer.send_with_data_passthrough(h11.Data(data=self.body)) or []
            pieces += writer.send_with_data_passthrough(h11.EndOfMessage()) or []
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise ValueError(f"the request for {self.url} is not valid: {error}") from error
        return pieces

    def _defaults(self) -> list[tuple[str, str]]:
        """Return the headers that are sent unless the caller has set them."""
        defaults = [
            ("Host", self.server.hostHeader()),
            ("User-Agent", AGENT),
            ("Accept", "*/*"),
            ("Accept-Encoding", "gzip, deflate"),
            ("Connection", "close"),
        ]
        if self.body is not None and not hasHeader(self.headers, "transfer-encoding"):
            defaults.append(("Content-Length", str(len(self.body))))
        return [pair for pair in defaults if not hasHeader(self.headers, pair[0])]

    def isDecodedFor(self) -> bool:
        """Return whether the reader of the response is to undo its compression.

        It is not if the caller has negotiated a compression on its own.
        """
        return not hasHeader(self.headers, "accept-encoding")


def serverOf(parts: Mapping[str, str], url: str) -> Server:
    """Return where a request for `url` with these parts (splitUri) goes. Raises ValueError."""
    shown = withoutCredentials(url)
    scheme = parts["uri-protocol"].lower() or "http"
    if scheme not in PORTS:
        raise ValueError(f"{shown!r} is not a URL of http or https")
    host = parts["uri-server"].removeprefix("[").removesuffix("]")
    if not host:
        raise ValueError(f"{shown!r} names no server")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError as error:
            raise ValueError(f"{shown!r} has no valid server name: {error}") from error
    if NOT_IN_HOST & set(host) or not host.isprintable():
        raise ValueError(f"{shown!r} has no valid server name")
    port = parts.get("uri-port") or str(PORTS[scheme])
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise ValueError(f"{shown!r} has no valid port: {port!r}")
    return Server(scheme, host.lower(), int(port))


def basicCredentials(parts: Mapping[str, str]) -> str:
    """Return the value of the header Authorization for the user of a URL: RFC 7617."""
    user, password = unquote(parts["uri-username"]), unquote(parts.get("uri-password", ""))
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def hasHeader(headers: Headers, name: str) -> bool:
    """Return whether `headers` contains a header of this name, in any case."""
    return any(each.lower() == name.lower() for each, _ in headers)
