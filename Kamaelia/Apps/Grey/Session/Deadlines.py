"""The time limits of one client's connection."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from Kamaelia.Apps.Grey.Session.HeldWatch import Watch
from Kamaelia.Support.Protocol.SMTP.Deadlines import (
    INACTIVITY,
    SESSION,
    TEXT_RATE,
    Deadline,
    Deadlines,
    TimeLimits,
)
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

if TYPE_CHECKING:
    from Kamaelia.Support.Protocol.SMTP.Session import Session


class Limits:
    """The times that a mail handler waits, and what happens then; in seconds, 0 means no limit."""

    inactivity_timeout: float = INACTIVITY  # without a byte from the client, in its turn
    client_timeouts: Mapping[str, float] = {}  # the same by stage (SMTPDeadlines.STAGES)
    session_timeout: float = SESSION  # for the connection, but for a mail in progress
    min_text_rate: float = TEXT_RATE  # octets a second, on average, of the text of a mail

    session: Session
    scheduler: Any
    deadlines: Deadlines
    startedAt = 0.0
    heardAt: float | None = None  # when the client last spoke or was answered; None: in this turn
    dueByOthers = inf  # when othersAreLate() is called
    isWaiting = False  # for somebody else than the client, who is not heard meanwhile
    _watch: Watch | None = None

    def now(self) -> float:
        """Return the time of the scheduler's clock, in seconds."""
        now: float = self.scheduler.timers.clock.now()
        return now

    def beginTime(self) -> None:
        """Start the clocks: the client has connected. Raises ValueError for an unknown stage."""
        limits = TimeLimits(
            self.inactivity_timeout, self.client_timeouts, self.session_timeout, self.min_text_rate
        )
        self.startedAt = self.now()
        self.deadlines = Deadlines(limits, self.startedAt)

    def due(self) -> float:
        """Return when the next of those for whom it waits is late, or infinity."""
        if self.isWaiting:
            return self.dueByOthers
        return min(self.dueByOthers, self._nextDeadline().at)

    def _nextDeadline(self) -> Deadline:
        if self.heardAt is None:
            self.heardAt = self.now()
        return self.deadlines.next(self.session, self.heardAt)

    def heedTime(self) -> None:
        """Act on a deadline that has passed."""
        now = self.now()
        if now >= self.dueByOthers:
            self.othersAreLate()
        if self.isWaiting or self.isOver():
            return
        deadline = self._nextDeadline()
        if now >= deadline.at:
            self.answer(deadline.reply)

    def watchHolding(self) -> None:
        """This is held from its next yield on: who does not read must not hold it for ever."""
        seconds = self.inactivity_timeout or self.session_timeout
        if self._watch is None and seconds:
            self._watch = Watch(self, seconds)
            self.link((self._watch, "outbox"), (self, "control"))
            self._watch.activate(Scheduler=self.scheduler)

    def endWatch(self) -> None:
        """Nothing is to be watched any more."""
        if self._watch is not None:
            self._watch.stop()

    if TYPE_CHECKING:  # what the handler has

        def answer(self, reply: Reply) -> None: ...
        def isOver(self) -> bool: ...
        def othersAreLate(self) -> None: ...
        def link(self, source: Any, sink: Any) -> Any: ...
