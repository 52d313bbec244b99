"""A real mail server that can be killed: it records each mail in a file before it answers.

    python -m Tests.attacks.backend FILE [PORT] [--lax]

It prints its port in the first line. It writes the number in the subject of each mail to FILE with
one system call, which a kill cannot interrupt, and then answers the dot. With --lax, a dot between
any CRs, LFs and NULs ends a mail.
"""

import asyncio
import os
import re
import sys

SUBJECT = re.compile(rb"Subject: (\d+)\r\n")
STRICT = re.compile(rb"\r\n\.\r\n")
LAX = re.compile(rb"[\r\n]\0*\.\0*(\r\n|[\r\n])")
LINE = re.compile(rb"\r\n")
REPLIES = {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


class Backend(asyncio.Protocol):
    """One SMTP session."""

    file = -1
    end = STRICT

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.kept = b""
        self.isText = False
        transport.write(b"220 backend\r\n")

    def data_received(self, data: bytes) -> None:
        self.kept += data
        while True:
            found = (self.end if self.isText else LINE).search(self.kept)
            if found is None:
                return
            one, self.kept = self.kept[: found.start()], self.kept[found.end() :]
            self.transport.write(self.replyTo(one))

    def replyTo(self, one: bytes) -> bytes:
        """Return the reply to a command or to a mail."""
        if self.isText:
            self.isText = False
            subject = SUBJECT.search(one)
            os.write(self.file, (subject[1] if subject else b"-1") + b"\n")
            return b"250 taken\r\n"
        self.isText = one.upper() == b"DATA"
        return REPLIES.get(one.upper(), b"250 fine\r\n")


async def main(filename: str, port: int = 0) -> None:
    Backend.file = os.open(filename, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Backend, "0.0.0.0", port, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if "--lax" in sys.argv:
        sys.argv.remove("--lax")
        Backend.end = LAX
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
