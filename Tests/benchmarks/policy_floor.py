"""A bare uvloop Protocol that defers all mail: python policy_floor.py SOCKET [DATABASE]

It is the floor of a policy service in Python: it checks nothing and has no log. Without a database,
it does not read the requests. With one, it adds each triple that is not known, as our store does,
but never waits for the disk.
"""

import asyncio
import sqlite3
import sys
import time

import uvloop

ANSWER = b"action=DEFER_IF_PERMIT 4.7.1 Greylisted, please try again later\n\n"
CLIENT, SENDER, RECIPIENT = 3, 7, 8  # their lines in the requests of run_policy.py
ADD = "INSERT OR IGNORE INTO triple VALUES (?, ?, ?, ?, NULL, 0)"


class Deferring(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(ANSWER)


class Adding(Deferring):
    def data_received(self, data):
        lines = data.decode().split("\n", RECIPIENT + 1)
        client = lines[CLIENT].removeprefix("client_address=")
        sender = lines[SENDER].removeprefix("sender=")
        recipient = lines[RECIPIENT].removeprefix("recipient=")
        cursor.execute(ADD, (client, sender, recipient, time.time()))
        self.transport.write(ANSWER)


async def main(path, protocol):
    server = await asyncio.get_running_loop().create_unix_server(protocol, path)
    await server.serve_forever()


if len(sys.argv) > 2:
    database = sqlite3.connect(sys.argv[2], isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;"
    )
    cursor = database.cursor()
uvloop.run(main(sys.argv[1], Adding if len(sys.argv) > 2 else Deferring))
