"""The parser, the historical arrangement of a server, and the glue."""

import http.client

import pytest

from Axon.AxonExceptions import deadlock
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Protocol.HTTP import HTTPResourceGlue
from Kamaelia.Protocol.HTTP.HTTPParser import (
    HTTPParser,
    ParsedHTTPBodyChunk,
    ParsedHTTPEnd,
    ParsedHTTPHeader,
    removeTrailingCr,
)
from Kamaelia.Protocol.HTTP.HTTPRequestHandler import HTTPRequestHandler, currentTimeHTTP
from Kamaelia.Protocol.HTTP.HTTPServer import HTTPServer, HTTPShutdownLogicHandling
from Kamaelia.Support.Protocol.HTTP.Dates import parseDate
from Tests.Kamaelia.Protocol.HTTP.webServer import answersTo, get, post, whole


def kinds(messages):
    return [type(message).__name__.removeprefix("ParsedHTTP") for message in messages]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_requests_become_messages(size):
    data = get("/a?b=c", "X: y") + post(b"body")
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    outcome = feed(HTTPParser(peer="192.0.2.1", peerport=1), inbox=parts)
    messages = outcome["outbox"]
    first, second = (each.header for each in messages if isinstance(each, ParsedHTTPHeader))
    assert (first["method"], first["raw-uri"], first["query"]) == ("GET", "/a?b=c", "b=c")
    assert (first["headers"]["x"], first["peer"], first["bad"]) == ("y", "192.0.2.1", False)
    assert second["method"] == "POST"
    body = b"".join(each.bodychunk for each in messages if isinstance(each, ParsedHTTPBodyChunk))
    assert body == b"body"
    assert isinstance(messages[-1], ParsedHTTPEnd)
    assert kinds(outcome["signal"]) == ["producerFinished"]


@pytest.mark.parametrize("data", [b"nonsense\r\n\r\n", get()[:-2], post(b"abc")[:-1]])
def test_what_cannot_be_read_is_bad(data):
    outcome = feed(HTTPParser(), inbox=[data])
    *_, last, end = outcome["outbox"]
    assert last.header["bad"] == 400
    assert last.header["errormsg"]
    assert isinstance(end, ParsedHTTPEnd)
    assert len(outcome["debug"]) == 1


def test_a_response_becomes_messages():
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\nok"
    outcome = feed(HTTPParser(mode="response"), inbox=[data])
    assert kinds(outcome["outbox"]) == ["Header", "BodyChunk", "End"]
    header = outcome["outbox"][0].header
    assert (header["responsecode"], header["headers"]["x"]) == ("200", "y")


@pytest.mark.parametrize(
    "data", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"]
)
def test_a_response_that_cannot_be_read_is_bad(data):
    outcome = feed(HTTPParser(mode="response"), inbox=[data])
    assert outcome["outbox"][-2].header["bad"] is True


def test_a_parser_has_one_of_two_modes():
    with pytest.raises(ValueError, match="mode"):
        HTTPParser(mode="both")


def test_shutdownMicroprocess_ends_a_parser():
    stop = shutdownMicroprocess()
    assert feed(HTTPParser(), control=[stop])["signal"] == [stop]


def test_a_parser_is_held_by_the_inbox_that_it_feeds():
    parser, sink = HTTPParser(), component()
    parser.link((parser, "outbox"), (sink, "inbox"), capacity=4)
    with pytest.raises(deadlock, match="full inbox"):
        feed(parser, inbox=[get() * 20], control=())
    assert 4 <= len(sink.inboxes["inbox"]) <= 5


def test_a_cr_at_the_end_is_removed():
    assert [removeTrailingCr(line) for line in ("a\r", "a", "", "a\r\r")] == ["a", "a", "", "a\r"]


def historical(choose, **facts):
    """Return the historical server: three components in a Graphline."""
    return Graphline(
        PARSER=HTTPParser(**facts),
        HANDLER=HTTPRequestHandler(choose),
        CORELOGIC=HTTPShutdownLogicHandling(),
        linkages={
            ("self", "inbox"): ("PARSER", "inbox"),
            ("PARSER", "outbox"): ("HANDLER", "inbox"),
            ("HANDLER", "outbox"): ("self", "outbox"),
            ("self", "control"): ("CORELOGIC", "control"),
            ("CORELOGIC", "Psignal"): ("PARSER", "control"),
            ("CORELOGIC", "Hsignal"): ("HANDLER", "control"),
            ("CORELOGIC", "signal"): ("self", "signal"),
            ("PARSER", "signal"): ("CORELOGIC", "Pcontrol"),
            ("HANDLER", "signal"): ("CORELOGIC", "Hcontrol"),
        },
    )


@pytest.mark.parametrize("make", [historical, HTTPServer])
def test_both_arrangements_serve_connections(serving, make):
    def client(server):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        bodies = []
        for body in (None, b"abc"):
            connection.request("POST" if body else "GET", "/", body)
            bodies.append(connection.getresponse().read())
        connection.close()
        return bodies

    protocol = lambda **facts: make(whole("ok"), **facts)  # noqa: E731
    assert serving(client, protocol=protocol) == [b"ok", b"ok"]


@pytest.mark.parametrize("message", [producerFinished(), shutdownMicroprocess()])
def test_the_logic_passes_the_end_on(message):
    outcome = feed(HTTPShutdownLogicHandling(), control=[message], Hcontrol=[FINISHED])
    assert message in outcome["Psignal"]
    assert (message in outcome["Hsignal"]) is isinstance(message, shutdownMicroprocess)
    assert kinds(outcome["signal"]) == ["producerFinished"]


def test_a_request_handler_refuses_what_a_parser_does_not_send():
    with pytest.raises(TypeError, match="messages of an HTTPParser"):
        feed(HTTPRequestHandler(whole()), inbox=[b"GET / HTTP/1.1\r\n"])


def test_a_request_handler_reports_on_debug():
    header = {"method": "GET", "raw-uri": "/", "version": "1.1", "headers": {}}
    outcome = feed(HTTPRequestHandler(whole()), inbox=[ParsedHTTPHeader(header), ParsedHTTPEnd()])
    assert outcome["debug"] == ["GET '/': 200"]
    [answer] = answersTo(b"".join(outcome["outbox"]))
    assert abs(parseDate(answer.headers["date"]) - parseDate(currentTimeHTTP())) <= 2


def test_the_glue_chooses_by_its_table(monkeypatch):
    monkeypatch.setattr(HTTPResourceGlue, "URLHandlers", [["/a", lambda request: "handler of a"]])
    choose = HTTPResourceGlue.createRequestHandler
    request = {"bad": False, "raw-uri": "/a/b", "non-query-uri": "/a/b"}
    assert choose(request) == "handler of a"
    assert (request["uri-prefix-trigger"], request["uri-suffix"]) == ("/a", "/b")
    assert choose(request | {"non-query-uri": "/b"}).msg["statuscode"] == 404
    assert choose({"bad": 431, "errormsg": "too large"}).msg["statuscode"] == 431
