"""The linkages between a connection and its handler, and the components below a handler.

The linkages are made without a postoffice: a connection and its handler end together, so no
component has to remove single linkages, and a server makes them for each client.
"""

from __future__ import annotations

from typing import Any

from Axon.Box import NULL, linkAll
from Axon.Component import component

ENDS = (("outbox", "inbox"), ("signal", "control"))


def linkHandler(adapter: component, handler: component) -> None:
    """Link outbox to inbox and signal to control, from `handler` to `adapter` and back."""
    for outbox, inbox in ENDS:
        linkAll((handler, outbox, adapter, inbox), (adapter, outbox, handler, inbox))


def linkBoxes(source: component, sourcebox: str, sink: component, sinkbox: str) -> None:
    """Link (source, sourcebox) to (sink, sinkbox), as linkAll does."""
    linkAll((source, sourcebox, sink, sinkbox))


def unlinkHandler(adapter: component, handler: component) -> None:
    """Remove the linkages between both; a handler that goes on keeps those to other components."""
    adapter.unlinkOutboxes()
    handler.unlinkOutboxes("outbox", "signal", "makessl")


def unlinkComponents(*components: component) -> None:
    """Remove the linkages that start at these components, so that none keeps another alive."""
    for each in components:
        each.unlinkOutboxes()


def hasEnded(receiver: Any) -> bool:
    """Return whether `receiver`, the owner of an inbox, has ended. None: it has been deleted."""
    return receiver is None or bool(receiver.hasEnded())


def leadsToEnded(inbox: Any) -> bool:
    """Return whether the component that has this inbox, in which an outbox ends, has ended."""
    return inbox is not NULL and hasEnded(inbox.component)


def subtreeOf(process: Any) -> list[Any]:
    """Return `process` and all components below it, children before their parents."""
    below = [each for child in getattr(process, "children", ()) for each in subtreeOf(child)]
    return [*below, process]


def stopSubtree(process: Any, but: Any = None) -> None:
    """Stop `process` and all components below it, except `but`."""
    for each in subtreeOf(process):
        if each is not but:
            each.stop()
