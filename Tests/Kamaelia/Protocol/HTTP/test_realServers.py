"""The HTTP clients with servers of other makes, and with the server of this package."""

import asyncio
import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from Axon.testing import feed
from Kamaelia.Protocol.HTTP.HTTPClient import SimpleHTTPClient
from Kamaelia.Protocol.HTTP.HTTPServer import HTTPServer
from Tests.Kamaelia.sockets import PATIENCE

ROOT = Path(__file__).resolve().parents[4]
BIG = os.urandom(1_000_000)
TEXT = b"some text " * 100_000


async def plain(request: web.Request) -> web.Response:
    return web.Response(body=BIG)


async def packed(request: web.Request) -> web.Response:
    answer = web.Response(body=TEXT)
    answer.enable_compression()
    return answer


async def streamed(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    for start in range(0, len(BIG), 10_000):
        await answer.write(BIG[start : start + 10_000])
    return answer


async def echoed(request: web.Request) -> web.Response:
    return web.Response(body=await request.read(), headers={"X-Method": request.method})


async def moved(request: web.Request) -> web.Response:
    raise web.HTTPFound("/plain")


@pytest.fixture
def aiohttpServer() -> Iterator[str]:
    """Run a server of aiohttp in a thread; yield its address."""
    loop = asyncio.new_event_loop()
    app = web.Application(client_max_size=2**24)
    for path, handler in {"plain": plain, "packed": packed, "streamed": streamed}.items():
        app.router.add_get(f"/{path}", handler)
    app.router.add_get("/moved", moved)
    app.router.add_route("*", "/echoed", echoed)
    runner = web.AppRunner(app)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    port = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)
    loop.run_until_complete(runner.cleanup())
    loop.close()


def test_pages_of_aiohttp_are_downloaded(aiohttpServer):
    paths = ["plain", "packed", "streamed", "moved"]
    outcome = feed(SimpleHTTPClient(), inbox=[f"{aiohttpServer}/{path}" for path in paths])
    assert outcome["outbox"] == [BIG, TEXT, BIG, BIG]
    assert outcome["error"] == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_bodies_are_uploaded_to_aiohttp(aiohttpServer, method):
    request = {"url": f"{aiohttpServer}/echoed", "postbody": BIG, "method": method}
    assert feed(SimpleHTTPClient(), inbox=[request])["outbox"] == [BIG]


def test_a_page_of_the_standard_library_is_downloaded(tmp_path):
    (tmp_path / "page").write_bytes(BIG)
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        port = server.stdout.readline().split(" port ")[1].split()[0]
        outcome = feed(SimpleHTTPClient(), inbox=[f"http://127.0.0.1:{port}/page"])
        server.kill()
    assert outcome["outbox"] == [BIG]


PROGRAM = """
import sys
from Axon.testing import feed
from Kamaelia.Protocol.HTTP.HTTPClient import SimpleHTTPClient
outcome = feed(SimpleHTTPClient(), inbox=sys.argv[1:])
print([len(body) for body in outcome["outbox"]], outcome["error"])
"""


def test_pages_of_this_package_are_downloaded(serving):
    def choose(request):
        if request["raw-uri"] == "/packed":
            headers = [("Content-Encoding", "gzip")]
            return {"statuscode": 200, "headers": headers, "data": gzip.compress(TEXT)}
        return {"statuscode": 200, "data": BIG}

    def client(server):
        urls = [f"http://127.0.0.1:{server.port}/{path}" for path in ("plain", "packed")]
        command = [sys.executable, "-c", PROGRAM, *urls]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT)
        return done.stdout + done.stderr

    protocol = lambda **facts: HTTPServer(choose, **facts)  # noqa: E731
    assert serving(client, protocol=protocol) == f"[{len(BIG)}, {len(TEXT)}] []\n"
