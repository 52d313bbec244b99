"""How long an SMTP server waits for its client (RFC 5321 section 4.5.3.2).

Example usage::

    >>> from Kamaelia.Support.Protocol.SMTP.Session import Session
    >>> deadlines = Deadlines(TimeLimits(inactivity=300, session=3600), now=0.0)
    >>> deadlines.next(Session(), heardAt=10.0).at
    310.0

How does it work?

Silence is limited at each stage. The limit on the session ends it between two mails; from
then on no new mail may begin, and one that has a sender has the same time once more to
reach its text. A text may take as long as its client keeps up `textRate` on average, so
that a steady client is never cut off, and one that sends an octet now and then is.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import NamedTuple, Protocol

from Kamaelia.Support.Protocol.SMTP.Reply import INACTIVE, SESSION_TOO_LONG, TOO_SLOW, Reply
from Kamaelia.Support.Protocol.SMTP.TextScanner import TextScanner

# What a client has to send next: see Session.awaited.
STAGES = ("TLS", "hello", "command", "text")

# RFC 5321 section 4.5.3.2.7: a server waits 5 minutes at least for the next command. Section
# 4.5.3.2.5 gives a client 3 minutes for each piece of a text, so that 5 are enough there, too.
INACTIVITY = 300.0
SESSION = 3600.0
TEXT_RATE = 100.0  # octets a second; a satellite telephone sends 300


class TimedSession(Protocol):
    """What is asked about a session."""

    text: TextScanner
    seenMail: bool

    @property
    def awaited(self) -> str:
        """One of STAGES."""


class Deadline(NamedTuple):
    """When a client is late, and the reply that it gets then."""

    at: float
    reply: Reply


class TimeLimits:
    """TimeLimits(inactivity, stages, session, textRate) -> seconds, and octets a second.

    stages: the seconds of silence by stage, where they differ from `inactivity`. 0 means
    no limit. Raises ValueError for an unknown stage.
    """

    __slots__ = ("session", "silence", "textRate")

    def __init__(
        self,
        inactivity: float = INACTIVITY,
        stages: Mapping[str, float] | None = None,
        session: float = SESSION,
        textRate: float = TEXT_RATE,
    ) -> None:
        given = stages or {}
        unknown = sorted(set(given) - set(STAGES))
        if unknown:
            raise ValueError(f"there is no stage {unknown[0]!r}: name one of {', '.join(STAGES)}")
        self.silence = {stage: given.get(stage, inactivity) or inf for stage in STAGES}
        self.session = session or inf
        self.textRate = textRate


class Deadlines:
    """Deadlines(limits, now) -> when the client of a session that begins now is late."""

    __slots__ = ("_limits", "_mailAt", "_startedAt", "_textAt")

    def __init__(self, limits: TimeLimits, now: float) -> None:
        self._limits = limits
        self._startedAt = now
        self._mailAt = now
        self._textAt: float | None = None

    def isSessionOver(self, now: float) -> bool:
        """Return whether no new mail may begin."""
        return now >= self._startedAt + self._limits.session

    def beginMail(self, now: float) -> None:
        """Note that a sender has been accepted."""
        self._mailAt = now

    def next(self, client: TimedSession, heardAt: float) -> Deadline:
        """Return the next deadline of a client that was last heard or answered at `heardAt`."""
        limits = self._limits
        stage = client.awaited
        silence = heardAt + limits.silence[stage]
        if stage == "text":
            last = Deadline(self._endOfText(client.text, heardAt), TOO_SLOW)
        else:
            self._textAt = None
            begun = self._mailAt if client.seenMail else self._startedAt
            last = Deadline(begun + limits.session, SESSION_TOO_LONG)
        return Deadline(silence, INACTIVE) if silence <= last.at else last

    def _endOfText(self, text: TextScanner, heardAt: float) -> float:
        """Return when a text of this size has to be complete, or to have grown."""
        if self._textAt is None:
            self._textAt = heardAt
        if not self._limits.textRate:
            return inf
        counted = min(text.size, text.limit)  # what is not kept earns no time
        return self._textAt + self._limits.silence["text"] + counted / self._limits.textRate
