"""Records a refusal for the administrator: in the log, as JSON and in the counters.

Example usage
-------------
    writeRefusal(Refusal("192.0.2.1", 4711, "CONNECT", "", TOO_MANY_CONNECTIONS, ""), greylist, log)

How does it work?
-----------------
Each reply of 4xx or 5xx is counted once, by stage and reason, and has one line in the log and
one in the JSON file. A deferral by greylisting has no such lines: the line of its mail has the
same content and id.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Support.Protocol.SMTP.Refusal import Refusal, reasonOf
from Kamaelia.Support.Protocol.SMTP.Reply import DEFERRED

GREYLISTED = reasonOf(DEFERRED)


IDS_AT_ONCE = 64  # ids for which the system is asked for random bytes
_ids: list[str] = []  # that are not used yet


def newId() -> str:
    """Return a random id for a mail or a session."""
    if not _ids:
        _ids.extend(os.urandom(6 * IDS_AT_ONCE).hex(" ", 6).split())
    return _ids.pop()


os.register_at_fork(after_in_child=_ids.clear)  # or parent and child would use the same


def writeRefusal(refusal: Refusal, greylist: Greylist, log: Callable[[str], Any]) -> None:
    """Count a refusal, and write its lines. log: called with the line for the log."""
    greylist.count(*refusal.counter)
    now = greylist.clock()
    log(greylist.wording.ofRefusal(refusal, now))
    if greylist.journal is not None:
        greylist.journal(refusal.record(now))
