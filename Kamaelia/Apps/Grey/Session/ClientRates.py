"""Limits on how often the clients of one network may connect, send mails and name recipients.

Example usage
-------------
    class Limited(ConcreteMailHandler):
        rates = ClientRates(connections=30, mails=60, recipients=300)

How does it work?
-----------------
The handlers of one process share it. It counts by network and minute, see NetworkRate. Each limit
has a reply of its own, and therefore a reason of its own in the log and the counters.
"""

from __future__ import annotations

from Kamaelia.Support.Greylist.NetworkRate import NetworkRate
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

MINUTE = 60.0

REPLIES = {
    "connections": Reply(421, "4.7.1 Too many connections from your network", closes=True),
    "mails": Reply(450, "4.7.1 Too many mails from your network, please try again later"),
    "recipients": Reply(452, "4.7.1 Too many recipients from your network, try again later"),
}


class ClientRates:
    """ClientRates(connections=0, mails=0, recipients=0) -> limits per minute; 0: no limit."""

    def __init__(self, connections: int = 0, mails: int = 0, recipients: int = 0) -> None:
        most = {"connections": connections, "mails": mails, "recipients": recipients}
        self._rates = {name: NetworkRate(number, MINUTE) for name, number in most.items()}

    def refusal(self, name: str, peer: str, now: float) -> Reply | None:
        """Return the reply to a client whose network has reached the limit; otherwise count."""
        rate = self._rates[name]
        if rate.isReached(peer, now):
            return REPLIES[name]
        rate.count(peer, now)
        return None
