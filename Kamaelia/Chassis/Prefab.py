"""Pictures that are drawn so often that they have a name."""

from typing import Any

from Kamaelia.Chassis.Graphline import Graphline

__all__ = ["JoinChooserToCarousel"]


def JoinChooserToCarousel(chooser: Any, carousel: Any) -> Graphline:
    """JoinChooserToCarousel(chooser, carousel) -> a component: what one chooses, the other runs.

    chooser: gets "NEXT" on inbox, gives a choice on outbox. carousel: as Kamaelia.Chassis.Carousel,
    whose inbox, outbox and signal are those of the whole. Its control is the chooser's.
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
