"""The phases of a client's connection, and which phase may follow which.

How does it work?
-----------------
A handler asks for a phase with SessionState.enter(). After a shutdownMicroprocess it gets the
twin of that phase instead, in which the mail in progress may end and no other may begin.
"""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """What a mail handler does next.

    isReading: the client may send. isWaiting: policy or the real server has to answer, and the
    client is not read. whileStopping: the phase that takes this one's place during a shutdown.
    following: what a handler in this phase gets if it asks for another: the phase, its twin, or
    None if it may not follow. The place of a phase in the row is its `index`.
    """

    GREETING = "the greeting is not sent"
    CLIENT = "the client may send"
    POLICY = "policy has a question to answer"
    SERVER = "the real server has something to answer"
    CLIENT_STOPPING = "the client may end its mail, and then gets 421"
    POLICY_STOPPING = "as POLICY, during a shutdown"
    SERVER_STOPPING = "as SERVER, during a shutdown"
    GONE = "the client has closed the connection"

    def __init__(self, _description: str) -> None:
        name = self.name
        self.isReading = name.startswith("CLIENT")
        self.isWaiting = name.startswith(("POLICY", "SERVER"))
        self.whileStopping: Phase = self
        self.index = 0
        self.following: tuple[Phase | None, ...] = ()


# Names of this module: to read a member of an Enum takes seven times as long (200 ns), and a mail
# handler reads some 40 in a session.
(
    GREETING,
    CLIENT,
    POLICY,
    SERVER,
    CLIENT_STOPPING,
    POLICY_STOPPING,
    SERVER_STOPPING,
    GONE,
) = Phase

STOPPING = {CLIENT: CLIENT_STOPPING, POLICY: POLICY_STOPPING, SERVER: SERVER_STOPPING}

# A handler leaves POLICY and SERVER only for CLIENT, where it takes its next step: so only one
# of them is waited for at a time. A shutdown is not taken back, and GONE is final.
TRANSITIONS: dict[Phase, set[Phase]] = {
    GREETING: {CLIENT, GONE},
    CLIENT: {POLICY, SERVER, CLIENT_STOPPING, GONE},
    POLICY: {CLIENT, POLICY_STOPPING, GONE},
    SERVER: {CLIENT, SERVER_STOPPING, GONE},
    CLIENT_STOPPING: {POLICY_STOPPING, SERVER_STOPPING, GONE},
    POLICY_STOPPING: {CLIENT_STOPPING, GONE},
    SERVER_STOPPING: {CLIENT_STOPPING, GONE},
    GONE: set(),
}


def requested(before: Phase, after: Phase) -> Phase:
    """Return the phase for which a handler asks: during a shutdown, the twin of `after`."""
    return after.whileStopping if before in STOPPING.values() else after


def _nextPhase(before: Phase, after: Phase) -> Phase | None:
    """Return the phase that a handler in `before` gets if it asks for `after`, or None.

    GONE is followed by GONE only, whatever is asked for.
    """
    if before is GONE:
        return GONE
    phase = requested(before, after)
    return phase if phase is before or phase in TRANSITIONS[before] else None


for _index, _phase in enumerate(Phase):
    _phase.index = _index
    _phase.whileStopping = STOPPING.get(_phase, _phase)
for _phase in Phase:  # a row of its own: to find one by hash takes five times as long
    _phase.following = tuple(_nextPhase(_phase, _after) for _after in Phase)


class IllegalTransition(RuntimeError):
    """A handler cannot enter this phase from the phase that it is in."""

    def __init__(self, before: Phase, after: Phase) -> None:
        phase = requested(before, after)
        super().__init__(f"{phase.name} cannot follow {before.name} in a connection")
