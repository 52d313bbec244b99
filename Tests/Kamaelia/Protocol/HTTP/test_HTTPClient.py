"""The HTTP clients on real sockets: responses, redirects, limits, times, TLS and bad servers."""

import errno
import gzip
import os
import threading
import zlib

import pytest

from Axon.Component import component
from Axon.Ipc import errorInformation, producerFinished, shutdown, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Protocol.HTTP.HTTPClient import (
    AttachConsoleToDebug,
    ParsedHTTPBodyChunk,
    ParsedHTTPEnd,
    ParsedHTTPHeader,
    ParsedHTTPRedirect,
    SimpleHTTPClient,
    SingleShotHTTPClient,
    intval,
    makeSSHTTPClient,
    removeTrailingCr,
)
from Kamaelia.Protocol.HTTP.HTTPHelpers import HTTPMakePostRequest
from Kamaelia.Protocol.HTTP.SingleShotClient import MANY_MESSAGES
from Kamaelia.Util.NullSink import nullSinkComponent
from Tests.Kamaelia.consumers import SlowConsumer
from Tests.Kamaelia.Protocol.HTTP.conftest import response

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


def bodyOf(outcome):
    return b"".join(m.bodychunk for m in outcome["outbox"] if isinstance(m, ParsedHTTPBodyChunk))


def failureOf(outcome):
    """Return the text of the only failure."""
    (failure,) = outcome["error"]
    assert isinstance(failure, errorInformation)
    return str(failure.exception)


def download(client):
    return feed(client, control=[])


# One response


def test_a_response_is_sent_on_as_header_body_and_end(web):
    web.answers["/x"] = response(b"hello", "X-Kind: test")
    outcome = download(SingleShotHTTPClient(web.url("/x")))
    header, chunk, end = outcome["outbox"]
    assert isinstance(header, ParsedHTTPHeader)
    assert header.header["responsecode"] == "200"
    assert header.header["headers"]["x-kind"] == "test"
    assert (type(chunk), chunk.bodychunk) == (ParsedHTTPBodyChunk, b"hello")
    assert isinstance(end, ParsedHTTPEnd)
    assert [type(each) for each in outcome["signal"]] == [producerFinished]
    assert outcome["error"] == []


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (CHUNKED, b"abcde"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + response(b"later"), b"later"),
        (response(b"", status="204 No Content").replace(b"Content-Length: 0\r\n", b""), b""),
        (response(b"not here", status="404 Not Found"), b"not here"),
    ],
    ids=["chunked", "until close", "after 100", "204", "404"],
)
def test_each_form_of_body_is_read(web, answer, body):
    web.answers["/"] = answer
    outcome = download(SingleShotHTTPClient(web.url("/")))
    assert bodyOf(outcome) == body
    assert isinstance(outcome["outbox"][-1], ParsedHTTPEnd)
    assert outcome["error"] == []


def test_a_response_to_HEAD_has_no_body(web):
    web.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Encoding: gzip\r\n\r\n"
    outcome = download(SingleShotHTTPClient(web.url("/"), method="HEAD"))
    assert [type(m) for m in outcome["outbox"]] == [ParsedHTTPHeader, ParsedHTTPEnd]
    assert outcome["outbox"][0].header["headers"]["content-length"] == "500"


def test_the_response_does_not_depend_on_how_it_arrives(web):
    def byteByByte(sock, _):
        for each in CHUNKED:
            sock.sendall(bytes([each]))

    web.answers["/"] = byteByByte
    assert bodyOf(download(SingleShotHTTPClient(web.url("/")))) == b"abcde"


def test_a_large_body_arrives_whole(web):
    body = os.urandom(3_000_000)
    web.answers["/"] = response(body)
    assert bodyOf(download(SingleShotHTTPClient(web.url("/")))) == body


def test_a_body_in_many_small_chunks_leaves_turns_to_the_other_components(web):
    class Client(SingleShotHTTPClient):
        count = most = 0  # messages since the last turn of the other component

        def received(self, message):
            self.count += 1
            self.most = max(self.most, self.count)

    class Other(component):
        def main(self):
            while not client.hasEnded():
                client.count = 0
                yield 1

    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    web.answers["/"] = head + b"1\r\na\r\n" * 5000 + b"0\r\n\r\n"
    client = Client(web.url("/"))
    Other().activate()
    assert bodyOf(download(client)) == b"a" * 5000
    assert client.most <= 2 * MANY_MESSAGES


# Requests


def test_the_request_has_the_headers_that_servers_expect(web):
    web.answers["/a?b=c"] = response()
    download(SingleShotHTTPClient(web.url("/a?b=c#part")))
    (head,) = web.heads()
    assert head.startswith("get /a?b=c http/1.1\r\n")
    assert f"host: 127.0.0.1:{web.port}" in head
    assert "connection: close" in head
    assert "accept-encoding: gzip, deflate" in head


@pytest.mark.parametrize(
    ("postbody", "method", "line", "sent"),
    [
        ("", None, "GET", b""),
        ("grüße", None, "POST", "grüße".encode()),
        (b"\x00\xff", None, "POST", b"\x00\xff"),
        (None, None, "POST", b""),
        (b"new", "PUT", "PUT", b"new"),
        ("", "DELETE", "DELETE", b""),
    ],
)
def test_the_body_decides_the_method_unless_one_is_given(web, postbody, method, line, sent):
    web.answers["/"] = response()
    download(SingleShotHTTPClient(web.url("/"), postbody, method=method))
    head, _, body = web.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(line.encode() + b" /")
    assert body == sent
    assert (b"content-length" in head.lower()) == (line in ("POST", "PUT"))


def test_extra_headers_are_added_and_replace_the_defaults(web):
    web.answers["/"] = response()
    extra = {"user-agent": "mine", "X-More": "1"}
    download(SingleShotHTTPClient(web.url("/"), extraheaders=extra))
    (head,) = web.heads()
    assert "user-agent: mine" in head
    assert "x-more: 1" in head
    assert head.count("user-agent") == 1


def test_a_user_in_the_url_becomes_credentials(web):
    web.answers["/"] = response()
    download(SingleShotHTTPClient(f"http://me:p%40ss@127.0.0.1:{web.port}/"))
    assert "authorization: basic bwu6cebzcw==" in web.heads()[0]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "names no server"),
        ("http:///path", "names no server"),
        ("ftp://example.org/", "is not a URL of http or https"),
        ("http://h:99999/", "no valid port"),
        ("http://h:x/", "no valid port"),
        ("http://exa mple.org/", "no valid server name"),
    ],
)
def test_a_url_that_cannot_be_requested_is_a_failure_that_names_it(url, reason):
    outcome = download(SingleShotHTTPClient(url))
    assert reason in failureOf(outcome)
    assert outcome["error"][0].message == url
    assert [type(each) for each in outcome["signal"]] == [producerFinished]


def test_a_line_break_in_a_header_is_refused(web):
    outcome = download(SingleShotHTTPClient(web.url("/"), extraheaders={"X": "1\r\nY: 2"}))
    assert "is not valid" in failureOf(outcome)
    assert web.requests == []


@pytest.mark.parametrize(
    "url",
    ["http://me:secret@h:99999/", "ftp://me:secret@h/", "http://me:secret@h x/", "%s"],
)
def test_a_failure_does_not_show_a_password(refusingPort, url):
    url = url.replace("%s", f"http://me:secret@127.0.0.1:{refusingPort}/")
    outcome = download(SingleShotHTTPClient(url))
    shown = [failureOf(outcome), outcome["error"][0].message, *outcome["debug"]]
    assert "secret" not in "".join(shown)


@pytest.mark.parametrize("url", [None, 5, b"http://h/"])
def test_a_url_that_is_no_text_is_refused_at_once(url):
    with pytest.raises(TypeError, match="a URL is text"):
        SingleShotHTTPClient(url)


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_reported(web, status):
    web.answers["/old"] = response(b"moved", "Location: /new", status=f"{status} Moved")
    web.answers["/new"] = response(b"here")
    outcome = download(SingleShotHTTPClient(web.url("/old")))
    assert isinstance(outcome["outbox"][0], ParsedHTTPRedirect)
    assert outcome["outbox"][0].redirectto == web.url("/new")
    assert bodyOf(outcome) == b"here"


def test_a_redirect_without_a_place_is_a_response(web):
    web.answers["/"] = response(b"lost", status="302 Found")
    assert bodyOf(download(SingleShotHTTPClient(web.url("/")))) == b"lost"


@pytest.mark.parametrize(
    ("status", "method", "hasBody"), [(302, "GET", False), (303, "GET", False), (307, "POST", True)]
)
def test_a_redirect_decides_whether_the_body_is_sent_again(web, status, method, hasBody):
    web.answers["/old"] = response(b"", "Location: /new", status=f"{status} Moved")
    web.answers["/new"] = response(b"here")
    download(SingleShotHTTPClient(web.url("/old"), b"secret"))
    assert web.requests[1].startswith(method.encode())
    assert web.requests[1].endswith(b"secret") == hasBody


def test_too_many_redirects_are_a_failure(web):
    web.answers["/"] = response(b"", "Location: /", status="302 Found")
    outcome = download(SingleShotHTTPClient(web.url("/"), mostRedirects=3))
    assert failureOf(outcome) == "there were more than 3 redirects"
    assert len(web.requests) == 4


CREDENTIALS = {"Authorization": "Bearer 1", "Cookie": "a=b", "Proxy-Authorization": "x", "X": "y"}


def test_credentials_are_not_sent_to_another_server(web, otherWeb):
    web.answers["/"] = response(b"", f"Location: {otherWeb.url('/')}", status="307 Moved")
    otherWeb.answers["/"] = response()
    download(SingleShotHTTPClient(web.url("/"), extraheaders=CREDENTIALS))
    assert "bearer 1" in web.heads()[0]
    (head,) = otherWeb.heads()
    assert "x: y" in head
    assert not {"bearer", "cookie", "proxy"} & set(head.replace(":", " ").replace("-", " ").split())


def test_credentials_are_sent_again_to_the_same_server(web):
    web.answers["/"] = response(b"", "Location: /new", status="307 Moved")
    web.answers["/new"] = response()
    download(SingleShotHTTPClient(web.url("/"), extraheaders=CREDENTIALS))
    assert "bearer 1" in web.heads()[1]


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://h/", "gopher://h/", "http://[::1/"])
def test_a_redirect_to_another_kind_of_url_is_refused(web, place):
    web.answers["/"] = response(b"", f"Location: {place}", status="302 Found")
    outcome = download(SingleShotHTTPClient(web.url("/")))
    assert failureOf(outcome)
    assert bodyOf(outcome) == b""


# Compression and limits


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", lambda body: gzip.compress(body[:5]) + gzip.compress(body[5:])),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
    ],
    ids=["gzip", "two members", "zlib", "bare deflate"],
)
def test_a_compressed_body_is_expanded(web, coding, compress):
    body = b"some text " * 100_000
    web.answers["/"] = response(compress(body), f"Content-Encoding: {coding}")
    outcome = download(SingleShotHTTPClient(web.url("/")))
    assert bodyOf(outcome) == body
    headers = outcome["outbox"][0].header["headers"]
    assert "content-encoding" not in headers
    assert "content-length" not in headers


def test_a_program_that_asks_for_a_compression_gets_it_as_it_is(web):
    packed = gzip.compress(b"some text")
    web.answers["/"] = response(packed, "Content-Encoding: gzip")
    extra = {"Accept-Encoding": "gzip"}
    assert bodyOf(download(SingleShotHTTPClient(web.url("/"), extraheaders=extra))) == packed


def test_a_small_body_that_expands_to_a_large_one_is_stopped(web):
    web.answers["/"] = response(gzip.compress(bytes(50_000_000)), "Content-Encoding: gzip")
    outcome = download(SingleShotHTTPClient(web.url("/"), mostDecoded=1_000_000))
    assert failureOf(outcome) == "the body expands to more than 1000000 bytes"
    assert len(bodyOf(outcome)) <= 1_000_000


@pytest.mark.parametrize(
    "body", [gzip.compress(b"x" * 1000)[:-12], b"no gzip at all"], ids=["cut off", "other data"]
)
def test_a_broken_compression_is_a_failure(web, body):
    web.answers["/"] = response(body, "Content-Encoding: gzip")
    assert "compressed body is" in failureOf(download(SingleShotHTTPClient(web.url("/"))))


def test_a_body_over_the_limit_is_stopped(web):
    web.answers["/"] = response(b"x" * 1001)
    outcome = download(SingleShotHTTPClient(web.url("/"), mostBytes=1000))
    assert failureOf(outcome) == "the body is larger than 1000 bytes"


def test_endless_headers_are_stopped(web):
    def endless(sock, _):
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            sock.sendall(b"X-Filler: " + b"x" * 1000 + b"\r\n")

    web.answers["/"] = endless
    assert "the response is not valid" in failureOf(download(SingleShotHTTPClient(web.url("/"))))


# Bad servers


@pytest.mark.parametrize(
    "garbage",
    [
        b"220 mail.example ESMTP\r\n",
        b"\x00\xff\x00\xff\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
        b"HTTP/1.1 200 OK\r\n",
        b"",
    ],
)
def test_a_response_that_breaks_the_rules_is_a_failure(web, garbage):
    web.answers["/"] = garbage
    outcome = download(SingleShotHTTPClient(web.url("/")))
    assert failureOf(outcome)
    assert not any(isinstance(each, ParsedHTTPEnd) for each in outcome["outbox"])
    assert [type(each) for each in outcome["signal"]] == [producerFinished]


def test_a_server_that_cannot_be_reached_is_a_failure(refusingPort):
    outcome = download(SingleShotHTTPClient(f"http://127.0.0.1:{refusingPort}/"))
    assert f"[Errno {errno.ECONNREFUSED}]" in failureOf(outcome)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"timeout": 0.05}, "the server was silent for 0.05 seconds"),
        ({"mostTime": 0.05}, "the download took more than 0.05 seconds"),
    ],
)
def test_a_silent_server_is_a_failure(web, settings, reason):
    web.answers["/"] = lambda sock, _: web.isOver.wait()
    assert failureOf(download(SingleShotHTTPClient(web.url("/"), **settings))) == reason


def test_a_server_that_sends_forever_is_stopped_by_mostTime(web):
    def trickle(sock, _):
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not web.isOver.wait(0.01):
            sock.sendall(b"x")

    web.answers["/"] = trickle
    client = SingleShotHTTPClient(web.url("/"), mostTime=0.2)
    assert failureOf(download(client)) == "the download took more than 0.2 seconds"


def test_a_server_that_floods_is_stopped_by_mostTime(web):
    def flood(sock, _):
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sock.sendall(bytes(65536))

    web.answers["/"] = flood
    client = Pipeline(SingleShotHTTPClient(web.url("/"), mostTime=0.2), nullSinkComponent())
    outcome = feed(client, control=[])
    assert [type(each) for each in outcome["signal"]] == [producerFinished]


def test_an_early_response_to_a_large_upload_is_read(web):
    def refuse(sock, _):
        sock.sendall(response(b"too large", status="413 Too Large"))
        web.isOver.wait()  # and never read the rest

    web.answers["/"] = refuse
    web.readsBody = False
    assert bodyOf(download(SingleShotHTTPClient(web.url("/"), bytes(20_000_000)))) == b"too large"


# TLS


def test_https_verifies_the_certificate(secureWeb):
    secureWeb.answers["/"] = response(b"secret")
    outcome = download(SingleShotHTTPClient(secureWeb.url("/", "localhost")))
    assert "CERTIFICATE_VERIFY_FAILED" in failureOf(outcome)
    assert secureWeb.requests == []


def test_https_uses_the_context_that_is_given(secureWeb, certificate):
    secureWeb.answers["/"] = response(b"secret")
    client = SingleShotHTTPClient(secureWeb.url("/", "localhost"), ssl=certificate.client)
    assert bodyOf(download(client)) == b"secret"


def test_https_verifies_the_name(secureWeb, certificate):
    secureWeb.answers["/"] = response(b"secret")

    def connect(_, port, ssl):
        return TCPClient("127.0.0.1", port, ssl=ssl, serverHostname="example.org")

    url = secureWeb.url("/", "example.org")
    client = SingleShotHTTPClient(url, ssl=certificate.client, connectionclass=connect)
    assert "CERTIFICATE_VERIFY_FAILED" in failureOf(download(client))


# The boxes


@pytest.mark.parametrize("limit", ["capacity", "size"])
def test_a_slow_consumer_gets_every_message_in_order(web, limit):
    body = os.urandom(500_000)
    web.answers["/"] = response(gzip.compress(body), "Content-Encoding: gzip")
    consumer = SlowConsumer()
    if limit == "size":
        consumer.setInboxSize("inbox", 2)
        chain = Pipeline(SingleShotHTTPClient(web.url("/")), consumer)
    else:
        chain = Pipeline(SingleShotHTTPClient(web.url("/")), consumer, capacity=2)
    feed(chain, control=[])
    chunks = [m.bodychunk for m in consumer.taken if isinstance(m, ParsedHTTPBodyChunk)]
    assert b"".join(chunks) == body
    assert isinstance(consumer.taken[-1], ParsedHTTPEnd)


class FullConsumer(component):
    """Never takes a message, and reports the end of its producer."""

    def main(self):
        yield from self.passOnShutdown()


@pytest.mark.parametrize("limit", ["capacity", "size"])
def test_a_client_whose_consumer_is_full_can_be_stopped(web, limit):
    def endless(sock, _):
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sock.sendall(bytes(65536))

    web.answers["/"] = endless
    client, consumer = SingleShotHTTPClient(web.url("/")), FullConsumer()
    if limit == "size":
        consumer.setInboxSize("inbox", 2)
        chain = Pipeline(client, consumer)
    else:
        chain = Pipeline(client, consumer, capacity=2)

    class Stopper(component):
        def main(self):
            while consumer.dataReady() < 2:
                yield 1
            chain.deliver(shutdownMicroprocess(), "control")

    Stopper().activate()
    assert [type(each) for each in feed(chain, control=[])["signal"]] == [shutdownMicroprocess]


def test_a_server_has_to_wait_while_the_consumer_is_full(web):
    sent = []

    def endless(sock, _):
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        sock.settimeout(0.2)
        try:
            while sum(sent) < 100_000_000:
                sent.append(sock.send(bytes(65536)))
        except TimeoutError:
            pass
        isOver.set()

    class Stopper(component):
        def main(self):
            while not isOver.is_set():
                yield from self.waitForChange(0.01)
            chain.deliver(shutdownMicroprocess(), "control")

    web.answers["/"] = endless
    isOver = threading.Event()
    chain = Pipeline(SingleShotHTTPClient(web.url("/")), FullConsumer(), capacity=2)
    Stopper().activate()
    feed(chain, control=[])
    assert sum(sent) < 50_000_000


def test_producerFinished_lets_a_response_complete(web):
    web.answers["/"] = response(b"hello")
    outcome = feed(SingleShotHTTPClient(web.url("/")), control=[FINISHED])
    assert bodyOf(outcome) == b"hello"


@pytest.mark.parametrize("message", [shutdownMicroprocess(), shutdown()])
def test_a_shutdown_message_ends_a_download(web, message):
    web.answers["/"] = lambda sock, _: web.isOver.wait()
    outcome = feed(SingleShotHTTPClient(web.url("/")), control=[message])
    assert outcome["outbox"] == []
    assert len(outcome["signal"]) == 1


def test_another_class_may_make_the_connection(web):
    web.answers["/"] = response(b"hello")
    made = []

    def connect(host, port):
        made.append((host, port))
        return TCPClient("127.0.0.1", web.port)

    client = SingleShotHTTPClient("http://example.org:81/", connectionclass=connect)
    assert bodyOf(download(client)) == b"hello"
    assert made == [("example.org", 81)]


def test_a_subclass_may_form_the_request_itself(web):
    web.answers["/own"] = response(b"hello")

    class Own(SingleShotHTTPClient):
        def formRequest(self, url):
            request = "GET /own HTTP/1.1\r\nHost: x\r\n\r\n"
            return {"uri-server": "127.0.0.1", "uri-port": str(web.port), "request": request}

    assert bodyOf(download(Own("http://ignored/"))) == b"hello"


def test_the_redirects_of_such_a_subclass_are_followed_too(web):
    web.answers["/1"] = response(b"", "Location: http://x/2", status="302 Found")
    web.answers["/2"] = response(b"hello")

    class Own(SingleShotHTTPClient):
        def formRequest(self, url):
            request = f"GET /{url[-1]} HTTP/1.1\r\nHost: x\r\n\r\n"
            return {"uri-server": "127.0.0.1", "uri-port": str(web.port), "request": request}

    outcome = download(Own("http://x/1"))
    assert outcome["outbox"][0].redirectto == "http://x/2"
    assert bodyOf(outcome) == b"hello"


def test_redirects_wait_for_room(web):
    web.answers["/"] = response(b"", "Location: /", status="302 Found")
    consumer = SlowConsumer()
    consumer.setInboxSize("inbox", 1)
    feed(Pipeline(SingleShotHTTPClient(web.url("/"), mostRedirects=5), consumer), control=[])
    assert [type(each) for each in consumer.taken] == [ParsedHTTPRedirect] * 5


def test_failures_wait_for_room(web):
    web.answers["/"] = response(b"", "Location: /", status="302 Found")
    client, errors = SimpleHTTPClient(mostRedirects=2), SlowConsumer()
    errors.setInboxSize("inbox", 1)
    errors.link((client, "error"), (errors, "inbox"))
    errors.activate()
    feed(client, inbox=[5, web.url("/"), 6, web.url("/")])
    assert [each.message for each in errors.taken] == [5, web.url("/"), 6, web.url("/")]


# SimpleHTTPClient


def test_whole_bodies_come_in_the_order_of_the_requests(web):
    web.answers["/1"] = response(b"one" * 100_000)
    web.answers["/2"] = CHUNKED
    web.answers["/3"] = response(b"", "Location: /1", status="302 Found")
    urls = [web.url("/1"), web.url("/2"), {"url": web.url("/3")}]
    outcome = feed(SimpleHTTPClient(), inbox=urls)
    assert outcome["outbox"] == [b"one" * 100_000, b"abcde", b"one" * 100_000]
    assert outcome["signal"] == [FINISHED]


def test_a_failed_request_has_an_empty_body_and_an_error(web, refusingPort):
    web.answers["/"] = response(b"fine")
    closed = f"http://127.0.0.1:{refusingPort}/"
    outcome = feed(SimpleHTTPClient(), inbox=[closed, 5, {}, {"url": None}, web.url("/")])
    assert outcome["outbox"] == [b"", b"", b"", b"", b"fine"]
    assert [each.message for each in outcome["error"]] == [closed, 5, "", {"url": None}]


def test_settings_apply_to_each_download(web):
    web.answers["/"] = response(b"x" * 11)
    client = SimpleHTTPClient(mostBytes=10)
    outcome = feed(client, inbox=[web.url("/"), {"url": web.url("/"), "mostBytes": 11}])
    assert outcome["outbox"] == [b"", b"x" * 11]


def test_a_misspelt_setting_is_an_error():
    with pytest.raises(TypeError, match="Did you mean 'mostBytes'"):
        SimpleHTTPClient(mostByte=10)


def test_SimpleHTTPClient_stops_within_a_download(web):
    web.answers["/"] = lambda sock, _: web.isOver.wait()
    outcome = feed(SimpleHTTPClient(), inbox=[web.url("/")], control=[shutdownMicroprocess()])
    assert outcome["outbox"] == []
    assert [type(each) for each in outcome["signal"]] == [shutdownMicroprocess]


def test_SimpleHTTPClient_waits_for_room(web):
    web.answers["/"] = response(b"x")
    consumer = SlowConsumer()
    consumer.setInboxSize("inbox", 1)
    feed(Pipeline(SimpleHTTPClient(), consumer), inbox=[web.url("/")] * 4)
    assert consumer.taken == [b"x"] * 4


def test_a_form_is_posted(web):
    web.answers["/form"] = response(b"thanks")
    chain = Pipeline(HTTPMakePostRequest(web.url("/form")), SimpleHTTPClient())
    assert feed(chain, inbox=[b"a=b", ""])["outbox"] == [b"thanks"] * 2
    assert [each.partition(b"\r\n\r\n")[2] for each in web.requests] == [b"a=b", b""]
    assert all(each.startswith(b"POST /form ") for each in web.requests)


def test_makeSSHTTPClient_takes_the_historical_keys():
    made = makeSSHTTPClient(
        {"url": "http://h/", "postbody": "x", "extraheaders": {"A": "b"}, "method": "PUT", "z": 1}
    )
    assert (made.starturl, made.postbody, made.extraheaders, made.method) == (
        "http://h/",
        "x",
        {"A": "b"},
        "PUT",
    )


def test_the_debug_output_can_be_printed(web, capsys):
    web.answers["/"] = response(b"x")
    client = SingleShotHTTPClient(web.url("/"))
    AttachConsoleToDebug(client)
    feed(client, control=[])
    assert f"connecting to 127.0.0.1, port {web.port}" in capsys.readouterr().out


def test_the_small_functions_of_1_14():
    assert (intval("5"), intval("x"), intval(None)) == (5, None, None)
    assert (removeTrailingCr("a\r"), removeTrailingCr(""), removeTrailingCr("a")) == ("a", "", "a")
