"""A bare uvloop Protocol that defers every recipient: python uvloop_defer.py PORT"""

import asyncio
import sys

import uvloop

ANSWERS = {b"RCPT": b"451 4.7.1 Please try again later\r\n", b"QUIT": b"221 Bye\r\n"}


class Deferring(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"220 localhost ESMTP\r\n")

    def data_received(self, data):
        verb = data[:4].upper()
        self.transport.write(ANSWERS.get(verb, b"250 Ok\r\n"))
        if verb == b"QUIT":
            self.transport.close()


async def main():
    server = await asyncio.get_running_loop().create_server(
        Deferring, "127.0.0.1", int(sys.argv[1]), backlog=1024
    )
    await server.serve_forever()


uvloop.run(main())
