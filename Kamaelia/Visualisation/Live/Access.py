"""The rules for access to the live page: a token, which a cookie replaces, and checked addresses.

Example usage
-------------
    access = Access("sesame", port=8080)
    access.check(request)               # the dict of an HTTP request; Refusal is raised
    access.cookie()                     # a header for the response

How does it work?
-----------------
Each user of a machine can connect to its loopback addresses, and each page in a browser can send
requests there. So a request needs the token of this run, in its query or in a cookie, which no
other page can read. It is compared in constant time. The header Host must name this server,
because a foreign name may lead to this address, too (DNS rebinding). The header Origin, if there
is one, must name it as well.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from Kamaelia.Support.Protocol.WebSocket.Handshake import Refusal, checkOrigin

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Access:
    """Access(token[, port, names]): who may use the page.

    names: those by which browsers reach this server, without a port.
    """

    def __init__(self, token: str, port: int = 0, names: Iterable[str] = LOOPBACK_NAMES) -> None:
        self.token = token
        self.port = port
        self._names = tuple(each.lower() for each in names)

    def check(self, request: Mapping[str, Any]) -> None:
        """Raise Refusal, which has a status and a reason, unless `request` is allowed."""
        if request["headers"].get("host", "").strip().lower() not in self._hosts():
            raise Refusal(421, "this server has another name: use the address that it has printed")
        checkOrigin(request["headers"], None)
        if not self._hasToken(request):
            raise Refusal(403, "the token is missing or wrong: use the address that was printed")

    def _hosts(self) -> set[str]:
        return {f"{name}:{self.port}" for name in self._names}

    def isTokenInQuery(self, request: Mapping[str, Any]) -> bool:
        """Return whether the query has the token, so that a cookie is to replace it."""
        given = parse_qs(request["query"], max_num_fields=20).get("token", [""])
        return self._isToken(given[0])

    def _hasToken(self, request: Mapping[str, Any]) -> bool:
        try:
            if self.isTokenInQuery(request):
                return True
        except ValueError:  # too many fields
            return False
        return any(self._isToken(each) for each in self._cookiesIn(request["headers"]))

    def _cookiesIn(self, headers: Mapping[str, str]) -> list[str]:
        """Return the values of this server's cookie.

        http.cookies takes the square of the length of a header with many backslashes.
        """
        cookies = (each.partition("=") for each in headers.get("cookie", "").split(";"))
        return [value.strip() for name, _, value in cookies if name.strip() == self._cookieName()]

    def _isToken(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    def _cookieName(self) -> str:
        return f"kamaelia-watch-{self.port}"  # the cookies of a host are those of all its ports

    def cookie(self) -> tuple[str, str]:
        """Return the header that sets the cookie. Only this server receives it, and no script."""
        value = f"{self._cookieName()}={self.token}; HttpOnly; SameSite=Strict; Path=/"
        return "Set-Cookie", value

    def address(self, host: str) -> str:
        """Return the address of the page, with the token."""
        return f"http://{host}:{self.port}/?token={self.token}"
