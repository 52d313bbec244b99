"""The handler that responds with the files in a folder."""

import errno
import os
import socket
from math import inf
from pathlib import Path

import pytest

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Protocol.HTTP.Handlers.Minimal import (
    LARGEST_PART,
    SMALLEST_PART,
    Minimal,
    MinimalFactory,
    sizeAfter,
)
from Kamaelia.Protocol.HTTP.Handlers.StaticFiles import ContentCache, StaticFiles
from Tests.Kamaelia.Protocol.HTTP.webServer import exchange, get

LARGE = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files, beside a file that must not be served."""
    root = tmp_path / "htdocs"
    (root / "sub").mkdir(parents=True)
    (root / "index.html").write_text("<p>home</p>")
    (root / "sub" / "index.html").write_text("<p>sub</p>")
    (root / "a b.txt").write_bytes(b"0123456789")
    (root / "large.bin").write_bytes(LARGE)
    (root / "empty.css").write_bytes(b"")
    (root / "nothing").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    return root


def ask(folder, *requests, methods=(), prefix="/", **settings):
    routing = [[prefix, MinimalFactory(homedirectory=str(folder), **settings)]]
    return exchange(routing, *requests, methods=methods)


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/", "text/html", b"<p>home</p>"),
        ("/index.html?x=y", "text/html", b"<p>home</p>"),
        ("/sub/", "text/html", b"<p>sub</p>"),
        ("/a%20b.txt", "text/plain", b"0123456789"),
        ("/large.bin", "application/octet-stream", LARGE),
        ("/empty.css", "text/css", b""),
    ],
)
def test_a_file_is_sent_with_its_type(folder, path, kind, body):
    for answer in ask(folder, get(path), get(path)):  # from the disk, and from memory
        assert (answer.status, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["content-length"] == str(len(body))
        assert answer.body == body
        assert {"etag", "last-modified", "accept-ranges"} <= answer.headers.keys()


@pytest.mark.parametrize("path", ["/a%20b.txt", "/large.bin"])
def test_head_has_the_fields_of_get(folder, path):
    head, body = ask(folder, get(path, method="HEAD") + get(path), methods=("HEAD", "GET"))
    assert head.body == b""
    assert head.headers | {"date": ""} == body.headers | {"date": ""}


@pytest.mark.parametrize(
    "path", ["/none", "/sub/none", "/index.html/", "/index.html/x", "/nothing/"]
)
def test_what_does_not_exist_is_not_found(folder, path):
    assert [answer.status for answer in ask(folder, get(path))] == [404]


def test_a_folder_without_a_slash_is_redirected_on_this_server(folder):
    for path in ("/sub?a=b", "//sub?a=b"):
        [answer] = ask(folder, get(path))
        assert (answer.status, answer.headers["location"]) == (301, "/sub/?a=b")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "FOO"])
def test_other_methods_are_not_allowed(folder, method):
    [answer] = ask(folder, get("/", method=method))
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/sub/..%5c..%5csecret.txt",
        "/..%c0%afsecret.txt",
        "/index.html%00.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/link.txt",
        "/linked/secret.txt",
        "/pipe",
    ],
)
def test_nothing_outside_of_the_folder_is_sent(folder, path):
    (folder / "link.txt").symlink_to("../secret.txt")
    (folder / "linked").symlink_to("..")
    os.mkfifo(folder / "pipe")
    [answer] = ask(folder, get(path))
    assert answer.status == 404
    assert b"secret" not in answer.body
    assert b"root:" not in answer.body


def test_a_link_within_the_folder_is_followed_and_one_that_leads_out_by_choice(folder):
    (folder / "inside.txt").symlink_to("a b.txt")
    (folder / "outside.txt").symlink_to("../secret.txt")
    assert [answer.body for answer in ask(folder, get("/inside.txt"))] == [b"0123456789"]
    answers = ask(folder, get("/outside.txt"), followsLinks=True)
    assert [answer.body for answer in answers] == [b"secret"]
    assert [answer.status for answer in ask(folder, get("/outside.txt"))] == [404]


@pytest.mark.parametrize(
    ("field", "status", "expected", "contentRange"),
    [
        ("bytes=2-4", 206, (2, 5), "bytes 2-4/{}"),
        ("bytes=-3", 206, (-3, None), None),
        ("bytes=0-", 206, (0, None), None),
        ("bytes=0-1,4-5", 200, (0, None), None),
        ("bytes=99999999-", 416, (0, 0), "bytes */{}"),
        ("lines=1-2", 200, (0, None), None),
    ],
)
@pytest.mark.parametrize(
    ("path", "content"), [("/a%20b.txt", b"0123456789"), ("/large.bin", LARGE)]
)
def test_a_range_of_bytes_is_sent(folder, field, status, expected, contentRange, path, content):
    [answer] = ask(folder, get(path, f"Range: {field}"))
    assert answer.status == status
    assert answer.body == content[slice(*expected)]
    if contentRange is not None:
        assert answer.headers["content-range"] == contentRange.format(len(content))


@pytest.mark.parametrize("path", ["/a%20b.txt", "/large.bin"])
def test_a_client_that_has_the_file_gets_no_body(folder, path):
    [first] = ask(folder, get(path))
    for field in (f"If-None-Match: {first.headers['etag']}",
                  f"If-Modified-Since: {first.headers['last-modified']}"):  # fmt: skip
        answer, *_ = ask(folder, get(path, field), get(path, field))
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == first.headers["etag"]
        assert "content-length" not in answer.headers
    [answer] = ask(folder, get(path, 'If-Match: "other"'))
    assert answer.status == 412
    [answer] = ask(folder, get(path, "Range: bytes=0-0", 'If-Range: "other"'))
    assert answer.status == 200


def test_a_file_that_changes_is_sent_as_it_is_now(folder):
    for content in (b"first", b"second", b"third!"):
        (folder / "a.txt").write_bytes(content)
        assert [answer.body for answer in ask(folder, get("/a.txt"), get("/a.txt"))] == [
            content
        ] * 2
    (folder / "a.txt").unlink()
    assert [answer.status for answer in ask(folder, get("/a.txt"))] == [404]


def test_the_path_begins_after_the_prefix(folder):
    [answer] = ask(folder, get("/files/a%20b.txt"), prefix="/files/")
    assert answer.body == b"0123456789"


REQUEST = {"method": "GET", "uri-suffix": "large.bin", "non-query-uri": "/large.bin", "query": "",
           "headers": {}}  # fmt: skip


def test_a_handler_whose_response_is_not_needed_ends(folder):
    handler = Minimal(REQUEST, homedirectory=str(folder))
    outcome = feed(handler, control=[shutdownMicroprocess()])
    assert sum(len(message.get("data", b"")) for message in outcome["outbox"]) < len(LARGE)
    assert len(outcome["signal"]) == 1


def test_a_handler_that_is_held_reads_no_further(folder):
    handler = Minimal(REQUEST, homedirectory=str(folder))
    sink = component()
    handler.link((handler, "outbox"), (sink, "inbox"), capacity=1)

    class Stopper(component):
        def main(self):
            while not handler.isHeld():
                yield self.pause(0.01)
            yield self.pause(0.1)
            self.scheduler.stop()

    Stopper().activate()
    feed(handler, until=lambda _: False, control=())
    assert len(sink.inboxes["inbox"]) == 1  # the beginning of the response


def test_names_that_cannot_be_those_of_files_are_not_found(folder):
    (folder / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(folder / "socket"))
    for path in ("/loop", "/socket", "/" + "a" * 300, "/%ed%a0%80"):
        assert [answer.status for answer in ask(folder, get(path))] == [404]


def test_an_error_of_the_disk_is_an_error_of_the_server(folder, monkeypatch, caplog):
    def open(*arguments):  # noqa: A001
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "open", open)
    assert [answer.status for answer in ask(folder, get("/a%20b.txt"))] == [500]
    assert "the disk is broken" in caplog.text


def test_many_empty_files_in_memory_count_against_its_limit(tmp_path):
    (tmp_path / "empty").touch()
    found = StaticFiles(str(tmp_path)).find("empty")
    cache = ContentCache(mostBytes=10_000)
    for number in range(100):
        cache.put((str(number), False), found)
        found.checked = inf
    isKept = [cache.get((str(number), False)) is not None for number in range(100)]
    assert isKept[-1]
    assert sum(isKept) < 10


def test_descriptors_are_closed(folder):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        ask(folder, get("/large.bin"), get("/none"), get("/nothing"), get("/a%20b.txt"))
        feed(Minimal(REQUEST, homedirectory=str(folder)), control=[shutdownMicroprocess()])
    assert len(os.listdir("/proc/self/fd")) <= before


def test_the_parts_of_a_file_grow_for_a_fast_client_within_limits():
    size = SMALLEST_PART
    for _ in range(10):
        size = sizeAfter(size, 0.001)
    assert size == LARGEST_PART
    assert sizeAfter(size, 0.1) == size
    for _ in range(10):
        size = sizeAfter(size, 1.0)
    assert size == SMALLEST_PART
