"""A wait for space in a sized inbox, for components that send much for one message.

Example usage
-------------
    for event in events:
        if not (yield from sendWhenSpace(self, event)):
            return      # shutdownMicroprocess has arrived

How does it work?
-----------------
The inbox at the end of a linkage may have a size (then `send` raises noSpaceInBox while it is
full) or a capacity (then the sender is held at its next yield). In both cases the generator
continues when a message has been taken. Without them, it never yields.

Termination: the wait ends early if shutdownMicroprocess arrives at "control", where it remains.
"""

from collections.abc import Generator
from typing import Any

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess

__all__ = ["isToldToStop", "sendWhenSpace"]


def isToldToStop(sender: component) -> bool:
    """Return whether "control" of `sender` holds a shutdownMicroprocess."""
    return any(isinstance(each, shutdownMicroprocess) for each in sender.inboxes["control"])


def sendWhenSpace(
    sender: component, message: Any, boxname: str = "outbox"
) -> Generator[int, None, bool]:
    """Send `message` from the outbox `boxname` of `sender`, as soon as there is space.

    Then wait while `sender` is held. Return False if it is told to stop meanwhile.
    """
    while True:
        try:
            sender.send(message, boxname)
            break
        except noSpaceInBox:
            if isToldToStop(sender):
                return False
        sender.pause()
        yield 1
    if sender.isHeld():
        yield 1
        return not isToldToStop(sender)
    return True
