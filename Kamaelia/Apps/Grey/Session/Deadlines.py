"""The deadlines of the client of a handler.

Example usage
-------------
    deadlines = deadlinesOf(handler, now)
    wait(until=deadlines.earliest(session, heardAt))
    at, reply = deadlines.next(session, heardAt)    # send this reply at that time

How does it work?
-----------------
Kamaelia.Support.Protocol.SMTP.Deadlines has the rules. Connections share the limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

from Kamaelia.Support.Protocol.SMTP.Deadlines import Deadlines, TimeLimits


class TimeSettings(Protocol):
    """The settings of a handler that limit the time of its client; see SessionState."""

    inactivity_timeout: float
    client_timeouts: Mapping[str, float]
    session_timeout: float
    min_text_rate: float


def deadlinesOf(settings: TimeSettings, now: float) -> Deadlines:
    """Return the deadlines of a client that has connected now.

    Raises ValueError for an unknown stage in `client_timeouts`.
    """
    timeouts = settings.client_timeouts
    stages = tuple(timeouts.items()) if timeouts else ()
    limits = _sharedLimits(
        settings.inactivity_timeout, stages, settings.session_timeout, settings.min_text_rate
    )
    return Deadlines(limits, now)


@lru_cache(maxsize=64)
def _sharedLimits(
    inactivity: float, stages: tuple[tuple[str, float], ...], session: float, textRate: float
) -> TimeLimits:
    """Return the limits that all connections with these settings share.

    stages: pairs of a stage and its seconds. Raises ValueError for an unknown stage.
    """
    return TimeLimits(inactivity, dict(stages), session, textRate)


#: What a handler has until its client has connected.
NO_DEADLINES = Deadlines(TimeLimits(0, {}, 0, 0), 0.0)


def atNoTime() -> float:
    """Return 0: the clock of a handler until its client has connected."""
    return 0.0
