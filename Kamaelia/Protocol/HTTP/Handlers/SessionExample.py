"""An example: a component that goes on between the requests of a session.

Example usage
-------------
    ServerCore(protocol=HTTPProtocol([["/session/", SessionExampleWrapper]]), port=8080).run()

How does it work?
-----------------
The rest of the path is the name of the session. The first request for a session creates a
component, which counts the requests and responds with their number. It ends no response by its own
end, but by producerFinished on "signal". While it responds to one request, another one gets the
status 503.

Termination: with the program; the first of more than MOST_SESSIONS sessions ends.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from Axon.Box import NULL
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Protocol.HTTP.ErrorPages import ErrorPageHandler

MOST_SESSIONS = 1000

Sessions: dict[str, SessionExample] = {}


def SessionExampleWrapper(request: dict[str, Any]) -> component:
    """Return the component for the session that a request names."""
    sessionid: str = request["uri-suffix"]
    session = Sessions.get(sessionid)
    if session is None or session.hasEnded():
        while len(Sessions) >= MOST_SESSIONS:
            oldest = Sessions.pop(next(iter(Sessions)))
            oldest.deliver(shutdownMicroprocess(), "control")
        session = Sessions[sessionid] = SessionExample(sessionid)
    elif session.isBusy():
        return ErrorPageHandler(503, "The session is busy.")
    return session


class SessionExample(component):
    """SessionExample(sessionid): responds with the number of the requests in its session."""

    Inboxes = {
        "inbox": "not used: the bodies of requests",
        "control": "producerFinished: there is a request; shutdownMicroprocess: end",
    }
    Outboxes = {
        "outbox": "the responses, as dicts",
        "signal": "producerFinished: a response is complete",
    }

    def __init__(self, sessionid: str) -> None:
        super().__init__()
        self.sessionid = sessionid

    def isBusy(self) -> bool:
        """Return whether it responds to a request now: it is linked to a connection."""
        return self.outboxes["outbox"] is not NULL

    def main(self) -> Generator[int, None, None]:
        counter = 0
        while True:
            yield from self.waitForMessage("control")
            if isinstance(self.recv("control"), shutdownMicroprocess):
                return
            for _ in self.Inbox():  # the body
                pass
            counter += 1
            self.send(
                {
                    "statuscode": 200,
                    "content-type": "text/html",
                    "data": f"<html><body>{counter}</body></html>",
                    "complete": True,
                }
            )
            self.send(producerFinished(self), "signal")


__kamaelia_components__ = (SessionExample,)
__kamaelia_prefabs__ = (SessionExampleWrapper,)
