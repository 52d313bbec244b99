"""The limits of a server on sizes and times, and the end of its connections."""

import logging
import os
import signal
import threading
from collections.abc import Generator

import pytest

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.testing import feed, feedConnection
from Kamaelia.IPC import socketShutdown
from Kamaelia.Protocol.HTTP.HTTPParser import HTTPParser
from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol
from Kamaelia.Support.Protocol.HTTP.Limits import Limits
from Tests.Kamaelia.Protocol.HTTP.webServer import (
    EchoBody,
    Page,
    answersTo,
    exchange,
    get,
    post,
    whole,
)
from Tests.Kamaelia.sockets import PATIENCE, dial, readAll, readExactly

ROUTING = [["/page/", Page], ["/echo", EchoBody], ["/", whole()]]


class Silent(component):
    """A handler that waits for its end, and notes it."""

    ends: list[object] = []

    def __init__(self, request: object) -> None:
        super().__init__()

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage("control")
            message = self.recv("control")
            if isinstance(message, shutdownMicroprocess):
                self.ends.append(message)
                return


class Asks(component):
    """Read the body before the response."""

    def __init__(self, request: object) -> None:
        super().__init__()

    def main(self) -> Generator[int, None, None]:
        body = b""
        while True:
            yield from self.waitForMessage()
            body += b"".join(self.Inbox())
            if self.isShuttingDown():
                break
        self.send({"statuscode": 200, "data": body, "complete": True})


class Feeder(component):
    """Send bytes to a connection at the given times, and collect what it sends."""

    def __init__(self, handler, steps):
        super().__init__()
        self.handler = handler
        self.steps = steps
        self.received = b""
        self.ended = None

    def main(self) -> Generator[int, None, None]:
        handler = self.handler
        self.link((handler, "outbox"), (self, "inbox"))
        self.link((handler, "signal"), (self, "control"))
        self.addChildren(handler)
        handler.activate()
        now = self.scheduler.timers.clock.now
        began = now()
        steps = list(self.steps)
        while self.ended is None:
            self.received += b"".join(self.Inbox())
            if self.dataReady("control"):
                self.ended = now() - began
                return
            while steps and steps[0][0] <= now() - began:
                handler.deliver(steps.pop(0)[1], "inbox")
            yield from self.waitForChange(steps[0][0] - (now() - began) if steps else None)


def slowly(steps, limits, routing=ROUTING):
    """Return the answers to data that comes at the given seconds, and when the server ended it."""
    feeder = Feeder(HTTPProtocol(routing, limits=limits)(), steps)
    feed(feeder, control=())
    return answersTo(feeder.received), feeder.ended


LIMITS = Limits(headerTime=20, idleTime=60, bodyTime=10, bodyRate=100)


@pytest.mark.usefixtures("virtualClock")
class TestTimes:
    def test_a_header_that_comes_too_slowly_is_refused(self):
        steps = [(second, bytes([byte])) for second, byte in enumerate(get("/" + "a" * 90))]
        [answer], ended = slowly(steps, LIMITS)
        assert answer.status == 408
        assert ended == pytest.approx(20, abs=1)

    def test_a_connection_without_a_request_is_closed(self):
        assert slowly([], LIMITS) == ([], pytest.approx(60))

    def test_a_connection_is_closed_when_no_other_request_comes(self):
        [answer], ended = slowly([(30, get())], LIMITS)
        assert (answer.status, ended) == (200, pytest.approx(90))

    def test_the_time_of_one_request_does_not_count_for_the_next(self):
        answers, _ = slowly([(0, get()), (19, get()[:9]), (38, get()[9:])], LIMITS)
        assert [answer.status for answer in answers] == [200, 200]

    def test_a_body_that_comes_too_slowly_is_refused(self):
        head = get("/", "Content-Length: 10000", method="POST")
        steps = [(0, head), *[(second, b"x") for second in range(1, 100)]]
        answers, ended = slowly(steps, LIMITS, [["/", Asks]])
        assert [answer.status for answer in answers] == [408]
        assert ended == pytest.approx(10, abs=1)

    def test_a_body_at_the_lowest_rate_is_accepted(self):
        head = get("/echo", "Content-Length: 10000", method="POST")
        steps = [(0, head), *[(second, b"x" * 100) for second in range(1, 101)]]
        [answer], _ = slowly(steps, LIMITS)
        assert answer.body == b"x" * 10000

    @pytest.mark.parametrize("fields", [(), ("Expect: 100-continue",)])
    def test_a_handler_may_take_its_time(self, fields):
        class Late(component):
            def __init__(self, request):
                super().__init__()

            def main(self):
                yield from self.waitForChange(1000)
                yield from self.waitForChange(1000)
                self.send({"statuscode": 200, "data": "late", "complete": True})

        [answer], _ = slowly([(0, get("/", *fields))], LIMITS, [["/", Late]])
        assert answer.body == b"late"


@pytest.mark.parametrize(
    ("data", "limits", "status"),
    [
        (get("/" + "a" * 100), Limits(targetSize=50), 414),
        (get("/", "X: " + "a" * 1000), Limits(headerSize=500), 431),
        (post(b"x" * 11), Limits(bodySize=10), 413),
        (get(version="2.0"), Limits(), 505),
        (b"nonsense\r\n\r\n", Limits(), 400),
    ],
)
def test_a_request_beyond_a_limit_is_refused_and_ends_the_connection(data, limits, status):
    [answer] = exchange(ROUTING, data + get(), limits=limits)
    assert answer.status == status
    assert answer.headers["connection"] == "close"


def test_the_number_of_requests_on_a_connection_is_limited():
    answers = exchange(ROUTING, get() * 5, limits=Limits(requests=3))
    assert [answer.headers.get("connection") for answer in answers] == [None, None, "close"]


def test_a_body_that_is_not_read_is_discarded_up_to_a_limit():
    data = post(b"x" * 1000) + get()
    assert len(exchange(ROUTING, data, limits=Limits(unreadBody=1000))) == 2
    assert len(exchange(ROUTING, data, limits=Limits(unreadBody=999))) == 1


@pytest.mark.parametrize("chunk", [b"5\r\nabcdX\r\n", b"x\r\n"])
def test_a_malformed_body_ends_the_exchange(chunk):
    head = get("/", "Transfer-Encoding: chunked", method="POST")
    Silent.ends.clear()
    [answer] = exchange([["/", Silent]], head + chunk + b"zz\r\n")
    assert answer.status == 400
    assert len(Silent.ends) == 1


def test_a_client_that_waits_for_100_continue():
    fields = ("Content-Length: 3", "Expect: 100-continue")
    for version, statuses in (("1.1", [100, 200]), ("1.0", [200])):
        head = get("/", *fields, method="POST", version=version)
        answers = exchange([["/", Asks]], head, b"abc")
        assert [answer.status for answer in answers] == statuses
        assert answers[-1].body == b"abc"


def test_a_handler_refuses_a_body_before_it_is_sent():
    fields = ("Content-Length: 3", "Expect: 100-continue")
    refuse = whole("too large", statuscode=413)
    [answer] = exchange([["/", refuse]], get("/", *fields, method="POST"), get())
    assert (answer.status, answer.headers["connection"]) == (413, "close")


def test_a_handler_is_told_when_the_client_has_gone():
    Silent.ends.clear()
    feedConnection(HTTPProtocol([["/", Silent]])(), get()[:-4] + b"\r\nContent-Length: 5\r\n\r\n")
    assert len(Silent.ends) == 1


def test_at_shutdown_the_current_response_is_completed():
    handler = HTTPProtocol(ROUTING)()

    class Stops(Page):
        def main(self):
            handler.deliver(shutdownMicroprocess(), "control")
            yield 1
            yield from super().main()

    handler.requestHandlerFactory = lambda request: Stops(request | {"uri-suffix": "1"})
    outcome = feed(handler, inbox=[get() + get()], control=[])
    [answer] = answersTo(b"".join(outcome["outbox"]))
    assert (answer.body, answer.headers["connection"]) == (b"page 1", "close")


# On real sockets


def test_a_client_that_has_gone_ends_its_handler(serving):
    Silent.ends.clear()
    done = threading.Event()

    class Notes(Silent):
        def main(self):
            yield from super().main()
            done.set()

    def client(server):
        sock = dial(server.port)
        sock.sendall(get())
        sock.close()
        return done.wait(PATIENCE)

    # The client may only have ended its own side; the next data shows that it has gone.
    class Talks(Notes):
        def main(self):
            self.send({"statuscode": 200})
            while not self.dataReady("control") or len(self.inboxes["control"]) < 2:
                self.send({"data": b"x" * 1000})
                yield 1
            done.set()

    assert serving(client, protocol=HTTPProtocol([["/", Talks]]))


def test_a_client_that_does_not_read_is_cut_off(serving):
    class Endless(component):
        def __init__(self, request):
            super().__init__()

        def main(self):
            self.send({"statuscode": 200})
            while True:
                self.send({"data": b"x" * 65536})
                yield 1

    def client(server):
        with dial(server.port) as sock:
            sock.sendall(get())
            assert readExactly(sock, 15) == b"HTTP/1.1 200 OK"
            ended.wait(PATIENCE)
        return ended.is_set()

    ended = threading.Event()
    limits = Limits(writeTime=0.2)

    def protocol(**facts):
        connection = HTTPProtocol([["/", Endless]], limits=limits)(**facts)
        whenDone = connection.ended

        def note():
            whenDone()
            ended.set()

        connection.ended = note
        return connection

    assert serving(client, protocol=protocol)


@pytest.mark.parametrize("isIdle", [True, False])
def test_SIGTERM_ends_idle_connections_and_completes_responses(serving, isIdle):
    isAsked = threading.Event()

    class Slow(component):
        def __init__(self, request):
            super().__init__()

        def main(self):
            self.send({"statuscode": 200, "data": "begun "})
            isAsked.set()
            yield from self.waitForChange(0.3)
            yield from self.waitForChange(0.3)
            self.send({"data": "done"})

    def client(server):
        with dial(server.port) as sock:
            sock.sendall(get("/") if isIdle else get("/slow"))
            begun = sock.recv(10)
            if not isIdle:
                isAsked.wait(PATIENCE)
            os.kill(os.getpid(), signal.SIGTERM)
            return answersTo(begun + readAll(sock))

    routing = [["/slow", Slow], ["/", whole()]]
    [answer] = serving(client, protocol=HTTPProtocol(routing), grace=PATIENCE)
    assert answer.body == (b"ok" if isIdle else b"begun done")


def test_the_access_log_has_a_line_for_each_response(caplog):
    with caplog.at_level(logging.INFO, "access"):
        exchange(ROUTING, get("/page/a") + get(method="HEAD"), methods=("GET", "HEAD"),
                 accessLog=logging.getLogger("access").info)  # fmt: skip
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("192.0.2.1 - - [")
    assert first.endswith('] "GET /page/a HTTP/1.1" 200 6')
    assert second.endswith('] "HEAD / HTTP/1.1" 200 -')


def test_a_socketShutdown_alone_leaves_the_response_to_be_sent():
    outcome = feed(HTTPProtocol(ROUTING)(), inbox=[get("/page/1")], control=[socketShutdown()])
    assert b"page 1" in b"".join(outcome["outbox"])


class Ticker(component):
    """Count turns until another component ends."""

    def __init__(self, other: component) -> None:
        super().__init__()
        self.other = other
        self.turns = 0

    def main(self) -> Generator[int, None, None]:
        while not self.other.hasEnded():
            self.turns += 1
            yield 1


CHUNKS = get("/", "Transfer-Encoding: chunked", method="POST") + b"1\r\nx\r\n" * 500 + b"0\r\n\r\n"


@pytest.mark.parametrize("data", [get() * 500, CHUNKS])
@pytest.mark.parametrize("isParser", [False, True])
def test_others_get_turns_while_much_has_arrived_at_once(data, isParser):
    busy = HTTPParser() if isParser else HTTPProtocol(ROUTING)()
    ticker = Ticker(busy)
    ticker.activate()
    feed(busy, inbox=[data])
    assert ticker.turns >= 500 // 16
