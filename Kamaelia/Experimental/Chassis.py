"""Pipelines, graphlines and carousels that limit the sizes of inboxes.

Example usage
-------------
    Pipeline(Source(), 5, Filter(), 2, Sink()).run()        # Filter's inbox takes 5 messages
    Graphline(A=Source(), B=Sink(), linkages={...}, boxsizes={("B", "inbox"): 5}).run()
    InboxControlledCarousel(lambda path: SimpleReader(path))

How does it work?
-----------------
A send to an inbox that is full raises noSpaceInBox, which the sender must handle. For new programs,
`capacity=` of a chassis is simpler: it holds the sender. Otherwise these are the chassis of
Kamaelia.Chassis.

Termination: as those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from Kamaelia.Chassis.Carousel import Carousel as _Carousel
from Kamaelia.Chassis.Graphline import Graphline as _Graphline
from Kamaelia.Chassis.Pipeline import Pipeline as _Pipeline

__all__ = ["Carousel", "Graphline", "InboxControlledCarousel", "Pipeline"]


def Pipeline(*components: Any) -> _Pipeline:
    """Return a Pipeline. An integer is the size of the inbox of the component that follows it.

    None instead of an integer means no limit. Raises ValueError for a size without a component.
    """
    members, size = [], None
    for item in components:
        if item is None or isinstance(item, int):
            size = item
            continue
        if size is not None:
            item.setInboxSize("inbox", size)
        members.append(item)
        size = None
    if size is not None:
        raise ValueError(f"no component follows the size {size}")
    return _Pipeline(*members)


def Graphline(
    linkages: Mapping[tuple[str, str], tuple[str, str]] | None = None,
    boxsizes: Mapping[tuple[str, str], int] | None = None,
    **components: Any,
) -> _Graphline:
    """Return a Graphline. boxsizes: sizes of inboxes, by (name of the component, inbox).

    Raises KeyError for a component or an inbox that does not exist.
    """
    graphline = _Graphline(linkages, **components)
    for (name, boxname), size in (boxsizes or {}).items():
        components[name].setInboxSize(boxname, size)
    return graphline


def Carousel(
    componentFactory: Callable[[Any], Any],
    make1stRequest: bool = False,
    boxsize: int | None = None,
) -> _Carousel:
    """Return a Carousel. boxsize: the size of the inbox of each component that it runs."""

    def create(request: Any) -> Any:
        made = componentFactory(request)
        if boxsize is not None:
            made.setInboxSize("inbox", boxsize)
        return made

    return _Carousel(create, make1stRequest)


def InboxControlledCarousel(*argv: Any, **argd: Any) -> _Graphline:
    """Return a Carousel with other inboxes; the arguments are those of Carousel above.

    "inbox" is what "next" is for a Carousel; "data_inbox" is what "inbox" is for a Carousel.
    """
    return _Graphline(
        CAROUSEL=Carousel(*argv, **argd),
        linkages={
            ("", "inbox"): ("CAROUSEL", "next"),
            ("", "data_inbox"): ("CAROUSEL", "inbox"),
            ("", "control"): ("CAROUSEL", "control"),
            ("CAROUSEL", "outbox"): ("", "outbox"),
            ("CAROUSEL", "requestNext"): ("", "requestNext"),
            ("CAROUSEL", "signal"): ("", "signal"),
        },
    )


__kamaelia_prefabs__ = (Pipeline, Graphline, Carousel, InboxControlledCarousel)
