"""The access log of an HTTP server, in the Common Log Format.

Example usage
-------------
    log = logging.getLogger("access").info
    ServerCore(protocol=HTTPProtocol(routing, accessLog=log), port=8080).run()
"""

from __future__ import annotations

from collections.abc import Callable

from Kamaelia.Protocol.HTTP.Exchange import Exchange
from Kamaelia.Support.Protocol.HTTP.CommonLog import commonLogLine


def logTo(write: Callable[[str], object]) -> Callable[[Exchange], None]:
    """Return a function that calls `write` with the line for each response."""

    def report(exchange: Exchange) -> None:
        request, writer = exchange.request, exchange.writer
        line = f"{request['method']} {request['raw-uri']} HTTP/{request['version']}"
        write(commonLogLine(request.get("peer"), exchange.began, line, writer.status, writer.sent))

    return report
