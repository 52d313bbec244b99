"""The program that downloads a URL."""

import errno
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from Tests.served import served

BODY = bytes(range(256)) * 10_000


class Pages(BaseHTTPRequestHandler):
    """A large page, and a redirect to it."""

    def do_GET(self) -> None:
        isOld = self.path == "/old"
        self.send_response(302 if isOld else 200)
        if isOld:
            self.send_header("Location", "/new")
        self.send_header("Content-Length", "0" if isOld else str(len(BODY)))
        self.end_headers()
        if not isOld:
            self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with served(ThreadingHTTPServer(("127.0.0.1", 0), Pages)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}"


def test_a_page_is_written_to_a_file_after_a_redirect(run, address, tmp_path):
    done = run("HTTP/fetch.py", f"{address}/old", tmp_path / "page")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"redirected to {address}/new\n200 OK\n"
    assert (tmp_path / "page").read_bytes() == BODY


def test_a_failure_is_named(run, refusingPort, tmp_path):
    url = f"http://127.0.0.1:{refusingPort}/"
    done = run("HTTP/fetch.py", url, tmp_path / "page")
    assert done.returncode == 1
    assert done.stderr.startswith(f"{url}: ")
    assert f"[Errno {errno.ECONNREFUSED}]" in done.stderr


def test_the_help_says_what_it_does(run):
    assert "Download a URL to a file." in run("HTTP/fetch.py", "--help").stdout
