"""A component as an object with put and get, for code outside of components.

Example usage
-------------
    background().start()
    reader = Handle(TCPClient("localhost", 25)).activate()
    try:
        greeting = reader.get("outbox")         # in a thread: at once, or queue.Empty
    except queue.Empty: ...

    async def greet():                          # in asyncio code: waits
        reader = Handle(TCPClient("localhost", 25)).activate()
        running = asyncio.create_task(scheduler.run.runAsync())
        greeting = await reader.get("outbox")
        reader.put(shutdownMicroprocess(), "control")
        await running

How does it work?
-----------------
The Handle is linked to the component's outbox and signal, and its own outboxes
lead to the inbox and control. It runs beside the component; messages pass
through a ThreadBridge, so that put and get may be called in any thread, before the
component runs, while it runs, and (get) when it has ended.

Termination: it ends when the component has ended and all its messages can be taken.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import partial
from math import inf
from queue import Empty
from typing import Any, ClassVar

from Axon.AxonExceptions import noSuchBox
from Axon.ThreadBridge import DefaultQueueSize, bridgedcomponent

_TO = {"inbox": "_outbox", "control": "_signal"}  # the component's inboxes, and our outboxes
_FROM = {"outbox": "_inbox", "signal": "_control"}  # its outboxes, and our inboxes


class Handle(bridgedcomponent):
    """Handle(someComponent[, queuelengths]) -> put and get for the boxes of someComponent.

    It activates the component when it is activated itself.
    queuelengths: the most messages that may wait on their way to the component.
    """

    Inboxes: ClassVar[Any] = {
        "_inbox": "the messages from the component's outbox",
        "_control": "the messages from its signal",
    }
    Outboxes: ClassVar[Any] = {
        "_outbox": "the messages for the component's inbox",
        "_signal": "the messages for its control",
    }

    def __init__(self, someComponent: Any, queuelengths: int = DefaultQueueSize) -> None:
        super().__init__(queuelengths)
        self.addChildren(someComponent)
        self._to = {theirs: ours for theirs, ours in _TO.items() if theirs in someComponent.inboxes}
        self._from = {
            theirs: ours for theirs, ours in _FROM.items() if theirs in someComponent.outboxes
        }
        for theirs, ours in self._to.items():
            self.link((self, ours), (someComponent, theirs))
        for theirs, ours in self._from.items():
            self.link((someComponent, theirs), (self, ours))
        self._waiters: deque[Callable[[], object]] = deque()
        self._openBridge()

    # In any thread

    def put(self, item: Any, boxname: str = "inbox") -> None:
        """Send `item` to the component's "inbox" or "control" in the scheduler's next slice.

        If the component has ended, the item is discarded.

        Raises queueFull (a noSpaceInBox) if `queuelengths` messages wait already, and
        noSuchBox (a KeyError).
        """
        if boxname not in self._to:
            raise noSuchBox(self.children[0].name, boxname, "inbox", self._to)
        self._bridge.put(item, self._to[boxname])

    def _explainFullQueue(self, boxname: str) -> str:
        theirs = next(theirs for theirs, ours in _TO.items() if ours == boxname)
        return (
            f"the full queue is the Handle's own, of size {self.queuelengths}, on the way"
            f" to the {theirs!r} of {self.children[0].name}. Put no more until it has taken"
            " some (or allow more: Handle(component, queuelengths=...))"
        )

    def get(self, boxname: str = "outbox") -> Any:
        """Return the oldest message of the component's "outbox" or "signal".

        In a coroutine that asyncio runs, `await get()` waits for a message, and raises
        queue.Empty when the component has ended and no message is left. In other code
        get() does not wait: it raises queue.Empty. Raises noSuchBox (a KeyError).
        """
        if boxname not in self._from:
            raise noSuchBox(self.children[0].name, boxname, "outbox", self._from)
        return self._wait(boxname) if _isInCoroutine() else self._take(boxname)

    def _take(self, boxname: str) -> Any:
        try:
            return self._bridge.take(self._from[boxname])
        except IndexError:
            raise Empty from None

    async def _wait(self, boxname: str) -> Any:
        import asyncio

        loop = asyncio.get_running_loop()
        while True:
            came = loop.create_future()
            settle = partial(loop.call_soon_threadsafe, _settle, came)
            self._waiters.append(settle)
            isLast = self._bridge.isClosed  # read before the queue is found to be empty
            try:
                return self._take(boxname)
            except Empty:
                if isLast:
                    raise
                await came
            finally:
                with suppress(ValueError):  # it has been called
                    self._waiters.remove(settle)

    # In the scheduler

    def main(self) -> Generator[int, None, None]:
        for child in self.children:
            child.activate(Scheduler=self.scheduler)
        try:
            yield from self._transferMessages(self._isOver)
        finally:
            self._bridge.limit = inf
            self._transferIn()
            self._bridge.close()
            self._wakeWaiters()

    def childrenDone(self) -> bool:
        """Return whether the component has ended."""
        return all(child.getTask().hasEnded() for child in self.children)

    def _isOver(self) -> bool:
        if not self.childrenDone():
            return False
        self._bridge.outbound.clear()  # the component no longer takes it
        return True

    def _transferIn(self) -> None:
        super()._transferIn()
        self._wakeWaiters()

    def _wakeWaiters(self) -> None:
        while self._waiters:
            with suppress(RuntimeError):  # its loop has been closed
                self._waiters.popleft()()


def _isInCoroutine() -> bool:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        return asyncio.current_task() is not None
    except RuntimeError:  # no loop runs in this thread
        return False


def _settle(came: Any) -> None:
    if not came.done():
        came.set_result(None)


__kamaelia_components__ = (Handle,)
