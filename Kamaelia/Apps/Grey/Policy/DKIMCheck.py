"""A check that finds the domains whose DKIM signatures prove that a mail is theirs, within limits.

Example usage
-------------
    check = DKIMCheck(Resolver(), points=-3, most=1 << 20, timeout=2)
    domains = await check.signersOf(text, "<ann@example.org>")      # ["example.org"], or []

How does it work?
-----------------
The keys are asked by the resolver, which caches them. The signatures are verified in a thread, two
at a time, because each takes milliseconds. A text over `most` octets, a key that DNS does not have,
and a check that takes longer than the timeout find nothing, which neither helps nor hurts the mail.

Termination: a cancelled caller cancels its questions; a thread ends by itself.
"""

from __future__ import annotations

import asyncio

from Kamaelia.Apps.Grey.Policy.Resolver import Resolver
from Kamaelia.Support.Protocol.DKIM import Signature, dkimpy, isAuthentic, signaturesOf
from Kamaelia.Support.Protocol.DNSNames import NoAnswer

AT_ONCE = 2  # threads


class DKIMCheck:
    """DKIMCheck(resolver, points, most, timeout) -> verifies the signatures of texts.

    points: the credit for a signer that mailed before, a negative number. most: octets of a text.
    timeout: seconds for all signatures of a text. Raises ImportError without dkimpy.
    """

    def __init__(
        self, resolver: Resolver, points: int, most: int = 1 << 20, timeout: float = 2.0
    ) -> None:
        dkimpy()
        self.resolver = resolver
        self.points = points
        self.most = most
        self.timeout = timeout
        self._places = asyncio.Semaphore(AT_ONCE)

    async def signersOf(self, text: bytes | None, sender: str) -> list[str]:
        """Return the domains with an authentic signature for this sender. None: no text."""
        if text is None or len(text) > self.most:
            return []
        found: list[str] = []
        try:
            async with asyncio.timeout(self.timeout):
                for signature in signaturesOf(text, sender):
                    if signature.domain not in found and await self._verify(text, signature):
                        found.append(signature.domain)
        except TimeoutError:
            """Those that were found in time count."""
        return found

    async def _verify(self, text: bytes, signature: Signature) -> bool:
        try:
            records = await self.resolver.ask(signature.question)
        except NoAnswer:
            return False
        if len(records) != 1:  # RFC 6376 section 3.6.2.2: the result of several is undefined
            return False
        (key,) = records
        async with self._places:
            return await asyncio.to_thread(isAuthentic, text, signature, bytes(key))
