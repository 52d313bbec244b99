"""The waits of a component for messages, except the commonest one, which Axon.Component has.

How does it work?
-----------------
A wait for any inbox reports an inbox that holds messages. Each sink notes how many of its
messages a wait has reported, and whether a message was taken since (Axon.Sinks). A wait that
would only repeat an earlier report sleeps until something new arrives. So a component that
leaves an inbox unread can neither spin nor starve the others.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from Axon import Core
from Axon.Sinks import TAKEN
from Axon.Task import REPORTED, WOKEN
from Axon.UnreadBox import warnOfUnreadControl
from Axon.YieldCheck import waitMethod


def hasNews(component: Any) -> bool:
    """Return whether a wait of `component` for any inbox has something to report.

    The messages that are there now count as reported from now on.
    """
    # In the turn that the end of a wait has begun, that wait has reported all messages.
    isReported = component.getTask().wish & (REPORTED | WOKEN) == REPORTED
    inboxes = component.placesOfInboxes()
    found = False
    for sink in inboxes.values():
        if sink.reported == TAKEN or not isReported:
            found = found or sink.hasNews()
        sink.noteReport()
    if not found and inboxes.get("control"):
        warnOfUnreadControl(component)
    return found


@waitMethod("waitForMessage")
def waitForAny(component: Any, timeout: float) -> Generator[int, None, None]:
    """Wait until an inbox of `component` has something to report, or for `timeout` seconds."""
    now = component.scheduler.timers.clock.now
    until = now() + timeout
    isReported = hasNews(component)
    while not isReported and (left := until - now()) > 0:
        yield from component.waitForChange(left)
        isReported = hasNews(component)


@waitMethod("waitForMessage")
def waitForBox(component: Any, boxname: str, timeout: float | None) -> Generator[int, None, None]:
    """Wait until the inbox `boxname` holds a message, or for `timeout` seconds.

    If an earlier wait has reported its messages, and none was taken since, yield once.
    """
    if component.dataReady(boxname):
        if not component.placesOfInboxes()[boxname].hasNews():
            yield 1
    elif timeout is None:
        while not component.dataReady(boxname):
            yield from component.waitForChange()
    else:
        now = component.scheduler.timers.clock.now
        until = now() + timeout
        while not component.dataReady(boxname) and (left := until - now()) > 0:
            yield from component.waitForChange(left)
    component.placesOfInboxes()[boxname].noteReport()


if not TYPE_CHECKING and Core.compiled is not None:
    hasNews = Core.compiled.hasNewsOf
    Core.compiled.provideWarning(warnOfUnreadControl)
