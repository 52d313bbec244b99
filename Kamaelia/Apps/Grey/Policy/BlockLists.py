"""Block lists in DNS: a client that one of them lists is refused.

Example usage
-------------
    lists = BlockLists(Resolver(), ["zen.example.org"], timeout=2)
    zone = await lists.listing("192.0.2.7")         # "zen.example.org", or "" if none lists it

How does it work?
-----------------
All lists are asked at once (RFC 5782). The first that lists the client decides. A list that fails,
or does not answer within the timeout, lists no client, so a failure never refuses mail.

Termination: a cancelled caller cancels its questions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from Kamaelia.Apps.Grey.Policy.Resolver import Resolver
from Kamaelia.Support.Greylist.Suspicion import Client, listing
from Kamaelia.Support.Protocol.DNSNames import NoAnswer
from Kamaelia.Support.Protocol.SMTP.Reply import Reply


class BlockLists:
    """BlockLists(resolver, zones, timeout) -> says which list contains a client.

    timeout: seconds for all lists.
    """

    def __init__(self, resolver: Resolver, zones: Sequence[str], timeout: float = 2.0) -> None:
        self.resolver = resolver
        self.zones = zones
        self.timeout = timeout

    async def listing(self, peer: str) -> str:
        """Return the list that contains an address, or ""."""
        client = Client(peer)
        tasks = [asyncio.ensure_future(self._ask(zone, client)) for zone in self.zones]
        try:
            for each in asyncio.as_completed(tasks, timeout=self.timeout):
                with suppress(NoAnswer):
                    if zone := await each:
                        return zone
        except TimeoutError:
            """The other lists have not answered in time."""
        finally:
            for task in tasks:
                task.cancel()
        return ""

    async def _ask(self, zone: str, client: Client) -> str:
        return zone if await self.resolver.answered(listing(zone, client)) else ""


def refusalFor(peer: str, zone: str) -> Reply:
    """Return the reply to a client that a list contains."""
    return Reply(554, f"5.7.1 Refused: your address [{peer}] is listed in {zone}", closes=True)
