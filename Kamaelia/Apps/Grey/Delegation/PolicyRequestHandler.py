"""One connection of Postfix to the policy service.

Example usage
-------------
    service = PolicyService(greylist, LastStage())
    ServerCore(protocol=lambda **address: PolicyRequestHandler(service=service), port=10023).run()

How does it work?
-----------------
Each request has one answer, its action. The rest is in DelegationHandler.

Termination: as DelegationHandler.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from Kamaelia.Apps.Grey.Delegation.DelegationHandler import DelegationHandler
from Kamaelia.Support.Protocol.PolicyDelegation import (
    BadRequest,
    RequestReader,
    answer,
    requestOf,
)


class PolicyRequestHandler(DelegationHandler):
    """PolicyRequestHandler(service=...) -> answers the policy requests of one connection."""

    badInput = BadRequest

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self._reader = RequestReader()

    def isWithinRequest(self) -> bool:
        """Return whether a request has begun that is not complete."""
        return self._reader.isWithinRequest

    def feed(self, data: bytes) -> None:
        """Take bytes of requests."""
        self._reader.feed(data)

    def answerAll(self) -> Generator[int, None, None]:
        """Answer all complete requests. Raise BadRequest."""
        while (attributes := self._reader.nextRequest()) is not None:
            action = yield from self.actionFor(requestOf(attributes))
            self.send(answer(action))
            yield 1  # many requests at once do not delay other connections


__kamaelia_components__ = (PolicyRequestHandler,)
