"""A conversation with a user in stages, one after the other.

Example usage
-------------
    def protocol(**peer):
        state = {}
        return Conversation(Authenticator(users=USERS, State=state), MessageBoardUI(State=state))

    ServerCore(protocol=protocol, port=1600).run()

How does it work?
-----------------
A LineOrientedInputBuffer feeds a Seq of the stages. Each of the two stops the other when it ends:
the stages when the user has gone, and the buffer when the last stage has ended.

Termination: when both have ended.
"""

from typing import Any

from Axon.Ipc import shutdownMicroprocess
from Kamaelia.Apps.Europython09.BB.LineOrientedInputBuffer import LineOrientedInputBuffer
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Seq import Seq
from Kamaelia.Util.OneShot import TriggeredOneShot

__all__ = ["Conversation"]


def Conversation(*stages: Any) -> Graphline:
    """Return a component in which the user talks with each of the stages in turn."""
    return Graphline(
        BUFFER=LineOrientedInputBuffer(),
        STAGES=Seq(*stages),
        HAS_GONE=TriggeredOneShot(shutdownMicroprocess()),
        IS_OVER=TriggeredOneShot(shutdownMicroprocess()),
        linkages={
            ("", "inbox"): ("BUFFER", "inbox"),
            ("", "control"): ("BUFFER", "control"),
            ("BUFFER", "outbox"): ("STAGES", "inbox"),
            ("STAGES", "outbox"): ("", "outbox"),
            ("BUFFER", "signal"): ("HAS_GONE", "inbox"),
            ("HAS_GONE", "outbox"): ("STAGES", "control"),
            ("STAGES", "signal"): ("IS_OVER", "inbox"),
            ("IS_OVER", "outbox"): ("BUFFER", "control"),
        },
    )


__kamaelia_prefabs__ = (Conversation,)
