"""Boxes: where messages wait, and the chains through which they find that place.

This is the hot path of delivery. It does not depend on turns: a sink has a `task`, which it
wakes when a message arrives, and `feeders`, which may be woken when a message is taken.

How does it work?
-----------------
An inbox is a deque, a `realsink`. An outbox is the sink at the end of the chain of linkages
that starts there. It is looked up once, when the linkage is made: `component.outboxes["outbox"]`
*is* the inbox at the far end, and its length is that of the inbox. An outbox without a linkage
leads to `NULL`.

A sink is also the place of an inbox in the chain. It is created when it is first needed: until
then `UNUSED` represents the inbox within its component, and `component.inboxes` (Axon.Inboxes)
creates the sink of each box that a program looks at.

Axon.Postbox contains the chains, Axon.Sinks and Axon.DirectSinks the inboxes. Only linking and
unlinking look at the chains.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from Axon import Core
from Axon.AxonExceptions import BoxAlreadyLinkedToDestination, noSpaceInBox
from Axon.DirectSinks import directsink
from Axon.LateMessages import LateMessages
from Axon.Postbox import (
    NULL,
    addObserver,
    boxesChanged,
    nullsink,
    outbox,
    postbox,
    removeObserver,
)
from Axon.Sinks import TAKEN, UNUSED, endedsink, guardedsink, realsink

__all__ = [  # what programs import from here, other modules' names included
    "NULL",
    "TAKEN",
    "UNUSED",
    "BoxAlreadyLinkedToDestination",
    "ShowAllTransits",
    "addObserver",
    "boxesChanged",
    "closeSinks",
    "createSink",
    "directsink",
    "guardedsink",
    "linkAll",
    "linkPlaces",
    "makeInbox",
    "makeOutbox",
    "noSpaceInBox",
    "nullsink",
    "outbox",
    "passOn",
    "postbox",
    "realsink",
    "removeObserver",
    "takeDirectly",
]

Link = tuple[Any, str, Any, str]  # from an outbox of a component to an inbox of another

ShowAllTransits = False  # set before components are made: log each message that a sink takes


def createSink(component: Any, boxes: dict[str, realsink], boxname: str) -> realsink:
    """Return a new sink for an inbox of `component`, and store it in `boxes`, its inboxes."""
    sink = boxes[boxname] = realsink(component.getTask(), boxname)
    if ShowAllTransits:
        sink.setShowTransit(True)
    if component.isStopped():
        _closeAdded(component, boxes, sink)
    return sink


def _closeAdded(component: Any, boxes: dict[str, realsink], sink: realsink) -> None:
    """Close `sink`, which was added to the inboxes of a component that has ended."""
    others = (each.late for each in boxes.values() if type(each) is endedsink)
    sink.closeDown(next(others, None) or LateMessages(component))


def closeSinks(component: Any, boxes: dict[str, realsink]) -> None:
    """Release the senders to `component`, which has ended, and count what still arrives.

    boxes: its inboxes by name.
    """
    late = None
    for sink in boxes.values():
        if sink is not UNUSED and isinstance(sink, realsink):
            late = late or LateMessages(component)
            sink.closeDown(late)


def linkPlaces(source: Any, sourcebox: str, sink: Any, sinkbox: str) -> None:
    """Link the outbox `sourcebox` of `source` to the inbox `sinkbox` of `sink`.

    No postoffice knows the linkage. Raises KeyError and BoxAlreadyLinkedToDestination.
    """
    sink.placeOfBox(sinkbox, True).addsource(source.placeOfBox(sourcebox, False))


def linkAll(*links: Link) -> None:
    """Make these linkages, without a postoffice.

    Raises what component.link raises if that is impossible, for example if the outbox is linked.
    """
    for source, sourcebox, sink, sinkbox in links:
        try:
            linkPlaces(source, sourcebox, sink, sinkbox)
        except (KeyError, BoxAlreadyLinkedToDestination):
            sink.link((source, sourcebox), (sink, sinkbox))  # it raises an explanation


def passOn(component: Any, message: object) -> bool:
    """Send `message` to "outbox" of `component`. Return whether its receiver keeps up.

    It does if no other message waits unread, and if the component is not held. Raises what
    component.send raises.
    """
    component.send(message)
    return len(component.outboxes["outbox"]) <= 1 and not component.isHeld()


def takeDirectly(
    boxes: dict[str, Any], task: Any, boxname: str, take: Callable[[Any], Any]
) -> None:
    """Pass each message to the inbox `boxname` in `boxes` to `take` when it arrives."""
    before = boxes[boxname]
    if isinstance(before, directsink):
        before.setTake(take)
        return
    sink = boxes[boxname] = directsink(task, boxname, take)
    if before is not UNUSED:
        sink.standInFor(before)


if not TYPE_CHECKING and Core.compiled is not None:
    createSink, closeSinks = Core.compiled.createSink, Core.compiled.closeSinks
    linkPlaces, linkAll = Core.compiled.linkPlaces, Core.compiled.linkAll
    passOn, takeDirectly = Core.compiled.passOn, Core.compiled.takeDirectly
    Core.compiled.provideBoxes(
        globals(), UNUSED, endedsink, LateMessages, _closeAdded, BoxAlreadyLinkedToDestination
    )


def makeInbox(notify: Any, size: int | None = None) -> realsink:
    """Return an inbox without a component; `notify` is the task that its messages wake."""
    sink = realsink(notify)
    if size is not None:
        sink.setSize(size)
    return sink


def makeOutbox(notify: Any = None) -> nullsink:
    """Return the end of an outbox that is not linked."""
    return NULL
