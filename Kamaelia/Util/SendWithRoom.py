"""Send a message as soon as its receiver has room, instead of raising an error.

Example usage
-------------
    for chunk in chunks:
        if not (yield from sendWithRoom(self, chunk)):
            return                              # shutdownMicroprocess waits in "control"

How does it work?
-----------------
An inbox with a size raises noSpaceInBox when it is full; the sender then sleeps until a message
is taken. An inbox with a capacity, and a connection whose peer does not read, hold the sender at
its next yield, so that one follows at once. A sender without limits takes no turn here.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Ipc import shutdown, shutdownMicroprocess

STOP = (shutdownMicroprocess, shutdown)


def sendWithRoom(
    process: component, message: Any, boxname: str = "outbox"
) -> Generator[int, None, bool]:
    """`yield from` this to send `message`. Return whether `process` is to continue.

    It is not if "control" holds a shutdownMicroprocess; the message may be lost then.
    """
    while True:
        try:
            process.send(message, boxname)
        except noSpaceInBox:
            if isToStop(process):  # before it sleeps: the message may have come earlier
                return False
            process.pause()
            yield 1
        else:
            # Once: of components that wait for each other, the core lets one continue.
            if process.isHeld():
                yield 1
            return not isToStop(process)


def sendAllWithRoom(
    process: component, messages: Iterable[Any], boxname: str = "outbox"
) -> Generator[int, None, bool]:
    """`yield from` this to send `messages` as sendWithRoom() sends each, with less work for each.

    It takes a turn at the end, too, so that others run before the next messages. Return whether
    `process` is to continue.
    """
    for message in messages:
        try:
            process.send(message, boxname)
        except noSpaceInBox:
            if not (yield from sendWithRoom(process, message, boxname)):
                return False
        else:
            if process.isHeld():
                yield 1
                if isToStop(process):
                    return False
    yield 1
    return not isToStop(process)


def isToStop(process: component) -> bool:
    """Return whether "control" holds a shutdownMicroprocess, or its historical form."""
    if not process.dataReady("control"):
        return False
    return any(isinstance(each, STOP) for each in process.inboxes["control"])
