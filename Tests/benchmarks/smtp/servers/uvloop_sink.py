"""A bare uvloop Protocol that takes all mails and drops them: python uvloop_sink.py PORT"""

import asyncio
import sys

import uvloop

ANSWERS = {b"DATA": b"354 Go on\r\n", b"QUIT": b"221 Bye\r\n"}


class Sink(asyncio.Protocol):
    isInText = False
    end = b""

    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"220 localhost ESMTP\r\n")

    def data_received(self, data):
        if self.isInText:
            self.end = (self.end + data[-5:])[-5:]
            if self.end == b"\r\n.\r\n":
                self.isInText = False
                self.transport.write(b"250 Ok\r\n")
            return
        verb = data[:4].upper()
        self.isInText = verb == b"DATA"
        self.transport.write(ANSWERS.get(verb, b"250 Ok\r\n"))
        if verb == b"QUIT":
            self.transport.close()


async def main():
    server = await asyncio.get_running_loop().create_server(
        Sink, "127.0.0.1", int(sys.argv[1]), backlog=1024
    )
    await server.serve_forever()


uvloop.run(main())
