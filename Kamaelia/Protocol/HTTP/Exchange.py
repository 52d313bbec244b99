"""One request with its response, and the component that makes the response.

How does it work?
-----------------
HTTPRequestHandler has one Exchange at a time. The Exchange turns the messages of the handler, which
are dicts, into bytes, and knows when the response has ended.
"""

from __future__ import annotations

from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Internet.HandlerLinks import linkBoxes
from Kamaelia.Support.Protocol.HTTP.RequestDict import Request
from Kamaelia.Support.Protocol.HTTP.ResponseWriter import ResponseWriter
from Kamaelia.Support.Protocol.HTTP.StatusCodes import statusOf

#: The linkages between the server and a handler
BODY_LINK = ("_handleroutbox", "inbox")
LINKS_FROM_HANDLER = (("outbox", "_handlerinbox"), ("signal", "_handlercontrol"))

Response = dict[str, Any]


class Exchange:
    """Exchange(owner, request, began): a request that is being answered for `owner`."""

    __slots__ = ("began", "bodyBegan", "handler", "hasHandlerEnded", "hasRequestEnded", "owner",
                 "request", "turnsToContinue", "writer")  # fmt: skip

    def __init__(self, owner: component, request: Request, began: float) -> None:
        self.owner = owner
        self.request = request
        self.began = began  # the time of day
        self.bodyBegan = 0.0  # on the clock of the scheduler: since when more of the body is due
        self.handler: Any = None
        self.hasRequestEnded = False
        self.hasHandlerEnded = False
        self.turnsToContinue: int | None = None  # until 100 Continue is sent; None: it is not
        isKeptAlive = not request["bad"] and "close" not in request["headers"]["connection"].lower()
        self.writer = ResponseWriter(request["method"], request["version"], isKeptAlive)

    def __str__(self) -> str:
        return f"{self.request['method']} {self.request['raw-uri']!r}"

    # The handler

    def attach(self, handler: component) -> None:
        """Link `handler` to the owner, and activate it as a child of the owner."""
        self.handler = handler
        owner = self.owner
        for outbox, inbox in LINKS_FROM_HANDLER:
            linkBoxes(handler, outbox, owner, inbox)
        if not self.hasRequestEnded:
            linkBoxes(owner, BODY_LINK[0], handler, BODY_LINK[1])
        if not handler.isWatchedBy(owner):
            owner.addChildren(handler)
        handler.activate(Scheduler=owner.scheduler)

    def tell(self, message: object) -> None:
        """Send a message to "control" of the handler."""
        if self.handler is not None:
            self.handler.deliver(message, "control")

    def detach(self) -> None:
        """Remove the linkages. A handler that goes on may be attached to another exchange."""
        handler, owner = self.handler, self.owner
        if handler is None:
            return
        self.handler = None
        handler.unlinkOutboxes(*(outbox for outbox, _ in LINKS_FROM_HANDLER))
        owner.unlinkOutboxes(BODY_LINK[0])
        for _, inbox in LINKS_FROM_HANDLER:  # what is left must not count for the next request
            if owner.dataReady(inbox):
                for _ in owner.Inbox(inbox):
                    pass
        owner.removeChild(handler)

    def isOver(self) -> bool:
        """Return whether the handler has ended, or has sent its last message."""
        handler = self.handler
        if handler is None or self.hasHandlerEnded or handler.hasEnded():
            return True
        owner = self.owner
        if owner.dataReady("_handlercontrol"):
            for message in owner.Inbox("_handlercontrol"):
                if isinstance(message, producerFinished | shutdownMicroprocess):
                    self.hasHandlerEnded = True
        return self.hasHandlerEnded

    # The response

    def hasBegun(self) -> bool:
        """Return whether the header of the response has been written."""
        return self.writer.status > 0

    def write(self, message: Response, isLast: bool, serverFields: list[tuple[str, str]]) -> bytes:
        """Return what is sent for a message of the handler.

        isLast: whether it is the only one. serverFields: header fields that the server adds.
        Raises ValueError if the message cannot be sent.
        """
        data = _dataOf(message)
        if self.hasBegun():
            return self.writer.body(data)
        status = statusOf(message.get("statuscode"))
        if status < 200:
            return self.writer.interim(status, _headersOf(message))
        fields, length = _fieldsOf(message, serverFields)
        if length is None and status != 304 and (isLast or message.get("complete")):
            length = len(data)
        return self.writer.head(status, fields, length) + self.writer.body(data)

    def switchProtocols(self, message: Response, serverFields: list[tuple[str, str]]) -> bytes:
        """Return the 101 response for a message of the handler. Raises ValueError."""
        fields = _headersOf(message)
        if not any(name.lower() == "upgrade" for name, _ in fields):
            raise ValueError("the headers of an upgrade contain Upgrade, the name of the protocol")
        return self.writer.switchProtocols([*fields, *serverFields])


def _dataOf(message: Response) -> bytes:
    data = message.get("data", b"")
    if isinstance(data, str):
        charset = message.get("charset") or "utf-8"
        data = data.encode(charset, "xmlcharrefreplace")
    return data if isinstance(data, bytes) else bytes(memoryview(data))


def _headersOf(message: Response) -> list[tuple[str, str]]:
    headers = message.get("headers", ())
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(str(name), str(value)) for name, value in pairs]


def _fieldsOf(
    message: Response, serverFields: list[tuple[str, str]]
) -> tuple[list[tuple[str, str]], int | None]:
    """Return the header fields for a message, and the length that it announces, or None."""
    fields = _headersOf(message)
    length = message.get("length")
    names = {name.lower() for name, _ in fields}
    if "content-length" in names and length is None:
        length = next(value for name, value in fields if name.lower() == "content-length")
    if "content-type" not in names:
        kind = message.get("content-type") or message.get("type")
        if kind:
            fields.append(("Content-Type", _withCharset(str(kind), message)))
    fields += [field for field in serverFields if field[0].lower() not in names]
    return fields, None if length is None else _checkedLength(length)


def _withCharset(kind: str, message: Response) -> str:
    charset = message.get("charset")
    if charset is None and isinstance(message.get("data"), str):
        charset = "utf-8"
    return f"{kind}; charset={charset}" if charset and "charset=" not in kind else kind


def _checkedLength(length: object) -> int:
    text = str(length)
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{length!r} is not the length of a body")
    return int(text)
