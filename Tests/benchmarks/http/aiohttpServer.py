"""aiohttp on uvloop: files of a folder, without sendfile.

Usage: aiohttpServer.py FOLDER PORT [page]. With "page" it responds with 1 KiB from memory instead.
"""

import os
import sys

os.environ["AIOHTTP_NOSENDFILE"] = "1"

import uvloop  # noqa: E402
from aiohttp import web  # noqa: E402

folder, port = sys.argv[1:3]


async def page(request):
    return web.Response(body=b"x" * 1024, content_type="text/plain")


async def ready(app):
    print("READY", flush=True)


app = web.Application()
if sys.argv[3:] == ["page"]:
    app.router.add_get("/{name:.*}", page)
else:
    app.router.add_static("/", folder)
app.on_startup.append(ready)
uvloop.install()
web.run_app(app, host="127.0.0.1", port=int(port), access_log=None, print=None)
