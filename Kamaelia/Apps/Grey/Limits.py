"""The limits in time of one client's connection."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from Kamaelia.Apps.Grey.Holding import Watch
from Kamaelia.Support.Protocol.SMTPReply import INACTIVE, SESSION_TOO_LONG, Reply

if TYPE_CHECKING:
    from Kamaelia.Support.Protocol.SMTP import Session


class Limits:
    """How long a mail handler waits, for whom, and what happens then; seconds, 0 is no limit."""

    inactivity_timeout: float = 60  # without a byte from the client, while it is its turn
    session_timeout: float = 3600  # for the whole connection

    session: Session
    scheduler: Any
    startedAt = 0.0
    heardAt: float | None = None  # when the client last spoke or was answered; None: in this turn
    dueByOthers = inf  # when othersAreLate() is called
    isWaiting = False  # for somebody else than the client, who is not heard meanwhile
    _watch: Watch | None = None

    def now(self) -> float:
        """The time of the scheduler's clock, in seconds."""
        now: float = self.scheduler.timers.clock.now()
        return now

    def due(self) -> float:
        """When the next of those for whom it waits is late; infinity if nobody can be."""
        if self.isWaiting:
            return self.dueByOthers
        if self.heardAt is None:
            self.heardAt = self.now()
        return min(
            self.dueByOthers,
            self.heardAt + (self.inactivity_timeout or inf),
            self.startedAt + (self.session_timeout or inf),
        )

    def heedTime(self) -> None:
        """Acts on whoever is late."""
        now = self.now()
        if now >= self.dueByOthers:
            self.othersAreLate()
        if self.isWaiting or self.isOver():
            return
        if now >= self.startedAt + (self.session_timeout or inf):
            self.answer(SESSION_TOO_LONG)
        elif self.heardAt is not None and now >= self.heardAt + (self.inactivity_timeout or inf):
            self.answer(INACTIVE)

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
