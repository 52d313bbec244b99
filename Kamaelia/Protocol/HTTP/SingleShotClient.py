"""An HTTP client for one download by URL, which sends the response on as it arrives.

Example usage
-------------
    Pipeline(SingleShotHTTPClient("https://example.org/big"), Consumer(), capacity=10).run()

How does it work?
-----------------
It connects with a TCPClient, sends its request, and sends on the response as it arrives:
ParsedHTTPHeader, ParsedHTTPBodyChunk and ParsedHTTPEnd. Nothing is stored: if its consumer is
full, the server has to wait. It follows redirects; each is reported by a ParsedHTTPRedirect.

A download that fails is reported by an errorInformation on "error": the server cannot be reached,
its certificate is not valid, its response breaks the rules or a limit, it is silent for too long.

Termination: after the response, or at shutdownMicroprocess without completing it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from math import inf
from ssl import SSLContext
from typing import Any

from Axon.Component import component
from Axon.Ipc import errorInformation, producerFinished, shutdownMicroprocess
from Axon.Settings import refuseMisspelt
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Protocol.HTTP.PieceSender import PieceSender
from Kamaelia.Support.Protocol.HTTP.ClientRequest import REDIRECTS, ClientRequest
from Kamaelia.Support.Protocol.HTTP.Messages import ParsedHTTPHeader, ParsedHTTPRedirect
from Kamaelia.Support.Protocol.HTTP.ResponseReader import MOST_DECODED, Message, ResponseReader
from Kamaelia.Support.Secrets import withoutCredentials
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom

MANY_MESSAGES = 64  # of one piece of data, which take about 2 ms


class HTTPRequest:
    """HTTPRequest(requestobject, redirectcount): a request, and the redirects that led to it."""

    def __init__(self, requestobject: dict[str, Any], redirectcount: int) -> None:
        self.requestobject = requestobject
        self.redirectcount = redirectcount


class SingleShotHTTPClient(component):
    """SingleShotHTTPClient(starturl[, postbody, connectionclass, extraheaders, method], ...).

    postbody: bytes or text to send; "" for a GET, None for a POST with an empty body.
    connectionclass: called with host and port, and for https with ssl=. extraheaders: a dict; they
    replace the default headers of the same name. ssl: an SSLContext for https; by default the
    certificate is verified. timeout: seconds without progress. mostTime: seconds in total, or
    None. mostRedirects: how many are followed. mostBytes: the limit on the body, or None.
    mostDecoded: the limit on what a compressed body expands to.
    """

    Inboxes = {
        "inbox": "not used",
        "control": "shutdownMicroprocess: stop; producerFinished: end after the response",
        "_tcpinbox": "bytes from the connection",
        "_tcpcontrol": "the end of the connection",
    }
    Outboxes = {
        "outbox": "ParsedHTTPHeader, ParsedHTTPBodyChunk and ParsedHTTPEnd; ParsedHTTPRedirect",
        "signal": "producerFinished at the end, or the shutdownMicroprocess from control",
        "error": "errorInformation: the download has failed; exception: why, message: the URL",
        "debug": "text: what the client does",
    }
    Usescomponents = [TCPClient]

    ssl: SSLContext | None = None
    timeout: float = 60
    mostTime: float | None = None
    mostRedirects: int = 10
    mostBytes: int | None = None
    mostDecoded: int = MOST_DECODED
    _acceptsICY = False

    def __init__(
        self,
        starturl: str,
        postbody: str | bytes | None = "",
        connectionclass: Callable[..., component] = TCPClient,
        extraheaders: Mapping[str, str] | None = None,
        method: str | None = None,
        **argd: Any,
    ) -> None:
        refuseMisspelt(type(self))
        super().__init__(**argd)
        for value, kinds in ((starturl, str), (postbody, str | bytes | None)):
            if not isinstance(value, kinds):
                raise TypeError(f"a URL is text, and a body is bytes or text, not {value!r}")
        self.starturl = starturl
        self.postbody = postbody
        self.connectionclass = connectionclass
        self.extraheaders = dict(extraheaders or {})
        self.method = method
        self.request: ClientRequest | None = None  # the current one
        self.tcpclient: component | None = None
        self._sender: PieceSender | None = None

    def main(self) -> Generator[int, None, None]:
        self._due = inf if self.mostTime is None else timeOf(self) + self.mostTime
        try:
            yield from self.download()
        finally:
            self.shutdownKids()
        self.send(self._shutdownMessage() or producerFinished(self), "signal")

    def download(self) -> Generator[int, None, None]:
        """`yield from` this to download the URL once, and to report a failure on "error"."""
        try:
            following: HTTPRequest | None = HTTPRequest(self.formRequest(self.starturl), 0)
            while following is not None:
                following = yield from self._exchange(following)
        except (OSError, ValueError) as error:
            url = self.request.url if self.request else withoutCredentials(self.starturl)
            self.send(f"the download of {url} has failed: {error}", "debug")
            failure = errorInformation(self, error.with_traceback(None), url)
            yield from sendWithRoom(self, failure, "error")

    # Requests

    def formRequest(self, url: str) -> dict[str, Any]:
        """Return what is known about the request for `url`; "request" has the bytes to send.

        A subclass may override it. Raises ValueError if no request can be made.
        """
        body = self.postbody.encode() if isinstance(self.postbody, str) else self.postbody
        hasBody = body != b""
        method = self.method or ("POST" if hasBody else "GET")
        content = (body or b"") if hasBody else None
        return self._describe(ClientRequest.forURL(url, method, self.extraheaders, content))

    def _describe(self, request: ClientRequest) -> dict[str, Any]:
        self.request = request
        return {
            "url": request.url,
            "method": request.method,
            "raw-uri": request.target,
            "uri-protocol": request.server.scheme,
            "uri-server": request.server.host,
            "uri-port": str(request.server.port),
            "request": request.pieces(),
        }

    def makeRequest(self, request: HTTPRequest) -> None:
        """Connect to the server, and send the request."""
        described = request.requestobject
        host, port = described["uri-server"], int(described.get("uri-port") or 80)
        self.send(f"connecting to {host}, port {port}", "debug")
        isSecure = described.get("uri-protocol") == "https"
        settings = {"ssl": self.ssl or True} if isSecure else {}
        self.tcpclient = client = self.connectionclass(host, port, **settings)
        self._sender = sender = PieceSender(described["request"])
        self.link((client, "outbox"), (self, "_tcpinbox"))
        self.link((client, "signal"), (self, "_tcpcontrol"))
        self.link((sender, "outbox"), (client, "inbox"))
        self.addChildren(client, sender)
        client.activate(Scheduler=self.scheduler)
        sender.activate(Scheduler=self.scheduler)

    def shutdownKids(self) -> None:
        """End the connection, and discard what has not been read."""
        if self.tcpclient is None or self._sender is None:
            return
        self._sender.deliver(shutdownMicroprocess(self), "control")
        self.tcpclient.deliver(shutdownMicroprocess(self), "control")
        self.removeChild(self._sender)
        self.removeChild(self.tcpclient)
        self.tcpclient = self._sender = None
        for boxname in ("_tcpinbox", "_tcpcontrol"):
            for _ in self.Inbox(boxname):
                pass

    # Responses

    def _exchange(self, request: HTTPRequest) -> Generator[int, None, HTTPRequest | None]:
        """Send one request and its response on. Return the request that follows a redirect."""
        self.makeRequest(request)
        reader = ResponseReader(
            request.requestobject.get("method", "GET"),
            self.mostBytes,
            self.mostDecoded,
            self.request is None or self.request.isDecodedFor(),
            self._acceptsICY,
        )
        while not reader.isComplete():
            data = yield from self._received()
            if data is None:
                return None
            for number, message in enumerate(reader.receive(data), 1):
                following = self._afterRedirect(message, request.redirectcount)
                if following is not None:
                    self.shutdownKids()
                    redirect = ParsedHTTPRedirect(following.requestobject["url"])
                    return following if (yield from sendWithRoom(self, redirect)) else None
                self.received(message)
                if not (yield from sendWithRoom(self, message)):
                    return None
                if number % MANY_MESSAGES == 0:
                    yield 1  # others have their turns
            if not data:
                break
        self.shutdownKids()
        return None

    def received(self, message: Message) -> None:
        """Called with each message before it is sent on. A subclass may override it."""

    def _received(self) -> Generator[int, None, bytes | None]:
        """Return the next data, b"" at the end of the connection, or None if this is to stop.

        Raises TimeoutError if none arrives in time, and the error of the connection.
        """
        until = min(timeOf(self) + self.timeout, self._due)
        sent = self._sent()
        while not isToStop(self):
            if timeOf(self) >= self._due:
                raise TimeoutError(self._lateness())
            if self.dataReady("_tcpinbox"):
                return bytes(self.recv("_tcpinbox"))
            if self.dataReady("_tcpcontrol"):
                return self._endOfConnection(self.recv("_tcpcontrol"))
            if (left := until - timeOf(self)) <= 0:
                if self._sent() == sent:
                    raise TimeoutError(self._lateness())
                sent, until = self._sent(), min(timeOf(self) + self.timeout, self._due)
                continue
            yield from self.waitForChange(left)
        return None

    def _sent(self) -> int:
        return 0 if self._sender is None else self._sender.count

    def _lateness(self) -> str:
        if timeOf(self) >= self._due:
            return f"the download took more than {self.mostTime:g} seconds"
        return f"the server was silent for {self.timeout:g} seconds"

    def _endOfConnection(self, message: Any) -> bytes:
        error = getattr(message, "message", None)
        if isinstance(error, OSError | ValueError):
            raise error
        return b""

    def _afterRedirect(self, message: Message, count: int) -> HTTPRequest | None:
        """Return the request that follows if `message` begins a redirect, or None."""
        if not isinstance(message, ParsedHTTPHeader):
            return None
        location = message.header["headers"].get("location")
        status = int(message.header["responsecode"])
        if location is None or status not in REDIRECTS:
            return None
        if count >= self.mostRedirects:
            raise ValueError(f"there were more than {self.mostRedirects} redirects")
        if self.request is None:  # a subclass forms its requests itself
            return HTTPRequest({"url": location, **self.formRequest(location)}, count + 1)
        return HTTPRequest(self._describe(self.request.redirected(status, location)), count + 1)

    def _shutdownMessage(self) -> Any:
        messages = (
            each for each in self.Inbox("control") if isinstance(each, shutdownMicroprocess)
        )
        return next(messages, None)


__kamaelia_components__ = (SingleShotHTTPClient,)
