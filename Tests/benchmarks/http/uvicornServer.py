"""uvicorn on h11 and uvloop, without an access log. Usage: uvicornServer.py FOLDER PORT.

It responds to each request with 1 KiB from memory: less work than a server of files has.
"""

import sys

import uvicorn

_, port = sys.argv[1:3]
BODY = b"x" * 1024
FIELDS = [(b"content-type", b"text/plain"), (b"content-length", b"1024")]


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": FIELDS})
    await send({"type": "http.response.body", "body": BODY})


class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print("READY", flush=True)


config = uvicorn.Config(
    app, host="127.0.0.1", port=int(port), http="h11", loop="uvloop", access_log=False,
    log_level="error", lifespan="off",
)  # fmt: skip
Server(config).run()
