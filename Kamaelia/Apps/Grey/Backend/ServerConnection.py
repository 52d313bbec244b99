"""The TCPClient of a connection to a real server, as the settings of a mail handler describe it.

Example usage
-------------
    client = connectionTo(server, handler)
"""

from __future__ import annotations

from typing import Any

from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Support.Failover import ServerAddress


def connectionTo(server: ServerAddress, settings: Any) -> TCPClient:
    """Return a TCPClient for this server, neither linked nor activated.

    settings: has smtp_tls_name and smtp_timeouts, such as a mail handler or its class.
    """
    host, port, path = server
    return TCPClient(
        host,
        port,
        path=path,
        serverHostname=settings.smtp_tls_name or host,
        connect_timeout=settings.smtp_timeouts.get("connect", 30),
    )


__kamaelia_prefabs__ = (connectionTo,)
