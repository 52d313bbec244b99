"""Links that carry the messages of several linkages, in the order in which they were sent.

How does it work?
-----------------
A route is the name of an inbox of RouteOut and of an outbox of RouteIn. What crosses the link is
(route, kind, message), so producerFinished and shutdownMicroprocess cross it as any message, and do
not overtake others. Each component counts the messages that its receivers have finished, and
confirms them in the order in which they were sent.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from functools import partial
from typing import Any

from Axon.Box import NULL, UNUSED
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.WriteGate import WriteGate
from Kamaelia.Net.RemoteIn import RemoteIn, takenFrom
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Support.Links.Errors import linkError

DATA, FINISHED, SHUTDOWN = 0, 1, 2


class RouteOut(RemoteOut):
    """RouteOut(url, name, routes, ...) -> sends what arrives at each inbox in `routes`."""

    def __init__(self, url: Any, name: str, routes: Iterable[str], **argd: Any) -> None:
        super().__init__(url, name, **argd)
        routes = list(routes)
        self.replaceInboxes({**self.placesOfInboxes(), **dict.fromkeys(routes, UNUSED)})
        for route in routes:
            self.takeDirectly(route, partial(self._acceptFor, route))

    def _acceptFor(self, route: str, message: Any) -> WriteGate | None:
        if type(message) is producerFinished:
            return self.accept((route, FINISHED, _nameOf(message.caller)))
        if type(message) is shutdownMicroprocess:
            return self.accept((route, SHUTDOWN, None))
        return self.accept((route, DATA, message))


def _nameOf(caller: Any) -> str:
    return str(getattr(caller, "name", caller))


class RouteIn(RemoteIn):
    """RouteIn(url, name, routes, ...) -> sends what the RouteOut sends to each outbox in `routes`.

    A message to an outbox without a linkage, or to a component that has ended, is done at once.
    """

    def __init__(self, url: Any, name: str, routes: Iterable[str], **argd: Any) -> None:
        super().__init__(url, name, **argd)
        self.outboxes = {**self.outboxes, **dict.fromkeys(routes, NULL)}
        self._order: deque[str] = deque()  # the routes of the messages that are not done
        self._waiting: Counter[str] = Counter()
        self._hasHandedOut = False

    def hasReceiver(self) -> bool:
        """Return True: a message without a receiver is discarded."""
        return True

    def handOut(self, messages: list[Any]) -> None:
        """Send each message to the outbox of its route."""
        for message in messages:
            self._handOutOne(message)

    def _handOutOne(self, message: Any) -> None:
        try:
            route, kind, content = message
            isKnown = route in self.outboxes
        except (TypeError, ValueError) as error:
            raise linkError(f"{self.name} received a message without a route") from error
        if not isKnown:
            raise linkError(f"{self.name} has no outbox for the route {route!r}")
        if kind == FINISHED:
            content = producerFinished(content)
        elif kind == SHUTDOWN:
            content = shutdownMicroprocess()
        self._hasHandedOut = True
        self._order.append(route)
        self._waiting[route] += 1
        self.send(content, route)

    def atEnd(self) -> None:
        """Tell the receivers again that no more follows, if an earlier reader had told them.

        That reader was killed when it had received everything but the end.
        """
        if self._hasHandedOut:
            return
        self._hasHandedOut = True
        for route in self.outboxes:
            if route.endswith(".control"):
                self.send(producerFinished(self), route)

    def countFinished(self, outstanding: int) -> int:
        """Return how many of the oldest messages their receivers have finished."""
        finished = {route: self._finishedAt(route) for route in self._waiting}
        count = 0
        while self._order and finished[self._order[0]] > 0:
            route = self._order.popleft()
            finished[route] -= 1
            self._waiting[route] -= 1
            count += 1
        return count

    def _finishedAt(self, route: str) -> int:
        waiting = self._waiting[route]
        return takenFrom(self.outboxes[route], waiting) if waiting else 0

    def receivers(self) -> list[Any]:
        """Return the inboxes that received messages which are not done."""
        return [self.outboxes[route] for route, waiting in self._waiting.items() if waiting]


__kamaelia_components__ = (RouteIn, RouteOut)
