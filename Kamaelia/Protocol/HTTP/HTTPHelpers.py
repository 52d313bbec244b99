"""A component that makes POST requests for a SimpleHTTPClient.

Example usage
-------------
    Pipeline(
        DataSource([b"name=value"]),
        HTTPMakePostRequest("https://example.org/form"),
        SimpleHTTPClient(),
        ConsoleEchoer(),
    ).run()

Termination: at a producerFinished or shutdownMicroprocess, after the messages that arrived
before it.
"""

from __future__ import annotations

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer


class HTTPMakePostRequest(PureTransformer):
    """HTTPMakePostRequest(uploadurl): makes a request from each message, its body."""

    Inboxes = {"inbox": "bytes or text: a body", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "a dict for SimpleHTTPClient, with the keys url and postbody",
        "signal": "the shutdown message from control",
    }

    def __init__(self, uploadurl: str) -> None:
        super().__init__()
        self.uploadurl = uploadurl

    def processMessage(self, msg: Any) -> dict[str, Any]:
        """Return the request that sends `msg`; an empty body is sent, too."""
        return {"url": self.uploadurl, "postbody": msg or None}


__kamaelia_components__ = (HTTPMakePostRequest,)
