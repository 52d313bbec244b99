"""Graphlines that are used so often that they have a name."""

from typing import Any

from Kamaelia.Chassis.Graphline import Graphline

__all__ = ["JoinChooserToCarousel"]


def JoinChooserToCarousel(chooser: Any, carousel: Any) -> Graphline:
    """Return a component in which `carousel` runs what `chooser` chooses.

    chooser: receives "NEXT" on inbox and sends a choice to outbox; its control is that of the
    whole. carousel: a Carousel, whose inbox, outbox and signal are those of the whole.
    """
    return Graphline(
        CHOOSER=chooser,
        CAROUSEL=carousel,
        linkages={
            ("CHOOSER", "outbox"): ("CAROUSEL", "next"),
            ("CHOOSER", "signal"): ("CAROUSEL", "control"),
            ("CAROUSEL", "requestNext"): ("CHOOSER", "inbox"),
            ("CAROUSEL", "outbox"): ("", "outbox"),
            ("CAROUSEL", "signal"): ("", "signal"),
            ("", "inbox"): ("CAROUSEL", "inbox"),
            ("", "control"): ("CHOOSER", "control"),
        },
    )


__kamaelia_prefabs__ = (JoinChooserToCarousel,)
