"""A WSGI application behind our web server.

    python Examples/WSGI/server.py --port 8080
    curl http://localhost:8080/any/path?with=a+query
    python Examples/WSGI/server.py --application myshop.wsgi:application     # of Flask or Django

Without `--application`, the server runs the small application in this file. Each request is
answered in one of `--threads` threads, so an application may wait for a database.
"""

import argparse
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from Kamaelia.Apps.JMB import SimpleWSGIFactory
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol


def describe(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Respond with the parts of the request: a WSGI application as in PEP 3333."""
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    yield f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}\n".encode()
    yield f"query: {environ['QUERY_STRING'] or 'none'}\n".encode()
    yield f"body: {len(environ['wsgi.input'].read())} bytes\n".encode()


def named(path: str) -> Any:
    """Return the object that "module:name" means."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name or "application")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    options.add_argument(
        "--port", type=int, default=8080, help="port, 0: any free port (%(default)s)"
    )
    options.add_argument("--application", type=named, default=describe, help="module:name")
    options.add_argument("--threads", type=int, default=8, help="number (%(default)s)")
    chosen = options.parse_args()
    factory = SimpleWSGIFactory({"threads": chosen.threads}, chosen.application)
    ServerCore(
        protocol=HTTPProtocol([["/", factory]]),
        host=chosen.host,
        port=chosen.port,
    ).run()


if __name__ == "__main__":
    main()
