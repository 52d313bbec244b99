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

from Kamaelia.Apps.Grey.Delegation.DelegationHandler import DelegationHandler
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Support.Protocol.PolicyDelegation import (
    BadRequest,
    RequestReader,
    answer,
)


class PolicyRequestHandler(DelegationHandler):
    """PolicyRequestHandler(service=...) -> answers the policy requests of one connection."""

    badInput = BadRequest
    reader: RequestReader

    def newReader(self) -> RequestReader:
        """Return a reader of requests."""
        return RequestReader()

    def answerAll(self) -> Generator[int, None, None]:
        """Answer all complete requests. Raise BadRequest."""
        reader, deferral = self.reader, self.service.deferral
        while (request := reader.nextPolicyRequest()) is not None:
            action = self.actionFor(request)
            if isinstance(action, Later):
                action = yield from self.actionAfter(action, request)
            words = action.inWords(deferral)
            self.noteAnswer(action, words)
            self.send(answer(words))
            if not reader.isIncomplete:
                return
            yield 1  # many requests at once do not delay other connections


__kamaelia_components__ = (PolicyRequestHandler,)
