"""The WebSocket client with servers of the `websockets` library and of this package."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import serve

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Protocol.WebSocket.Conversation import Timing, webSocketShutdown
from Kamaelia.Protocol.WebSocket.WebSocketClient import WebSocketClient
from Kamaelia.Support.Protocol.WebSocket.ClientHandshake import HandshakeError
from Tests.Kamaelia.consumers import SlowConsumer
from Tests.Kamaelia.sockets import PATIENCE
from Tests.served import served

ROOT = Path(__file__).resolve().parents[4]


@contextmanager
def server(behave: Callable[[Any], Any], **settings: Any) -> Iterator[int]:
    """Run a server of the `websockets` library in a thread; yield its port."""
    settings = {"compression": None, "max_size": None} | settings
    with served(serve(behave, "127.0.0.1", 0, **settings)) as running:
        yield running.socket.getsockname()[1]


def echo(ws):
    for message in ws:
        ws.send(message)


def url(port, scheme="ws"):
    return f"{scheme}://127.0.0.1:{port}/"


def ended(outcome):
    """Return the only message on "signal"."""
    (last,) = outcome["signal"]
    assert isinstance(last, webSocketShutdown)
    return last


def isDone(count):
    return lambda outcome: len(outcome["outbox"]) == count


# Messages

MESSAGES = ["", "text", "ü€😀", b"", b"\x00\xff", "x" * 70_000, bytes(1_000_000)]


def test_messages_from_before_the_connection_is_open_come_back(eachLoop):
    with server(echo) as port:
        outcome = feed(WebSocketClient(url(port)), inbox=MESSAGES, control=[], until=isDone(7))
    assert outcome["outbox"] == MESSAGES


def test_a_message_of_another_type_is_an_error_of_its_sender_also_before_the_connection():
    client = WebSocketClient("ws://127.0.0.1/")
    with pytest.raises(TypeError, match="WebSocketClient"):
        client.deliver(7, "inbox")


def test_it_closes_when_everything_is_sent():
    received = []

    def keep(ws):
        received.extend(ws)

    with server(keep) as port:
        outcome = feed(WebSocketClient(url(port)), inbox=["a"] * 1000)
    assert received == ["a"] * 1000
    assert (ended(outcome).code, ended(outcome).message) == (1000, None)


def test_parts_are_joined_and_pings_answered():
    answered = []

    def behave(ws):
        answered.append(ws.ping().wait(PATIENCE))
        ws.send(["a", "", "b" * 100_000])

    with server(behave) as port:
        outcome = feed(WebSocketClient(url(port)), control=[])
    assert outcome["outbox"] == ["a" + "b" * 100_000]
    assert answered == [True]


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "bye"), (4001, "own")])
def test_it_reports_how_the_server_has_closed(code, reason):
    with server(lambda ws: ws.close(code, reason)) as port:
        outcome = feed(WebSocketClient(url(port)), control=[])
    assert (ended(outcome).code, ended(outcome).reason) == (code, reason)


def test_shutdownMicroprocess_closes_with_1001():
    codes = []

    def behave(ws):
        list(ws)
        codes.append(ws.close_code)

    class Stopper(component):
        Outboxes = [*component.Outboxes, "stop"]

        def main(self):
            yield from self.waitForMessage()
            self.send(shutdownMicroprocess(), "stop")
            yield from self.passOnShutdown()

    def greet(ws):
        ws.send("hello")
        behave(ws)

    with server(greet) as port:
        stopper, client = Stopper(), WebSocketClient(url(port))
        stopper.link((stopper, "stop"), (client, "control"))
        feed(Pipeline(client, stopper), control=[])
    assert codes == [1001]


def test_subprotocols_and_headers_are_sent():
    seen = []

    def behave(ws):
        seen.append((ws.subprotocol, ws.request.headers["X-Kind"], ws.request.path))

    with server(behave, subprotocols=["chat"]) as port:
        client = WebSocketClient(url(port) + "room?a=b", {"X-Kind": "test"}, ["other", "chat"])
        feed(client, control=[])
    assert seen == [("chat", "test", "/room?a=b")]
    assert client.subprotocol == "chat"


def test_wss_verifies_the_certificate(certificate):
    with server(echo, ssl=certificate.server) as port:
        address = f"wss://localhost:{port}/"
        refused = feed(WebSocketClient(address), control=[])
        outcome = feed(WebSocketClient(address, ssl=certificate.client), inbox=["secret"])
    assert isinstance(ended(refused).message, ssl.SSLCertVerificationError)
    assert ended(outcome).code == 1000


# Failures


def test_a_server_that_cannot_be_reached_is_reported(refusingPort):
    outcome = feed(WebSocketClient(url(refusingPort)), inbox=["lost"] * 100, control=[])
    assert isinstance(ended(outcome).message, ConnectionRefusedError)
    assert ended(outcome).code == 1006


@contextmanager
def rawServer(answer: bytes | None) -> Iterator[int]:
    """Run a server that sends `answer` after the request, or stays silent."""
    over = threading.Event()

    def serveOne(listener):
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(PATIENCE)
            sock.recv(65536)
            if answer is None:
                over.wait(PATIENCE)
            else:
                sock.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serveOne, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        over.set()
        thread.join(PATIENCE)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
        b"\x00" * 100_000,
        b"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 101 Go\r\n",
        b"",
    ],
)
def test_a_server_that_does_not_accept_is_reported(answer):
    with rawServer(answer) as port:
        outcome = feed(WebSocketClient(url(port)), inbox=["lost"], control=[])
    assert isinstance(ended(outcome).message, HandshakeError)


def test_a_silent_server_is_reported():
    with rawServer(None) as port:
        outcome = feed(WebSocketClient(url(port), timeout=0.05), control=[])
    assert "was not open after 0.05 seconds" in str(ended(outcome).message)


def test_a_server_that_stops_answering_is_dropped():
    timing = Timing(pingInterval=0.02, pingTimeout=0.02)
    over = threading.Event()

    def silent(ws):
        over.wait(PATIENCE)

    def withoutPongs(ws):
        ws.protocol.receive_data = lambda data: None
        silent(ws)

    with server(withoutPongs, close_timeout=0) as port:
        outcome = feed(WebSocketClient(url(port), timing=timing), control=[])
        over.set()
    assert (ended(outcome).code, ended(outcome).reason) == (
        1006,
        "the peer was silent for too long",
    )


def test_a_message_over_the_limit_closes_with_1009():
    codes = []

    def behave(ws):
        ws.send(bytes(1001))
        list(ws)
        codes.append(ws.close_code)

    with server(behave) as port:
        outcome = feed(WebSocketClient(url(port), mostBytes=1000), control=[])
    assert codes == [1009] or ended(outcome).code == 1009
    assert outcome["outbox"] == []


@pytest.mark.parametrize("message", [shutdownMicroprocess(), producerFinished()])
def test_a_client_can_be_stopped_before_it_is_connected(message):
    with rawServer(None) as port:
        client = WebSocketClient(url(port), timeout=0.2)
        assert ended(feed(client, control=[message])).code in (1001, 1006)


@pytest.mark.parametrize("address", ["http://h/", "", "ws://"])
def test_other_urls_are_refused_at_once(address):
    with pytest.raises(ValueError, match=r"URL|server"):
        WebSocketClient(address)


def test_a_misspelt_setting_is_an_error():
    with pytest.raises(TypeError, match="Did you mean 'mostBytes'"):
        WebSocketClient("ws://h/", mostByte=10)


# The boxes


def test_a_sender_is_held_until_the_connection_is_open():
    class Sender(component):
        count = 0

        def main(self):
            for _ in range(1000):
                self.send("x")
                self.count += 1
                yield 1
            self.send(producerFinished(), "signal")

    with server(list) as port:
        sender = Sender()
        connecting: list[int] = []

        def connect(host, portOf):
            return TCPClient(host, portOf, delay=0.05)

        class Watcher(component):
            def main(self):
                while not sender.isHeld():
                    yield 1
                connecting.append(sender.count)

        Watcher().activate()
        outcome = feed(
            Pipeline(sender, WebSocketClient(url(port), connectionclass=connect)), control=[]
        )
    assert connecting == [64]
    assert sender.count == 1000
    assert [each.code for each in outcome["signal"]] == [1000]


@pytest.mark.parametrize("limit", ["capacity", "size"])
def test_a_slow_consumer_gets_every_message_in_order(limit):
    sent = [str(number) for number in range(100)]

    def behave(ws):
        for each in sent:
            ws.send(each)

    consumer = SlowConsumer()
    with server(behave) as port:
        if limit == "size":
            consumer.setInboxSize("inbox", 2)
            chain = Pipeline(WebSocketClient(url(port)), consumer)
        else:
            chain = Pipeline(WebSocketClient(url(port)), consumer, capacity=2)
        feed(chain, control=[])
    assert consumer.taken == sent


PROGRAM = """
from Axon.testing import feed
from Kamaelia.Protocol.WebSocket.WebSocketClient import WebSocketClient
client = WebSocketClient("ws://127.0.0.1:%d/")
done = lambda outcome: len(outcome["outbox"]) == 2
print(feed(client, inbox=["a", b"b"], control=[], until=done)["outbox"])
"""


def test_a_client_talks_to_the_server_of_this_package(webServing):
    def client(port):
        command = [sys.executable, "-c", PROGRAM % port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT)
        return done.stdout + done.stderr

    assert webServing(client) == "['a', b'b']\n"
