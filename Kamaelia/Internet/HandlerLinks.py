"""The linkages between a connection and its handler, and the handler's family.

They are made without a postoffice: a connection and its handler end together, so that
no component has to remove them, and a server makes them for each client.
"""

from __future__ import annotations

from typing import Any

from Axon.Box import storageOf

ENDS = (("outbox", "inbox"), ("signal", "control"))


def linkHandler(adapter: Any, handler: Any) -> None:
    """Link the boxes of `handler` with those of `adapter`, both ways."""
    for source, sink in ((handler, adapter), (adapter, handler)):
        for outbox, inbox in ENDS:
            join(source, outbox, sink, inbox)


def join(source: Any, sourcebox: str, sink: Any, sinkbox: str) -> None:
    """Link (source, sourcebox) to (sink, sinkbox). Raises as component.link if that is impossible.

    A source box that is linked already is an error, too.
    """
    if sourcebox in source.outboxes and sinkbox in sink.inboxes:
        start = source.placeOfBox(sourcebox, False)
        if start.target is None:
            storageOf(sink, sinkbox).addsource(start)
            return
    sink.link((source, sourcebox), (sink, sinkbox))  # it raises the error, with its explanation


def unlinkComponents(*components: Any) -> None:
    """Remove the linkages that start at these components, so that none keeps another alive."""
    for each in components:
        for box in each.linkedOutboxes():
            if box.target is not None:
                box.target.removesource(box)
        each.forgetOutboxes(lambda _: True)


def subtreeOf(process: Any) -> list[Any]:
    """Return `process` and all components below it, the lowest first."""
    below = [each for child in getattr(process, "children", ()) for each in subtreeOf(child)]
    return [*below, process]


def stopSubtree(process: Any, but: Any = None) -> None:
    """Stop `process` and all components below it, except `but`."""
    for each in subtreeOf(process):
        if each is not but:
            each.stop()
