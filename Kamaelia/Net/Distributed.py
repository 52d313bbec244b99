"""A graphline whose parts run here, in processes of their own, or on other machines.

Example usage
-------------
    system = Distributed(
        "redis://host/0",
        READ=Reader, PARSE=here.process(Parser), STORE=at("b.example", Store),
        linkages={("READ", "outbox"): ("PARSE", "inbox"), ("PARSE", "outbox"): ("STORE", "inbox")},
    )
    system.run()                            # here; on b.example: kamaelia part program:system STORE

How does it work?
-----------------
A part is a component, a factory, `here.process(factory)` (Kamaelia.Net.ProcessPart), or
`at(host, factory)`, which somebody starts there. Linkages within one place are ordinary ones. All
linkages from one place to another share a link, which keeps the order of their messages
(Kamaelia.Net.Routes). A message is done in a place when what the place has sent because of it is
done, too, except along a circle.

Termination: as a Graphline; the links end when all parts of a place have ended, and everything that
they sent has arrived.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from Axon.AxonExceptions import wiringError
from Axon.ComponentCheck import checkLinkages, madeComponent
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Net.ProcessPart import ProcessPart
from Kamaelia.Net.Routes import RouteIn, RouteOut

Layout = dict[tuple[str, str], tuple[str, str]]

HERE = ""  # the name of the place in which a Distributed runs


class at(NamedTuple):
    """at(host, factory): a part that somebody starts on another machine, or in another process."""

    host: str
    factory: Callable[[], Any]


class here:
    """The machine on which a Distributed runs."""

    @staticmethod
    def process(factory: Callable[[], Any], **options: Any) -> ProcessPart:
        """Return a part in a process of its own; for the options see ProcessPart."""
        return ProcessPart(factory, **options)


class Place(Graphline):
    """Place(name, url, parts, linkages, prefix): the parts of a Distributed in one place.

    name: HERE, or the name of the part that runs there. prefix: the beginning of the links' names.
    """

    def __init__(
        self,
        name: str,
        url: Any,
        parts: Mapping[str, Any],
        linkages: Mapping[tuple[str, str], tuple[str, str]],
        prefix: str,
        options: Mapping[str, Any],
    ) -> None:
        plan = _Plan(parts, linkages)
        layout, outgoing, incoming = plan.layoutOf(name)
        if (outgoing or incoming) and url is None:
            raise wiringError(f"{type(self).__name__} needs an address, since parts run elsewhere")
        self._outs = {
            f"to {other or 'here'}": RouteOut(url, f"{prefix}:{name}>{other}", routes, **options)
            for other, routes in outgoing.items()
        }
        ins = {
            f"from {other or 'here'}": RouteIn(
                url,
                f"{prefix}:{other}>{name}",
                routes,
                after=[
                    self._outs[f"to {to or 'here'}"]
                    for to in outgoing
                    if other not in plan.reachedFrom(to)
                ],
                **options,
            )
            for other, routes in incoming.items()
        }
        self._parts = {
            each: madeComponent(_factoryOf(part)(), each) if callable(_factoryOf(part)) else part
            for each, part in parts.items()
            if plan.placeOf(each) == name
        }
        everything: dict[str, Any] = {**self._parts, **self._outs, **ins}
        super().__init__(linkages=layout, **everything)

    def receivesControl(self, name: str) -> bool:
        """Return whether a message from "control" goes to the component `name`, a part."""
        return name in self._parts and super().receivesControl(name)

    def childrenDone(self) -> bool:
        """End the outgoing links when all parts have ended. Return whether nothing is left."""
        if all(part.hasEnded() for part in self._parts.values()):
            for out in self._outs.values():
                if not out.hasEnded():
                    out.deliver(producerFinished(self), "control")
        return super().childrenDone()


class Distributed(Place):
    """Distributed(url, linkages, name, options, **parts) -> a Graphline in several places.

    url: of the links between places; None if all parts run here. name: distinguishes several
    systems in one Redis server. options: arguments for both ends of each link, such as key= or
    patience=.
    Raises wiringError as a Graphline does, and if parts run elsewhere and there is no url.
    """

    def __init__(
        self,
        url: Any = None,
        *,
        linkages: Mapping[tuple[str, str], tuple[str, str]] | None = None,
        name: str = "distributed",
        options: Mapping[str, Any] | None = None,
        **parts: Any,
    ) -> None:
        checkLinkages(type(self).__name__, linkages, parts)
        assert linkages is not None
        self._plan = (url, parts, linkages, name, options or {})
        super().__init__(HERE, *self._plan)

    def part(self, name: str) -> Place:
        """Return what runs in the place of the part `name`, which was given with at().

        Raise wiringError if there is no such part.
        """
        url, parts, linkages, prefix, options = self._plan
        if not isinstance(parts.get(name), at):
            elsewhere = [each for each, part in parts.items() if isinstance(part, at)]
            raise wiringError(
                f"there is no part {name!r} that runs elsewhere; there are {', '.join(elsewhere)}"
            )
        return Place(name, url, parts, linkages, prefix, options)


class _Plan:
    """The parts and linkages of all places."""

    def __init__(
        self, parts: Mapping[str, Any], linkages: Mapping[tuple[str, str], tuple[str, str]]
    ) -> None:
        self._parts, self._linkages = parts, linkages

    def placeOf(self, name: str) -> str:
        """Return the place of a part; other names mean the Distributed, which is here."""
        return name if isinstance(self._parts.get(name), at) else HERE

    def layoutOf(self, place: str) -> tuple[Layout, dict[str, list[str]], dict[str, list[str]]]:
        """Return the linkages in a place, and the routes to and from each other place."""
        layout: Layout = {}
        outgoing: dict[str, list[str]] = defaultdict(list)
        incoming: dict[str, list[str]] = defaultdict(list)
        for source, sink in self._linkages.items():
            start, end = self.placeOf(source[0]), self.placeOf(sink[0])
            route = f"{sink[0]}.{sink[1]}"
            if start == end == place:
                layout[source] = sink
            elif start == place:
                layout[source] = (f"to {end or 'here'}", route)
                _add(outgoing[end], route)
            elif end == place:
                layout[f"from {start or 'here'}", route] = sink
                _add(incoming[start], route)
        return layout, outgoing, incoming

    def reachedFrom(self, place: str) -> set[str]:
        """Return the places that messages from `place` may reach, with itself."""
        reached, pending = set(), [place]
        while pending:
            now = pending.pop()
            if now not in reached:
                reached.add(now)
                pending += [
                    self.placeOf(sink)
                    for (source, _), (sink, _) in self._linkages.items()
                    if self.placeOf(source) == now
                ]
        return reached


def _add(routes: list[str], route: str) -> None:
    if route not in routes:
        routes.append(route)


def _factoryOf(part: Any) -> Any:
    return part.factory if isinstance(part, at) else part


__kamaelia_components__ = (Distributed, Place)
