"""The HTTP server with real clients: curl, h2load and a browser."""

import http.client
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from Axon.Component import component
from Kamaelia.Protocol.HTTP.Handlers.Minimal import MinimalFactory
from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol
from Tests.Kamaelia.Protocol.HTTP.webServer import EchoBody, Page, whole
from Tests.Kamaelia.sockets import PATIENCE

LARGE = bytes(range(256)) * 16384  # 4 MiB


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with pages and files."""
    (tmp_path / "index.html").write_text(
        "<!DOCTYPE html><title>Home</title><link rel=stylesheet href=style.css>"
        '<img src="image.svg"><p id=p>waits</p><script src="script.js"></script>'
    )
    (tmp_path / "style.css").write_text("p { color: rgb(1, 2, 3) }")
    (tmp_path / "image.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"></svg>'
    )
    (tmp_path / "script.js").write_text(
        "fetch('/echo', {method: 'POST', body: 'from the script'})"
        ".then(r => r.text()).then(t => { p.textContent = t })"
    )
    (tmp_path / "large.bin").write_bytes(LARGE)
    return tmp_path


def routing(folder: Path) -> list[list[object]]:
    return [
        ["/echo", EchoBody],
        ["/page/", Page],
        ["/whole", whole(b"x" * 1024)],
        ["/", MinimalFactory(homedirectory=str(folder))],
    ]


def curl(*arguments: str) -> bytes:
    command = ["curl", "--silent", "--show-error", "--max-time", "20", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.mark.needs("curl")
def test_curl(serving, folder, eachLoop):
    def client(server):
        base = f"http://127.0.0.1:{server.port}"
        file = folder / "large.bin"
        copy = folder / "copy.bin"
        assert curl(f"{base}/large.bin") == LARGE
        copy.write_bytes(LARGE[:1000000])
        curl("-C", "-", "-o", str(copy), f"{base}/large.bin")  # continue a download
        assert copy.read_bytes() == LARGE
        assert curl("-r", "1-3", f"{base}/large.bin") == LARGE[1:4]
        assert curl("-T", str(file), f"{base}/echo") == LARGE  # with Expect: 100-continue
        assert curl("-T", str(file), "-H", "Expect:", f"{base}/echo") == LARGE
        chunked = ["-H", "Transfer-Encoding: chunked", "--data-binary", f"@{file}"]
        assert curl(*chunked, f"{base}/echo") == LARGE
        assert curl("--http1.0", f"{base}/page/1") == b"page 1"
        assert curl("--http2", f"{base}/page/1") == b"page 1"  # it offers an upgrade to h2c
        head = curl("--head", f"{base}/large.bin").decode().lower()
        assert f"content-length: {len(LARGE)}\r\n" in head
        code = ["-o", "/dev/null", "-w", "%{http_code} %{num_connects} "]
        assert curl(*code, "-z", str(file), f"{base}/large.bin") == b"304 1 "
        assert curl(*code, f"{base}/page/1", *code, f"{base}/page/2") == b"200 1 200 0 "
        assert curl(*code, "--path-as-is", f"{base}/../../etc/passwd") == b"404 1 "
        return True

    assert serving(client, protocol=HTTPProtocol(routing(folder)))


@pytest.mark.needs("curl")
def test_curl_within_TLS(serving, folder, certificate, eachLoop):
    schemes = []

    def scheme(request):
        schemes.append(request["uri-protocol"])
        return {"statuscode": 200, "data": "ok", "complete": True}

    def client(server):
        base = f"https://127.0.0.1:{server.port}"
        assert curl("-k", f"{base}/scheme") == b"ok"
        assert curl("-k", f"{base}/large.bin") == LARGE
        assert curl("-k", "-T", str(folder / "large.bin"), f"{base}/echo") == LARGE
        return True

    table = [["/scheme", scheme], *routing(folder)]
    assert serving(client, protocol=HTTPProtocol(table), ssl=certificate.server)
    assert schemes == ["https"]


@pytest.mark.needs("h2load")
@pytest.mark.parametrize("path", ["whole", "page/1", "style.css"])
def test_h2load_with_many_connections_and_pipelines(serving, folder, path):
    def client(server):
        url = f"http://127.0.0.1:{server.port}/{path}"
        command = ["h2load", "--h1", "-n500", "-c20", "-m5", url]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = re.search(r"(\d+) succeeded, (\d+) failed", text)
        assert found is not None
        return found.groups()

    assert serving(client, protocol=HTTPProtocol(routing(folder))) == ("500", "0")


@pytest.mark.needs("chromium")
def test_a_browser_shows_a_page(serving, folder, needs):
    playwright = pytest.importorskip("playwright.sync_api")

    def client(server):
        with playwright.sync_playwright() as play:
            browser = play.chromium.launch(executable_path=needs("chromium"), args=["--no-sandbox"])
            page = browser.new_page()
            statuses = []
            page.on("response", lambda response: statuses.append(response.status))
            page.goto(f"http://127.0.0.1:{server.port}/")
            page.wait_for_function("p.textContent == 'from the script'")
            assert page.title() == "Home"
            assert page.evaluate("getComputedStyle(p).color") == "rgb(1, 2, 3)"
            assert page.evaluate("document.images[0].naturalWidth") == 20
            page.reload()
            page.wait_for_function("p.textContent == 'from the script'")
            assert page.goto(f"http://127.0.0.1:{server.port}/none").status == 404
            browser.close()
        return statuses

    statuses = serving(client, protocol=HTTPProtocol(routing(folder)))
    assert {200, 404} <= set(statuses) <= {200, 304, 404}


def test_a_client_that_ends_its_side_after_the_request_gets_the_response(serving, folder):
    def client(server):
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as sock:
            sock.sendall(b"GET /large.bin HTTP/1.1\r\nHost: h\r\n\r\n")
            sock.shutdown(socket.SHUT_WR)
            response = http.client.HTTPResponse(sock)
            response.begin()
            return response.read()

    assert serving(client, protocol=HTTPProtocol(routing(folder))) == LARGE


def test_the_handler_of_a_client_that_has_gone_is_told(serving, certificate):
    class Waits(component):
        def __init__(self, request: object) -> None:
            super().__init__()

        def main(self) -> Generator[int, None, None]:
            while True:
                yield from self.waitForMessage("control")
                ended.append(type(self.recv("control")).__name__)
                hasBegun.set()
                if ended[-1] == "shutdownMicroprocess":
                    return

    ended: list[str] = []
    hasBegun = threading.Event()

    def client(server):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        raw = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        with context.wrap_socket(raw) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            return hasBegun.wait(PATIENCE)

    assert serving(client, protocol=HTTPProtocol([["/", Waits]]), ssl=certificate.server)
    assert ended == ["producerFinished", "shutdownMicroprocess"]
