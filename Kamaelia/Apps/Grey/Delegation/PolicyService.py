"""What all connections of a policy service or a milter share.

Example usage
-------------
    service = PolicyService(greylist, LastStage(), trusted=Lists(clients=["192.0.2.0/24"]))
"""

from __future__ import annotations

from typing import NamedTuple

from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Support.Greylist.Lists import Lists
from Kamaelia.Support.Protocol.PolicyDelegation import RCPT, STAGES


class LastStage:
    """LastStage() -> the last stage of a mail at which Postfix asks, learned from its requests.

    known: a stage at which it is known to ask.
    """

    def __init__(self, known: str = RCPT) -> None:
        self._latest = STAGES.index(known)

    def note(self, stage: str) -> None:
        """Note a request at this stage."""
        if stage != RCPT:  # which is known
            self._latest = max(self._latest, STAGES.index(stage))

    def isLast(self, stage: str) -> bool:
        """Return whether no later stage is known."""
        return STAGES.index(stage) == self._latest


class PolicyService(NamedTuple):
    """What all connections of a policy service share.

    trusted: clients that are never delayed. deferral: Postfix's word that defers. addsHeader:
    whether X-Greylist is added to a mail that was delayed. hostname: the one in that header.
    longestText: octets of a mail's text that the milter keeps; 0: it is sent no text.
    """

    greylist: Greylist
    lastStage: LastStage
    trusted: Lists = Lists()
    deferral: str = "DEFER_IF_PERMIT"
    addsHeader: bool = True
    hostname: str = "localhost"
    logfile: str | None = None
    policy_timeout: float = 10.0
    idle_timeout: float = 1200.0
    longestText: int = 0
