"""The time limits of an SMTP server for its clients (RFC 5321 section 4.5.3.2).

Example usage::

    >>> from Kamaelia.Support.Protocol.SMTP.Session import Session
    >>> deadlines = Deadlines(TimeLimits(inactivity=300, session=3600), now=0.0)
    >>> deadlines.next(Session(), heardAt=10.0)[0]
    310.0

How does it work?

The client may be silent for a limited time at each stage. The limit of the session ends it
between two mails: no new mail may begin after it, and a mail that has a sender has the same
time again to reach its text. A text may take as long as the client sends at least `textRate`
on average. So a steady client is never cut off, but one that sends single octets is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from Kamaelia.Support.Protocol.SMTP.Reply import INACTIVE, SESSION_TOO_LONG, TOO_SLOW, Reply
from Kamaelia.Support.Protocol.SMTP.Session import Session
from Kamaelia.Support.Protocol.SMTP.TextScanner import TextJudge

# What a client has to send next: see Session.awaited.
STAGES: Final = ("TLS", "hello", "command", "text")

# RFC 5321 section 4.5.3.2.7: a server waits at least 5 minutes for the next command. Section
# 4.5.3.2.5 gives a client 3 minutes for each piece of a text, so 5 are enough there, too.
INACTIVITY: Final = 300.0
SESSION: Final = 3600.0
TEXT_RATE: Final = 100.0  # octets a second; a satellite telephone sends 300

NEVER: Final = float("inf")


# When a client is late, and the reply that it gets then. A plain tuple: each turn makes one.
Deadline = tuple[float, Reply]


class TimeLimits:
    """TimeLimits(inactivity, stages, session, textRate): in seconds, and octets per second.

    stages: the seconds of silence for stages that differ from `inactivity`. 0 means no limit.
    Raises ValueError for an unknown stage.
    """

    __slots__ = ("isUniform", "session", "shortest", "silence", "textRate")

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
        self.silence = {stage: given.get(stage, inactivity) or NEVER for stage in STAGES}
        self.isUniform = len(set(self.silence.values())) == 1  # the same silence at each stage
        self.session = session or NEVER
        self.shortest = min(self.silence.values())  # the least silence
        self.textRate = textRate


class Deadlines:
    """Deadlines(limits, now): the deadlines of the client of a session that begins now.

    startedAt: when it began.
    """

    __slots__ = ("_earliest", "_limits", "_mailAt", "_textAt", "startedAt")

    def __init__(self, limits: TimeLimits, now: float) -> None:
        self._limits = limits
        self.startedAt = now
        self._mailAt = now
        self._textAt: float | None = None
        self._earliest = now + limits.shortest

    def isSessionOver(self, now: float) -> bool:
        """Return whether no new mail may begin."""
        return now >= self.startedAt + self._limits.session

    def beginMail(self, now: float) -> None:
        """Note that a sender has been accepted."""
        self._mailAt = now
        self._textAt = None

    def next(self, client: Session, heardAt: float) -> Deadline:
        """Return the next deadline of a client that was last heard or answered at `heardAt`."""
        limits = self._limits
        stage = client.awaited
        silence = heardAt + limits.silence[stage]
        if stage == "text":
            last, reply = self._endOfText(client.text, heardAt), TOO_SLOW
        else:
            self._textAt = None
            begun = self._mailAt if client.seenMail else self.startedAt
            last, reply = begun + limits.session, SESSION_TOO_LONG
        deadline = (silence, INACTIVE) if silence <= last else (last, reply)
        self._earliest = deadline[0]
        return deadline

    def earliest(self, client: Session, heardAt: float) -> float:
        """Return a time before which the client cannot be late. It is cheaper than next().

        What a client sends moves its deadline forward, so that an earlier one remains a time at
        which to look again, except that the session or the mail may end before. If the stages
        have different limits, it is the next deadline.
        """
        limits, last = self._limits, NEVER
        if not client.gettingdata:
            self._textAt = None
            last = (self._mailAt if client.seenMail else self.startedAt) + limits.session
        elif self._textAt is None:
            self._textAt = heardAt
        if self._earliest > heardAt and limits.isUniform:
            return self._earliest if self._earliest < last else last
        return self.next(client, heardAt)[0]

    def _endOfText(self, text: TextJudge, heardAt: float) -> float:
        """Return the time by which a text of this size must be complete or have grown."""
        if self._textAt is None:
            self._textAt = heardAt
        if not self._limits.textRate:
            return NEVER
        counted = min(text.size, text.limit)  # octets that are not kept give no time
        return self._textAt + self._limits.silence["text"] + counted / self._limits.textRate
