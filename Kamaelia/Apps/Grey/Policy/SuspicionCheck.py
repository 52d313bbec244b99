"""Assesses clients with the answers of DNS, within a time limit.

Example usage::

    suspicion = SuspicionCheck(Resolver(), checksFor(Weights(), ["zen.example.org"]), threshold=3)
    assessment = await suspicion.assess(Client("192.0.2.7", "mail.example.net", "<a@example.net>"))

How does it work?

All checks run at once. The resolver caches the answers and shares equal questions, so checks may
ask the same. A check without an answer at the end of the time counts for nothing.

Termination: a cancelled caller cancels its checks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from Kamaelia.Apps.Grey.Policy.DKIMCheck import DKIMCheck
from Kamaelia.Apps.Grey.Policy.Resolver import Resolver
from Kamaelia.Support.Greylist.Suspicion import Assessment, Check, Client
from Kamaelia.Support.Protocol.DNSNames import NoAnswer


class SuspicionCheck:
    """SuspicionCheck(resolver, checks, threshold, timeout) -> assesses one client after another.

    timeout: seconds for all checks of a client. dkim: what verifies signatures, if they count.
    """

    def __init__(
        self,
        resolver: Resolver,
        checks: Sequence[Check],
        threshold: int,
        timeout: float = 2.0,
        dkim: DKIMCheck | None = None,
    ) -> None:
        self.dkim = dkim
        self.resolver = resolver
        self.checks = checks
        self.threshold = threshold
        self.timeout = timeout

    def dependsOnText(self, assessment: Assessment) -> bool:
        """Return whether the mail of a suspicious client passes if its signer is known."""
        if self.dkim is None or not assessment.isSuspicious:
            return False
        return assessment.points + self.dkim.points < self.threshold

    async def assess(self, client: Client) -> Assessment:
        """Return the assessment of a client."""
        tasks = {
            asyncio.ensure_future(self.resolver.answered(check.find(client))): check
            for check in self.checks
        }
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=self.timeout)
        finally:
            for task in tasks:
                task.cancel()
        found: list[tuple[Check, str]] = []
        unknown: set[str] = set()
        for task, check in tasks.items():
            try:
                found.append((check, task.result()))
            except (NoAnswer, asyncio.CancelledError, asyncio.InvalidStateError):
                unknown.add(check.name)
        return Assessment.of(found, self.threshold, unknown)
