"""The end of HTTP on a connection, which another protocol uses from then on.

How does it work?
-----------------
The component of the other protocol becomes a child of the one that spoke HTTP, and is linked to the
connection through the boxes of that. Such linkages cost a message nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable

from Axon.Component import component


def relayTo(
    successor: component, owner: component, rest: bytes, controls: Iterable[object]
) -> Generator[int, None, None]:
    """`yield from` this to let `successor` use the connection of `owner` until it ends.

    rest: bytes that have arrived and belong to `successor`. controls: messages about the
    connection that `owner` has received.
    """
    if rest:
        successor.deliver(rest, "inbox")
    for message in controls:
        successor.deliver(message, "control")
    owner.addChildren(successor)
    for box in ("inbox", "control"):
        owner.link((owner, box), (successor, box), passthrough=1)
    for box in ("outbox", "signal"):
        owner.link((successor, box), (owner, box), passthrough=2)
    successor.activate(Scheduler=owner.scheduler)
    while not successor.hasEnded():
        yield from owner.waitForChange()
    owner.removeChild(successor)
