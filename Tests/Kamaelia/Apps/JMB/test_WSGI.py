"""WSGI applications behind an HTTPServer."""

import http.client
import logging
import threading

import pytest

from Axon.Ipc import shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Apps.JMB import SimpleWSGIFactory, WSGIFactory
from Kamaelia.Apps.JMB.WSGI.AppThread import MOST_QUEUED
from Kamaelia.Apps.JMB.WSGI.RequestBody import IN_MEMORY
from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol
from Tests.Kamaelia.Apps.JMB.applications import describe, echo
from Tests.Kamaelia.Protocol.HTTP.webServer import exchange, get, post
from Tests.Kamaelia.sockets import PATIENCE, dial, readExactly

HERE = "Tests.Kamaelia.Apps.JMB.applications"
URLS = [
    {"kp.regex": "^shop$", "kp.import_path": HERE, "kp.app_object": "describe", "shop.owner": "me"},
    {"kp.regex": "^none$", "kp.import_path": "no.such.module", "kp.app_object": "x"},
    {"kp.regex": "^gone$", "kp.import_path": HERE, "kp.app_object": "gone"},
    {"kp.regex": ".*", "kp.import_path": HERE, "kp.app_object": "describe"},
]


def ask(app, *data, prefix="/", methods=()):
    return exchange([[prefix, SimpleWSGIFactory({}, app)]], *data, methods=methods)


def responding(*parts, status="200 OK", headers=()):
    def app(environ, start_response):
        start_response(status, [("Content-Type", "text/plain"), *headers])
        return list(parts)

    return app


def test_an_application_responds():
    [answer] = ask(responding(b"hello", status="418 I'm a teapot", headers=[("X-A", "b")]), get())
    assert (answer.status, answer.body) == (418, b"hello")
    assert answer.headers["x-a"] == "b"
    assert answer.headers["content-length"] == "5"


@pytest.mark.parametrize(
    ("prefix", "path", "text"),
    [
        ("/", "/a/b?c=d", " /a/b c=d None"),
        ("/app", "/app/a%20b", "/app /a b  None"),
        ("/app/", "/app/", "/app /  None"),
        ("/app", "/app", "/app   None"),
        ("/", "/%C3%A9", " /Ã©  None"),
    ],
)
def test_the_path_is_divided_into_script_name_and_path_info(prefix, path, text):
    [answer] = ask(describe, get(path), prefix=prefix)
    assert answer.body.decode("latin-1") == text


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/shop/a", 200, b"/shop /a  me"),
        ("/shop", 200, b"/shop   me"),
        ("/other/a", 200, b" /other/a  None"),
        ("/none/a", 500, b"cannot be loaded"),
        ("/gone", 500, b"cannot be loaded"),
    ],
)
def test_an_application_is_chosen_by_the_first_part_of_the_path(path, status, text):
    [answer] = exchange([["/", WSGIFactory({}, URLS)]], get(path))
    assert answer.status == status
    assert text in answer.body


def test_a_path_without_an_application_is_not_found():
    [answer] = exchange([["/", WSGIFactory({}, URLS[:1])]], get("/other"))
    assert answer.status == 404


def test_the_config_may_contain_the_application():
    [answer] = exchange([["/", WSGIFactory({"application": describe})]], get("/a"))
    assert answer.body == b" /a  None"
    with pytest.raises(ValueError, match="url_list"):
        WSGIFactory({})


@pytest.mark.parametrize("size", [0, 10, IN_MEMORY - 1, 3 * IN_MEMORY])
def test_the_application_reads_the_body(size):
    body = b"0123456789" * (size // 10)
    parts = [body[at : at + 50000] for at in range(0, len(body), 50000)]
    [answer] = ask(echo, post(body)[: -len(body) or None], *parts)
    assert answer.body == body


def test_a_chunked_body_has_a_length_for_the_application():
    head = get("/", "Transfer-Encoding: chunked", method="POST")
    [answer] = ask(echo, head + b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
    assert answer.body == b"abcdef"


def test_head_has_no_body():
    [answer] = ask(responding(b"hello"), get(method="HEAD"), methods=("HEAD",))
    assert (answer.headers["content-length"], answer.body) == ("5", b"")


class Parts:
    """An iterable of parts that notes when it is closed."""

    def __init__(self, *parts, error=None):
        self.parts = parts
        self.error = error
        self.isClosed = threading.Event()

    def __iter__(self):
        yield from self.parts
        if self.error is not None:
            raise self.error

    def close(self):
        self.isClosed.set()

    def __call__(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return self


def test_an_iterable_is_sent_part_by_part_and_closed():
    parts = Parts(b"a", b"", b"bc")
    [answer] = ask(parts, get())
    assert answer.body == b"abc"
    assert parts.isClosed.is_set()


def test_an_error_before_the_response_is_500_and_logged(caplog):
    parts = Parts(error=ValueError("the application's own mistake"))
    [answer] = ask(parts, get())
    assert answer.status == 500
    assert "the application's own mistake" in caplog.text
    assert parts.isClosed.is_set()


def test_write_and_errors_of_the_application(caplog):
    def app(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written ")
        print("a line", file=environ["wsgi.errors"])
        return [b"returned"]

    [answer] = ask(app, get())
    assert answer.body == b"written returned"
    assert [record.getMessage() for record in caplog.records] == ["a line"]


def test_another_status_may_replace_the_first_until_data_is_sent():
    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            raise ValueError
        except ValueError as error:
            start_response("503 Sorry", [], (type(error), error, error.__traceback__))
        return [b"sorry"]

    [answer] = ask(app, get())
    assert (answer.status, answer.body) == (503, b"sorry")


@pytest.mark.parametrize(
    "app",
    [
        lambda environ, start_response: [b"x"],
        lambda environ, start_response: [],
        responding("text"),
        responding(b"x", headers=[("Transfer-Encoding", "chunked")]),
        responding(b"x", headers=[("X", "a\r\nSet-Cookie: b")]),
        lambda environ, start_response: [
            start_response("200 OK", []),
            start_response("200 OK", []),
        ],
    ],
)
def test_an_application_that_breaks_a_rule_is_an_error(app, caplog):
    [answer] = ask(app, get())
    assert answer.status == 500
    assert caplog.records


def test_an_errorlog_is_a_file(tmp_path):
    def app(environ, start_response):
        environ["wsgi.errors"].write("first\nsecond\n")
        start_response("204 No Content", [])
        return []

    log = tmp_path / "error.log"
    factory = SimpleWSGIFactory({}, app, errorlog=str(log), logger_name="test.errorlog")
    exchange([["/", factory]], get())
    for handler in logging.getLogger("test.errorlog").handlers:
        handler.close()
    assert log.read_text() == "first\nsecond\n"


def test_a_client_that_does_not_read_holds_the_application(serving):
    sent = 0

    def endless():
        nonlocal sent
        while True:
            sent += 65536
            yield b"x" * 65536

    parts = Parts()
    parts.__class__ = type("Endless", (Parts,), {"__iter__": lambda self: endless()})

    def client(server):
        with dial(server.port) as sock:
            sock.sendall(get())
            assert readExactly(sock, 15) == b"HTTP/1.1 200 OK"
            before = -1
            while sent != before:
                before = sent
                threading.Event().wait(0.3)
            assert sent < 16 * MOST_QUEUED + 16 * 1024 * 1024
        assert parts.isClosed.wait(PATIENCE)
        return True

    assert serving(client, protocol=HTTPProtocol([["/", SimpleWSGIFactory({}, parts)]]))


def test_calls_run_at_the_same_time_in_threads(serving):
    barrier = threading.Barrier(4, timeout=PATIENCE)

    def app(environ, start_response):
        barrier.wait()
        return responding(b"together")(environ, start_response)

    def client(server):
        connections = [http.client.HTTPConnection("127.0.0.1", server.port) for _ in range(4)]
        for connection in connections:
            connection.request("GET", "/")
        bodies = [connection.getresponse().read() for connection in connections]
        for connection in connections:
            connection.close()
        return bodies

    protocol = HTTPProtocol([["/", SimpleWSGIFactory({"threads": 4}, app)]])
    assert serving(client, protocol=protocol) == [b"together"] * 4


def test_a_request_whose_response_is_not_needed_does_not_reach_the_application():
    calls = []
    handler = SimpleWSGIFactory({}, calls.append)(
        {"method": "GET", "raw-uri": "/", "non-query-uri": "/", "query": "", "headers": {},
         "protocol": "HTTP", "version": "1.1"}
    )  # fmt: skip
    assert feed(handler, control=[shutdownMicroprocess()])["outbox"] == []
    assert calls == []
