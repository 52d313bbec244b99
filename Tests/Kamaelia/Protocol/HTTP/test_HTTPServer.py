"""The HTTP server, on the bytes of one connection."""

import gc
import threading
from weakref import finalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.testing import FINISHED, feedConnection
from Axon.ThreadedComponent import threadedcomponent
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol
from Kamaelia.Util.OneShot import OneShot
from Tests.Kamaelia.Protocol.HTTP.webServer import (
    Broken,
    EchoBody,
    Page,
    Whisper,
    answersTo,
    exchange,
    get,
    post,
    whole,
)
from Tests.Kamaelia.sockets import PATIENCE, dial

ROUTING = [["/page/", Page], ["/echo", EchoBody], ["/", whole()]]


def test_a_handler_is_chosen_by_the_beginning_of_the_path():
    [answer] = exchange(ROUTING, get("/page/one"))
    assert answer.status == 200
    assert answer.body == b"page one"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert {"date", "server"} <= answer.headers.keys()


def test_a_path_without_a_handler_is_not_found():
    [answer] = exchange([["/page/", Page]], get("/<other>"))
    assert answer.status == 404
    assert b"&lt;other&gt;" in answer.body


def test_several_requests_are_answered_on_one_connection_in_order():
    requests = [get(f"/page/{number}") for number in range(5)]
    for data in (requests, [b"".join(requests)]):
        answers = exchange(ROUTING, *data)
        assert [answer.body for answer in answers] == [b"page %d" % n for n in range(5)]


@given(st.data())
def test_responses_do_not_depend_on_how_the_network_cuts_the_requests(data):
    sent = post(b"abc", path="/echo") + get("/page/x") + post(b"", path="/echo")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8)))
    parts = [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    answers = exchange(ROUTING, *[part for part in parts if part])
    assert [answer.body for answer in answers] == [b"abc", b"page x", b""]


def test_a_chunked_body_reaches_the_handler():
    head = get("/echo", "Transfer-Encoding: chunked", method="POST")
    answers = exchange(ROUTING, head + b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n" + get("/page/2"))
    assert [answer.body for answer in answers] == [b"abcdefg", b"page 2"]


def test_a_body_that_the_handler_leaves_is_discarded():
    answers = exchange(ROUTING, post(b"x" * 1000) + get("/page/2"))
    assert [answer.body for answer in answers] == [b"ok", b"page 2"]


@pytest.mark.parametrize(
    ("version", "fields", "isKept"),
    [
        ("1.1", [], True),
        ("1.1", ["Connection: close"], False),
        ("1.1", ["Connection: foo, Close"], False),
        ("1.0", [], False),
        ("1.0", ["Connection: Keep-Alive"], True),
    ],
)
def test_a_connection_is_kept_as_the_client_wishes(version, fields, isKept):
    first, *others = exchange(ROUTING, get("/", *fields, version=version) + get("/"))
    assert len(others) == isKept
    if not isKept:
        assert first.headers["connection"] == "close"


def test_a_client_of_http_1_0_gets_a_body_that_ends_with_the_connection():
    [answer] = exchange(ROUTING, get("/page/1", "Connection: keep-alive", version="1.0"))
    assert "transfer-encoding" not in answer.headers
    assert answer.body == b"page 1"


def test_head_is_answered_without_a_body():
    first, second = exchange(
        ROUTING, get("/", method="HEAD") + get("/page/2"), methods=("HEAD", "GET")
    )
    assert (first.headers["content-length"], first.body) == ("2", b"")
    assert second.body == b"page 2"


def test_a_client_that_expects_100_continue_gets_it_before_the_response():
    head = get("/echo", "Content-Length: 3", "Expect: 100-continue", method="POST")
    answers = exchange(ROUTING, head, b"abc")
    assert [answer.status for answer in answers] == [100, 200]
    assert answers[1].body == b"abc"


@pytest.mark.parametrize("sent", [None, {"statuscode": 200, "data": "begun", "length": 100}])
def test_an_error_in_a_handler_ends_its_connection_only(sent, caplog):
    handler = HTTPProtocol([["/", lambda request: Broken(sent)]])()
    data = feedConnection(handler, get() + get())
    if sent is None:
        [answer] = answersTo(data)
        assert answer.status == 500
        assert answer.headers["connection"] == "close"
    else:
        assert data.endswith(b"begun")
    assert "the handler's own mistake" in caplog.text


def test_an_upgrade_hands_the_connection_over():
    def upgrade(request):
        assert request["headers"]["upgrade"] == "whisper"
        fields = [("Upgrade", "whisper")]
        return {"statuscode": 101, "headers": fields, "upgrade": Whisper()}

    handler = HTTPProtocol([["/", upgrade]])()
    request = get("/", "Connection: Upgrade", "Upgrade: whisper")
    data = feedConnection(handler, request + b"one ", b"two ", b"three")
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n")
    assert b"\r\nUpgrade: whisper" in head
    assert body == b"ONE TWO THREE"


def test_an_upgraded_connection_learns_what_was_reported_before():
    received = []

    class Notes(Whisper):
        def main(self):
            yield from self.waitForMessage("control")
            received.append(self.recv("control"))

    def upgrade(request):
        return {"statuscode": 101, "headers": [("Upgrade", "x")], "upgrade": Notes()}

    feedConnection(HTTPProtocol([["/", upgrade]])(), get("/", "Upgrade: x"))
    assert received == [FINISHED]


@pytest.mark.parametrize(
    "message",
    [{"upgrade": "not a component", "headers": [("Upgrade", "x")]}, {"upgrade": Page({})}],
)
def test_an_upgrade_that_cannot_be_made_is_an_error(message, caplog):
    [answer] = exchange([["/", lambda request: {"statuscode": 101} | message]], get())
    assert answer.status == 500
    assert "upgrade" in caplog.text


class Said(threadedcomponent):
    """A handler in a thread, as older programs have it."""

    def __init__(self, request):
        super().__init__()
        self.request = request

    def main(self):
        self.send({"statuscode": "200 OK", "headers": [("content-type", "text/plain")]})
        for number in range(100):
            self.send({"data": f"{number} "})
        self.send(producerFinished(self), "signal")


class Wrapper(component):
    """The end of a pipeline that is a handler: wrap the first message into a page, and pause."""

    def main(self):
        self.send({"type": "text/html", "statuscode": "200"})
        yield 1
        while not self.dataReady():
            self.pause()
            yield 1
        self.send({"data": f"<p>{self.recv()}</p>"})
        yield 1
        self.send(producerFinished(self), "signal")
        yield 1


class Announced(component):
    """Announce a length, send the data in another turn, and go on for a while."""

    def __init__(self, request):
        super().__init__()

    def main(self):
        self.send({"statuscode": 200, "length": 5})
        yield 1
        self.send({"data": "whole"})
        yield 1
        self.send(producerFinished(self), "signal")
        yield 1
        yield 1


def test_handlers_of_older_programs():
    def piped(request):
        return Pipeline(OneShot(request["query"]), Wrapper())

    routing = [["/said", Said], ["/piped", piped], ["/announced", Announced]]
    requests = [get("/said"), get("/piped?a=b"), get("/announced")] * 2
    answers = exchange(routing, b"".join(requests))
    numbers = " ".join(map(str, range(100))) + " "
    bodies = [numbers.encode(), b"<p>a=b</p>", b"whole"]
    assert [answer.body for answer in answers] == bodies * 2
    assert answers[1].headers["content-type"] == "text/html"


@given(st.binary(max_size=300))
def test_garbage_gets_an_error_or_nothing(data):
    for prefix in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n", post(b"x" * 50, path="/echo")[:-20]):
        for answer in exchange(ROUTING, prefix + data):
            assert answer.status in (200, 400, 404, 408, 413, 414, 431, 501, 505)


REQUESTS = {
    "a component": get("/page/1"),
    "a function": get("/"),
    "a body": post(b"x" * 100),
    "an error": get("/broken"),
    "garbage": b"garbage\r\n\r\n",
    "half": get()[:9],
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_connection_leaves_no_object_to_the_garbage_collector(serving, name, caplog):
    gone = threading.Semaphore(0)
    make = HTTPProtocol([["/broken", lambda request: Broken()], *ROUTING])

    def protocol(**facts):
        handler = make(**facts)
        finalize(handler, gone.release)
        return handler

    def client(server):
        with dial(server.port) as sock:
            sock.sendall(REQUESTS[name])
            if name != "half":
                sock.recv(10)
        return gone.acquire(timeout=PATIENCE)

    gc.disable()
    try:
        assert serving(client, protocol=protocol)
    finally:
        gc.enable()
