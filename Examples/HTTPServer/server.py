"""A web server: pages from a folder, and pages that components make.

    python Examples/HTTPServer/server.py --port 8080
    curl http://localhost:8080/hello/world
    curl --data-binary "some words to count" http://localhost:8080/words
    curl --no-buffer http://localhost:8080/clock

Open http://localhost:8080/ in a browser, too. The routing is a list: the first prefix that fits
chooses the handler. A handler is a function that returns the whole response (`hello`), or a
component: `Words` reads the body of the request, and `Clock` sends its response bit by bit, until
the client goes away. The files in `htdocs` are the work of Minimal.
"""

import argparse
import logging
import time
from pathlib import Path
from typing import Any

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Protocol.HTTP.Handlers.Minimal import MinimalFactory
from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol

HTDOCS = Path(__file__).parent / "htdocs"


def hello(request: dict[str, Any]) -> dict[str, Any]:
    """Respond with a greeting for the name in the path."""
    return {
        "statuscode": 200,
        "content-type": "text/plain",
        "data": f"Hello, {request['uri-suffix']}\n",
    }


class Words(component):
    """A handler that counts the words in the body of the request."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__()

    async def main(self) -> None:
        body = b"".join([data async for data in self.messages()])
        text = f"{len(body.split())} words\n"
        self.send({"statuscode": 200, "content-type": "text/plain", "data": text})


class Clock(component):
    """A handler that sends the time, once a second."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__()

    def main(self) -> Any:
        self.send({"statuscode": 200, "content-type": "text/event-stream"})
        while not any(isinstance(each, shutdownMicroprocess) for each in self.Inbox("control")):
            self.send({"data": f"data: {time.strftime('%H:%M:%S')}\n\n"})
            yield from self.waitForMessage(timeout=1)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    options.add_argument(
        "--port", type=int, default=8080, help="port, 0: any free port (%(default)s)"
    )
    options.add_argument("--folder", default=str(HTDOCS), help="the pages to serve (%(default)s)")
    options.add_argument("--log", help="a file for the access log")
    chosen = options.parse_args()
    accessLog = None
    if chosen.log is not None:
        logger = logging.getLogger("access")
        logger.addHandler(logging.FileHandler(chosen.log))
        logger.setLevel(logging.INFO)
        accessLog = logger.info
    routing = [
        ["/hello/", hello],
        ["/words", Words],
        ["/clock", Clock],
        ["/", MinimalFactory(homedirectory=chosen.folder)],
    ]
    ServerCore(
        protocol=HTTPProtocol(routing, accessLog=accessLog),
        host=chosen.host,
        port=chosen.port,
    ).run()


if __name__ == "__main__":
    main()
