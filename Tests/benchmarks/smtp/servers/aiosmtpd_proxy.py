"""aiosmtpd with its own Proxy handler: python aiosmtpd_proxy.py SINK-PORT PORT"""

import asyncio
import logging
import sys

import uvloop
from aiosmtpd.handlers import Proxy
from aiosmtpd.smtp import SMTP

sink, port = map(int, sys.argv[1:])
logging.disable()


async def main():
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Proxy("127.0.0.1", sink), data_size_limit=2**26),
        "127.0.0.1",
        port,
        backlog=1024,
    )
    await server.serve_forever()


uvloop.run(main())
