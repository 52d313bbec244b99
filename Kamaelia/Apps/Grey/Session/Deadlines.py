"""The deadlines of one client's connection.

Example usage
-------------
    deadlines = deadlinesOf(handler, clock)
    deadlines.heardAt = None                # in this turn
    at, reply = deadlines.due(session)      # send this reply at that time
    wait(until=deadlines.earliest(session, deadlines.heard()))  # then call due() again

How does it work?
-----------------
Kamaelia.Support.Protocol.SMTP.Deadlines has the rules. Time counts from the end of the turn in
which the client was heard or answered: the handler, or the first `heard` after that, notes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Protocol

from Kamaelia.Support.Protocol.SMTP.Deadlines import Deadline, Deadlines, TimedSession, TimeLimits


class ClientDeadlines(Deadlines):
    """ClientDeadlines(limits, clock) -> the deadlines of a client that has connected now.

    clock: returns the time in seconds. heardAt: when the client last sent something or was
    answered; set it to None in that turn.
    """

    __slots__ = ("clock", "heardAt")

    def __init__(self, limits: TimeLimits, clock: Callable[[], float]) -> None:
        self.clock = clock
        super().__init__(limits, clock())
        self.heardAt: float | None = None

    def due(self, client: TimedSession) -> Deadline:
        """Return when the client is late, and the reply that it gets then."""
        return self.next(client, self.heard())

    def heard(self) -> float:
        """Return when the client was last heard or answered."""
        heardAt = self.heardAt
        if heardAt is None:
            heardAt = self.heardAt = self.clock()
        return heardAt


class TimeSettings(Protocol):
    """The settings of a handler that limit the time of its client; see SessionState."""

    inactivity_timeout: float
    client_timeouts: Mapping[str, float]
    session_timeout: float
    min_text_rate: float


def deadlinesOf(settings: TimeSettings, clock: Callable[[], float]) -> ClientDeadlines:
    """Return the deadlines of a client that has connected now.

    Raises ValueError for an unknown stage in `client_timeouts`.
    """
    timeouts = settings.client_timeouts
    stages = tuple(timeouts.items()) if timeouts else ()
    limits = _sharedLimits(
        settings.inactivity_timeout, stages, settings.session_timeout, settings.min_text_rate
    )
    return ClientDeadlines(limits, clock)


@lru_cache(maxsize=64)
def _sharedLimits(
    inactivity: float, stages: tuple[tuple[str, float], ...], session: float, textRate: float
) -> TimeLimits:
    """Return the limits that all connections with these settings share.

    stages: pairs of a stage and its seconds. Raises ValueError for an unknown stage.
    """
    return TimeLimits(inactivity, dict(stages), session, textRate)


#: What a handler has until its client has connected.
NO_DEADLINES = ClientDeadlines(TimeLimits(0, {}, 0, 0), lambda: 0.0)
