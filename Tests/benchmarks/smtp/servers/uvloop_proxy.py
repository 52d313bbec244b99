"""A bare uvloop Protocol that passes each line on: python uvloop_proxy.py SINK-PORT PORT

It has no limits, no policy and one connection to the server for each client, and it expects one
command at a time. It judges each mail by its line ends, as the strict proxy does, and sends no dot
for one with a bare CR, a bare LF or a NUL. It is the least that a live relay in Python costs.
"""

import asyncio
import sys

import uvloop

OFFER = b"250-localhost\r\n250-SIZE 33554432\r\n250 8BITMIME\r\n"
END = b"\r\n.\r\n"


class Server(asyncio.Protocol):
    """The connection to the server; `client` gets the replies after the opening."""

    def __init__(self, client):
        self.client = client
        self.data = b""
        self.opening = [b"EHLO localhost\r\n"]
        self.isOpen = False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.data += data
        if not isWhole(self.data):
            return
        data, self.data = self.data, b""
        if self.isOpen:
            self.client.answered(data)
        elif self.opening:
            self.transport.write(self.opening.pop())
        else:
            self.isOpen = True
            self.client.opened()

    def connection_lost(self, error):
        self.client.serverLost()


class Client(asyncio.Protocol):
    """The connection of a client, with one to the server from the first MAIL on."""

    server = None
    command = b""  # that the server has to answer
    isInText = False

    def connection_made(self, transport):
        self.transport = transport
        self.data = b""
        transport.write(b"220 localhost ESMTP\r\n")

    def data_received(self, data):
        self.data += data
        if self.isInText:
            self.takeText()
        elif self.data.endswith(b"\r\n"):
            line, self.data = self.data, b""
            self.takeCommand(line)

    def takeCommand(self, line):
        verb = line[:4].upper()
        if verb == b"QUIT":
            self.transport.write(b"221 Bye\r\n")
            self.transport.close()
        elif verb in (b"EHLO", b"HELO"):
            self.transport.write(OFFER if verb == b"EHLO" else b"250 localhost\r\n")
        elif verb in (b"MAIL", b"RCPT", b"DATA"):
            self.command = line
            if self.server is not None:
                self.server.transport.write(line)
            else:
                self.server = Server(self)
                self.opening = asyncio.ensure_future(self.connect())
        else:
            self.transport.write(b"250 Ok\r\n")

    async def connect(self):
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self.server, "127.0.0.1", int(sys.argv[1]))

    def opened(self):
        self.server.transport.write(self.command)

    def answered(self, data):
        if data[:3] == b"354":
            self.isInText = True
            self.last = b"\r\n"
        self.transport.write(data)

    def takeText(self):
        data, self.data = self.data, b""
        text = self.last + data
        pairs = text.count(b"\r\n")
        lone = text.count(b"\r") - text.endswith(b"\r") - pairs
        if text.count(b"\n") != pairs or lone or b"\0" in text:
            self.transport.write(b"550 5.5.2 Bare CR, bare LF or NUL\r\n")
            self.transport.close()
            return
        self.isInText = not text.endswith(END)
        self.last = text[-4:]
        self.server.transport.write(data)

    def serverLost(self):
        self.transport.close()

    def connection_lost(self, error):
        if self.server is not None and self.server.isOpen:
            if not self.isInText:
                self.server.transport.write(b"QUIT\r\n")
            self.server.transport.close()


def isWhole(reply):
    """Return whether the last line of a reply is complete."""
    return reply.endswith(b"\n") and reply[reply.rfind(b"\n", 0, -1) + 1 :][3:4] == b" "


async def main():
    server = await asyncio.get_running_loop().create_server(
        Client, "127.0.0.1", int(sys.argv[2]), backlog=1024
    )
    await server.serve_forever()


uvloop.run(main())
