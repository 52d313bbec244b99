"""The plan of a server for pictures: a connection and its handler, as there is for each client.

How does it work?
-----------------
The handler is made as for a client at an address that is reserved for documentation (RFC 5737), and
is never activated. A server whose handler cannot be made before it runs has no plan.
"""

from __future__ import annotations

from typing import Any

from Axon.ComponentCheck import whyNoComponent
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Kamaelia.Internet.HandlerLinks import ENDS
from Kamaelia.Util.Parent import PlannedLinkage

CLIENT = {"peer": "192.0.2.1", "peerport": 49152, "localip": "192.0.2.2", "localport": 49152}


class ServerPlan:
    """ServerPlan(server): the components that `server` creates for each client."""

    def __init__(self, server: Any) -> None:
        self.parts: dict[str, Any] = {}
        try:
            handler = server.mkProtocolHandler(**CLIENT)
        except Exception:  # noqa: BLE001 - the code of the program expects a real client
            return
        if not whyNoComponent(handler):
            self.parts = {"each connection": ConnectedSocketAdapter(None), "its handler": handler}

    def linkages(self) -> list[PlannedLinkage]:
        """Return the linkages between the connection and its handler."""
        if not self.parts:
            return []
        connection, handler = self.parts.values()
        return [
            ((source, outbox), (sink, inbox), {})
            for source, sink in ((connection, handler), (handler, connection))
            for outbox, inbox in ENDS
        ]
