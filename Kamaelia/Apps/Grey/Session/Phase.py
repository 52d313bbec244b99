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
    following: the row of TRANSITIONS.
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
        self.following: tuple[Phase, ...] = ()


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

for _phase, _following in TRANSITIONS.items():
    _phase.following = tuple(_following)  # to find a row by hash takes five times as long
    _phase.whileStopping = STOPPING.get(_phase, _phase)


class IllegalTransition(RuntimeError):
    """A handler cannot enter this phase from the phase that it is in."""


def nextPhase(before: Phase, after: Phase) -> Phase:
    """Return the phase that a handler in `before` gets if it asks for `after`.

    Raise IllegalTransition if `after` may not follow. GONE is followed by GONE only.
    """
    if before is before.whileStopping:  # GREETING, GONE, or a shutdown is in progress
        if before is GONE:
            return GONE
        if before is not GREETING:
            after = after.whileStopping
    if after is before or after in before.following:
        return after
    raise IllegalTransition(f"{after.name} cannot follow {before.name} in a connection")
