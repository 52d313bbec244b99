"""A chat in the browser: a page and its WebSockets on one port.

    python Examples/WebSocket/chat.py --port 8080      # then open http://localhost:8080/

The page chat.html opens a WebSocket to /chat. Each WebSocket has a Graphline of its own:

    browser -> PUBLISH -> (the Backplane) -> SUBSCRIBE -> BUFFER -> browser

The Backplane must not be held by one browser that does not read, so a BUFFER drops the oldest
messages for it. Pages of other servers cannot connect: by default, a WebSocket accepts the origin
of its own host only.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Flow.Buffer import Buffer
from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol
from Kamaelia.Protocol.WebSocket.WebSocketServer import webSocketHandler
from Kamaelia.Util.Backplane import Backplane, PublishTo, SubscribeTo

PAGE = Path(__file__).with_name("chat.html").read_bytes()
LONGEST = 2000  # bytes in a message; a longer one closes its WebSocket


def page(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response with the page."""
    return {"statuscode": 200, "content-type": "text/html; charset=utf-8", "data": PAGE}


def chatter(request: Mapping[str, Any]) -> Graphline:
    """Return the components for one WebSocket."""
    return Graphline(
        PUBLISH=PublishTo("chat"),
        SUBSCRIBE=SubscribeTo("chat"),
        BUFFER=Buffer(1000, overflow="dropOldest"),
        linkages={
            ("self", "inbox"): ("PUBLISH", "inbox"),
            ("SUBSCRIBE", "outbox"): ("BUFFER", "inbox"),
            ("BUFFER", "outbox"): ("self", "outbox"),
            # When the browser closes, the components end in this order.
            ("self", "control"): ("PUBLISH", "control"),
            ("PUBLISH", "signal"): ("SUBSCRIBE", "control"),
            ("SUBSCRIBE", "signal"): ("BUFFER", "control"),
            ("BUFFER", "signal"): ("self", "signal"),
        },
    )


ROUTING = [["/chat", webSocketHandler(chatter, mostBytes=LONGEST)], ["/", page]]


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    options.add_argument(
        "--port", type=int, default=8080, help="port, 0: any free port (%(default)s)"
    )
    chosen = options.parse_args()
    Backplane("chat").activate()
    ServerCore(protocol=HTTPProtocol(ROUTING), host=chosen.host, port=chosen.port).run()


if __name__ == "__main__":
    main()
