"""The first line of a request with an absolute URI, as proxies receive it.

Example usage
-------------
    line = requestLine("GET http://example.org/tea TALK/1.0")
    line.domain, line.url       # "example.org", "/tea"

How does it work?
-----------------
One regular expression takes the line apart. Nothing is decoded and nothing is looked up: the parts
are as they stand in the line.
"""

import re

__all__ = ["BadRequest", "requestLine"]

LONGEST = 65536  # characters; a longer line is refused

LINE = re.compile(
    r"(?P<method>[^ ]*) (?P<reqprotocol>[^ ]*?)://"
    r"(?:(?P<user>[^:@/]*)(?::(?P<passwd>[^@/]*))?@)?(?P<domain>[^/]*)"
    r"(?P<url>/[^ ]*) (?P<protocol>[^/]*)/(?P<version>.*)"
)


class BadRequest(Exception):
    """BadRequest(request, exception): `request` is malformed; `exception` says why."""

    def __init__(self, request: object, innerexception: BaseException) -> None:
        super().__init__(request, innerexception)
        self.request = request
        self.exception = innerexception

    def __str__(self) -> str:
        return f"bad request {self.request!r:.100}: {self.exception}"


class requestLine:
    """The parts of `request`: "METHOD scheme://[user[:password]@]domain/url PROTOCOL/version".

    Attributes, all strings: method, reqprotocol (the scheme), user, passwd, domain (with the port),
    url (the path and the query), protocol, version. Raises BadRequest if the line has another form.
    """

    def __init__(self, request: str) -> None:
        found = LINE.fullmatch(request) if len(request) <= LONGEST else None
        if found is None:
            form = "METHOD scheme://domain/url PROTOCOL/version"
            raise BadRequest(request, ValueError(f"the line has not the form {form}"))
        parts = found.groupdict("")
        self.method = parts["method"]
        self.reqprotocol = parts["reqprotocol"]
        self.user = parts["user"]
        self.passwd = parts["passwd"]
        self.domain = parts["domain"]
        self.url = parts["url"]
        self.protocol = parts["protocol"]
        self.version = parts["version"]

    def debug__str__(self) -> str:
        """Return a table of the parts, one on each line."""
        rows = {
            "METHOD  ": self.method,
            "PROTOCOL": self.protocol,
            "VERSION ": self.version,
            "Req Type": self.reqprotocol,
            "USER    ": self.user,
            "PASSWORD": self.passwd,
            "DOMAIN  ": self.domain,
            "URL     ": self.url,
        }
        return "\n".join(f"{name}\t:{value}" for name, value in rows.items())

    def __str__(self) -> str:
        """Return the line; an empty password is left out."""
        password = f":{self.passwd}" if self.passwd else ""
        login = f"{self.user}{password}@" if self.user else ""
        uri = f"{self.reqprotocol}://{login}{self.domain}{self.url}"
        return f"{self.method} {uri} {self.protocol}/{self.version}"
