"""The linkages between a connection and its handler, and the handler's family.

They are made without a postoffice: a connection and its handler end together, so that
no component has to remove them, and a server makes them for each client.
"""

from __future__ import annotations

from reprlib import repr as shortened
from typing import Any

from Axon.Box import storageOf

ENDS = (("outbox", "inbox"), ("signal", "control"))


def joinHandler(adapter: Any, handler: Any) -> None:
    """Link the boxes of `handler` with those of `adapter`, both ways."""
    for source, sink in ((handler, adapter), (adapter, handler)):
        for outbox, inbox in ENDS:
            join(source, outbox, sink, inbox)


def join(source: Any, sourcebox: str, sink: Any, sinkbox: str) -> None:
    """Link (source, sourcebox) to (sink, sinkbox). Raises as component.link if that is impossible.

    A source box that is linked already is an error, too.
    """
    if sourcebox in source.outboxes and sinkbox in sink.inboxes:
        start = source._postbox(sourcebox, False)
        if start.target is None:
            storageOf(sink, sinkbox).addsource(start)
            return
    sink.link((source, sourcebox), (sink, sinkbox))  # it raises the error, with its explanation


def unjoin(*components: Any) -> None:
    """Remove the linkages that start at these components, so that none keeps another alive."""
    for each in components:
        for box in each.linkedOutboxes():
            if box.target is not None:
                box.target.removesource(box)
        each.forgetOutboxes(lambda _: True)


def familyOf(process: Any) -> list[Any]:
    """Return `process` and all components below it, the lowest first."""
    below = [each for child in getattr(process, "children", ()) for each in familyOf(child)]
    return [*below, process]


def stopFamily(process: Any, but: Any = None) -> None:
    """Stop `process` and all components below it, except `but`."""
    for each in familyOf(process):
        if each is not but:
            each.stop()


def asBytes(owner: Any, boxname: str, data: Any) -> bytes:
    """Return `data`, which came to an inbox of `owner`, as bytes; text as UTF-8.

    Raises TypeError, which names the components and boxes, for anything else. (uvloop itself
    drops None and other empty objects without an error.)
    """
    if isinstance(data, str):
        return data.encode()
    try:
        return bytes(memoryview(data))
    except TypeError:
        raise _bytesExpected(owner, boxname, data) from None


def _bytesExpected(owner: Any, boxname: str, data: object) -> TypeError:
    senders = _sendersTo(owner.inboxes[boxname])
    origin = f", sent by {' or '.join(senders)}" if senders else ""
    return TypeError(
        f"bytes or text expected, not {type(data).__name__}: {shortened(data)}"
        f" came to {boxname!r} of {owner.name}{origin}"
    )


def _sendersTo(sink: Any) -> list[str]:
    """Return the outboxes from which messages come to `sink`, however many linkages away."""
    found, pending = [], list(sink.sources)
    while pending:
        box = pending.pop()
        if box.sources:
            pending += box.sources
        elif not box.isInbox:
            found.append(f"{box.component.name} from {box.boxname!r}")
    return found
