"""The states of a connection, and the transitions that are possible between them.

How does it work?
-----------------
A connection changes its state through `next`, which checks the transition against TRANSITIONS.
An impossible transition is a defect of the program, not of the peer. It is rejected: the state
stays as it is, and the error is logged with the stack. It is not raised, because that would end
all other connections of the server, too.
"""

from __future__ import annotations

import logging
from enum import Enum

LOG = logging.getLogger("Kamaelia.Internet.ConnectionState")


class ConnectionState(Enum):
    """A state of a connection, as this side sees it."""

    CONNECTING = "there is no transport yet"
    OPEN = "data passes both ways"
    STARTING_TLS = "a TLS handshake runs; what is sent is kept until it is done"
    CLOSE_AFTER_TLS = "a TLS handshake runs; the connection is to be closed after it"
    HALF_CLOSED = "the peer sends no more; the handler may still send"
    CLOSING = "what was accepted is still sent, what is sent now is discarded"
    CLOSING_BOTH = "as CLOSING, and the peer sends no more"
    LOST = "it ended before this component was activated; the end has not been reported"
    CLOSED = "it has ended, and the end has been reported"

    def __init__(self, _description: str) -> None:
        name = self.name
        self.isOver = name in ("LOST", "CLOSED")
        self.isClosing = name in ("CLOSING", "CLOSING_BOTH")
        self.isHandshake = name in ("STARTING_TLS", "CLOSE_AFTER_TLS")
        self.hasPeerEnded = name in ("HALF_CLOSED", "CLOSING_BOTH")
        self.following: tuple[ConnectionState, ...] = ()  # the row of TRANSITIONS

    def next(self, state: ConnectionState) -> ConnectionState:
        """Return `state`, or log an error and return this state if the transition is impossible."""
        if state in self.following:
            return state
        what = "impossible transition of a connection from %s to %s"
        LOG.error(what, self.name, state.name, stack_info=True)
        return self


# Names of this module: to read a member of an Enum takes seven times as long.
(
    CONNECTING,
    OPEN,
    STARTING_TLS,
    CLOSE_AFTER_TLS,
    HALF_CLOSED,
    CLOSING,
    CLOSING_BOTH,
    LOST,
    CLOSED,
) = ConnectionState

TRANSITIONS: dict[ConnectionState, set[ConnectionState]] = {
    CONNECTING: {OPEN, LOST, CLOSED},
    OPEN: {STARTING_TLS, HALF_CLOSED, CLOSING, LOST, CLOSED},
    STARTING_TLS: {OPEN, CLOSE_AFTER_TLS, LOST, CLOSED},
    CLOSE_AFTER_TLS: {OPEN, LOST, CLOSED},
    HALF_CLOSED: {CLOSING_BOTH, CLOSED},
    CLOSING: {CLOSING_BOTH, LOST, CLOSED},
    CLOSING_BOTH: {CLOSED},
    LOST: {CLOSED},
    CLOSED: set(),
}

for _state, _following in TRANSITIONS.items():
    _state.following = tuple(_following)  # to find a row by hash takes five times as long
