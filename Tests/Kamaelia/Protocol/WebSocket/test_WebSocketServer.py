"""WebSocket connections of a server, with clients of the `websockets` library and raw ones."""

import gc
import random
import socket
import threading
import urllib.request

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Protocol.WebSocket.Conversation import Timing, webSocketShutdown
from Kamaelia.Protocol.WebSocket.WebSocketServer import (
    MOST_WAITING,
    WebSocketConnection,
    webSocketHandler,
)
from Kamaelia.Support.Protocol.WebSocket.MessagePeer import MessagePeer
from Kamaelia.Util.OneShot import OneShot
from Tests.Kamaelia.Protocol.WebSocket.conftest import protocolOf, upgraded
from Tests.Kamaelia.sockets import PATIENCE, Echo, readAll, readExactly


def dialled(port, **settings):
    settings = {"max_size": None, "compression": None, "close_timeout": PATIENCE} | settings
    return connect(f"ws://127.0.0.1:{port}/", **settings)


class Listener(component):
    """Keeps what it receives, and its end."""

    def __init__(self):
        super().__init__()
        self.received = []
        self.last = None

    def main(self):
        while self.last is None:
            yield from self.waitForMessage()
            self.received += self.Inbox()
            for message in self.Inbox("control"):
                self.last = message


# Messages


@pytest.mark.parametrize(
    "message", ["", "text", "ü€😀", b"", b"\x00\xff", "x" * 70_000, bytes(1_000_000)], ids=len
)
def test_text_and_binary_messages_come_back(webServing, eachLoop, message):
    def client(port):
        with dialled(port) as ws:
            ws.send(message)
            return ws.recv(PATIENCE)

    assert webServing(client) == message


def test_parts_are_joined(webServing):
    def client(port):
        with dialled(port) as ws:
            ws.send(["a", "", "b" * 100_000, "c"])
            return ws.recv(PATIENCE)

    assert webServing(client) == "a" + "b" * 100_000 + "c"


def test_many_messages_keep_their_order(webServing):
    sent = [str(number) for number in range(5000)]

    def client(port):
        with dialled(port) as ws:
            sender = threading.Thread(target=lambda: [ws.send(each) for each in sent])
            sender.start()
            got = [ws.recv(PATIENCE) for _ in sent]
            sender.join()
            return got

    assert webServing(client) == sent


def test_a_message_of_100_MB_comes_back(webServing):
    size = 100 * 1024 * 1024

    def client(port):
        with dialled(port) as ws:
            ws.send(bytes(size))
            return ws.recv(PATIENCE)

    assert webServing(client, mostBytes=size) == bytes(size)


def test_a_frame_of_100_MB_is_refused_when_it_is_announced(webServing):
    def client(port):
        with upgraded(port) as sock:
            sock.sendall(b"\x82\xff" + (100 * 1024 * 1024).to_bytes(8, "big") + bytes(4))
            sock.sendall(bytes(1024 * 1024 + 1))
            return readAll(sock)

    assert webServing(client)[2:4] == (1009).to_bytes(2, "big")


def test_a_ping_is_answered(webServing):
    def client(port):
        with dialled(port) as ws:
            return ws.ping(b"x").wait(PATIENCE)

    assert webServing(client)


def test_messages_that_follow_the_request_at_once_are_not_lost(webServing):
    def client(port):
        frames = MessagePeer(True).message("early")
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sock:
            sock.sendall(
                b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
                + frames
            )
            data = b""
            while not data.endswith(b"\x81\x05early"):
                data += readExactly(sock, 1)
            return data

    assert webServing(client).startswith(b"HTTP/1.1 101")


# The handshake


def test_a_handler_gets_the_request_and_its_subprotocol(webServing):
    requests = []

    def make(request):
        requests.append(request)
        return Echo()

    def client(port):
        with dialled(port, subprotocols=["other", "chat"]) as ws:
            return ws.subprotocol

    assert webServing(client, make, subprotocols=["chat"]) == "chat"
    (request,) = requests
    assert (request["subprotocol"], request["raw-uri"]) == ("chat", "/")
    assert request["peer"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("origin", "settings", "status"),
    [
        ("https://evil.example", {}, 403),
        ("https://evil.example", {"origins": ["https://evil.example"]}, 101),
        ("https://evil.example", {"origins": "*"}, 101),
        (None, {}, 101),
        ("own", {}, 101),
    ],
)
def test_the_origin_decides_which_clients_may_connect(webServing, origin, settings, status):
    def client(port):
        own = f"http://127.0.0.1:{port}"
        try:
            with dialled(port, origin=own if origin == "own" else origin):
                return 101
        except InvalidStatus as refusal:
            return refusal.response.status_code

    assert webServing(client, **settings) == status


def test_a_request_without_an_upgrade_is_told_so(webServing):
    def client(port):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            return readAll(sock)

    answer = webServing(client)
    assert answer.startswith(b"HTTP/1.1 426 ")
    assert b"\r\nUpgrade: websocket\r\n" in answer


def test_pages_and_WebSockets_share_a_port(serving):
    chat = webSocketHandler(lambda _: Echo())

    def choose(request):
        if request["raw-uri"] == "/chat":
            return chat(request)
        return {"statuscode": 200, "content-type": "text/plain", "data": "page"}

    def client(server):
        base = f"127.0.0.1:{server.port}"
        with connect(f"ws://{base}/chat") as ws, urllib.request.urlopen(f"http://{base}/") as page:
            ws.send("hello")
            return page.read(), ws.recv(PATIENCE)

    assert serving(client, protocol=protocolOf(choose)) == (b"page", "hello")


def test_a_WebSocket_over_TLS(serving, certificate):
    def client(server):
        url = f"wss://localhost:{server.port}/"
        with connect(url, ssl=certificate.client) as ws:
            ws.send("secret")
            return ws.recv(PATIENCE)

    protocol = protocolOf(webSocketHandler(lambda _: Echo()))
    assert serving(client, protocol=protocol, ssl=certificate.server) == "secret"


# The end


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "bye"), (4001, "own")])
def test_the_handler_learns_how_the_client_has_closed(webServing, code, reason):
    listener = Listener()

    def client(port):
        with dialled(port) as ws:
            ws.send("last")
            ws.close(code, reason)
            return ws.close_code

    assert webServing(client, lambda _: listener) == code
    assert listener.received == ["last"]
    assert isinstance(listener.last, webSocketShutdown)
    assert (listener.last.code, listener.last.reason) == (code, reason)


def test_the_loss_of_a_connection_is_the_code_1006(webServing):
    listener = Listener()

    def client(port):
        upgraded(port).close()

    webServing(client, lambda _: listener)
    assert listener.last.code == 1006


def test_the_end_of_the_handler_closes_with_1000(webServing):
    def client(port):
        with dialled(port) as ws:
            first = ws.recv(PATIENCE)
            with pytest.raises(ConnectionClosed):
                ws.recv(PATIENCE)
            return first, ws.close_code

    assert webServing(client, lambda _: OneShot("bye")) == ("bye", 1000)


class Faulty(component):
    """Fails at the first message."""

    def main(self):
        yield from self.waitForMessage()
        raise ZeroDivisionError("a fault of the program")


def test_an_error_in_the_handler_closes_with_1011_and_ends_nothing_else(webServing, caplog):
    handlers = [Faulty(), Echo()]

    def client(port):
        with dialled(port) as bad:
            bad.send("x")
            with pytest.raises(ConnectionClosed):
                bad.recv(PATIENCE)
        with dialled(port) as good:
            good.send("still here")
            return bad.close_code, good.recv(PATIENCE)

    assert webServing(client, lambda _: handlers.pop(0)) == (1011, "still here")
    assert "a fault of the program" in caplog.text


class WrongType(component):
    """Sends what no WebSocket can send."""

    def main(self):
        yield from self.waitForMessage()
        self.send(5)


def test_a_message_of_another_type_is_an_error_of_the_handler(webServing, caplog):
    def client(port):
        with dialled(port) as ws:
            ws.send("x")
            with pytest.raises(ConnectionClosed):
                ws.recv(PATIENCE)
            return ws.close_code

    assert webServing(client, lambda _: WrongType()) == 1011
    assert "bytes or text expected, not int: 5" in caplog.text


def test_the_end_of_the_server_closes_with_1001():
    codes = []

    def client(server):
        with dialled(server.port) as ws:
            ws.send("x")
            ws.recv(PATIENCE)
            server.scheduler.callFromThread(
                lambda: server.deliver(shutdownMicroprocess(), "control")
            )
            with pytest.raises(ConnectionClosed):
                ws.recv(PATIENCE)
            codes.append(ws.close_code)

    thread = None

    def listening(server):
        nonlocal thread
        thread = threading.Thread(target=client, args=(server,))
        thread.start()

    protocol = protocolOf(webSocketHandler(lambda _: Echo()))
    ServerCore(protocol=protocol, port=0, host="127.0.0.1", onListening=listening).run()
    thread.join(PATIENCE)
    assert codes == [1001]


# Bad clients


@pytest.mark.parametrize("seed", range(5))
def test_garbage_closes_the_connection_and_nothing_else(webServing, seed):
    garbage = random.Random(seed).randbytes(20_000)

    def client(port):
        with upgraded(port) as sock:
            try:
                sock.sendall(garbage)
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the server has closed already
            readAll(sock)
        with dialled(port) as ws:
            ws.send("still here")
            return ws.recv(PATIENCE)

    assert webServing(client) == "still here"


def test_a_frame_without_a_mask_is_a_violation(webServing):
    def client(port):
        with upgraded(port) as sock:
            sock.sendall(b"\x81\x02hi")
            return readAll(sock)

    assert webServing(client)[2:4] == (1002).to_bytes(2, "big")


def test_a_silent_client_gets_a_ping_and_is_dropped(webServing):
    def client(port):
        with upgraded(port) as sock:
            return readAll(sock)

    listener = Listener()
    timing = Timing(pingInterval=0.02, pingTimeout=0.02)
    assert webServing(client, lambda _: listener, timing=timing) == b"\x89\x00"
    assert (listener.last.code, listener.last.reason) == (
        1006,
        "the peer was silent for too long",
    )


def test_a_client_that_answers_pings_stays(webServing):
    def client(port):
        with upgraded(port) as sock:
            for _ in range(5):
                assert readExactly(sock, 2) == b"\x89\x00"
                sock.sendall(b"\x8a\x80" + bytes(4))
            sock.sendall(MessagePeer(True).message("x"))
            return readExactly(sock, 3)

    timing = Timing(pingInterval=0.01, pingTimeout=PATIENCE)
    assert webServing(client, timing=timing) in (b"\x81\x01x", b"\x89\x00\x81")


def test_a_client_that_never_answers_a_close_is_dropped(webServing):
    def client(port):
        with upgraded(port) as sock:
            return readAll(sock)

    timing = Timing(closeTimeout=0.02)
    assert webServing(client, lambda _: OneShot("x"), timing=timing) == (
        b"\x81\x01x\x88\x02\x03\xe8"
    )


class Flood(component):
    """Sends without end, and counts."""

    count = 0

    def main(self):
        while not self.isShuttingDown():
            self.send(bytes(10_000))
            self.count += 1
            yield 1


def test_a_client_that_does_not_read_holds_the_handler(webServing):
    flood = Flood()

    def client(port):
        with upgraded(port) as sock:
            turn = threading.Event()
            while not flood.isHeld():  # the buffers of the system are not full yet
                turn.wait(0.01)
            held = flood.count
            readExactly(sock, 2_000_000)
            return held

    held = webServing(client, lambda _: flood)
    assert held * 10_000 < 50_000_000


def test_a_client_that_neither_reads_nor_sends_is_dropped(webServing):
    flood = Flood()

    def client(port):
        with upgraded(port):
            turn = threading.Event()
            while not flood.hasEnded():
                turn.wait(0.01)
            return flood.count

    timing = Timing(pingInterval=0.05, pingTimeout=0.05)
    assert webServing(client, lambda _: flood, timing=timing) > 0


def test_pings_of_a_client_that_does_not_read_are_not_all_answered(serving):
    """The answers have 6.5 MB; the system buffers about 4 MB, and the rest would need memory."""
    ping = b"\x89\xfd" + bytes(4) + bytes(125)
    listener = Listener()

    def client(server):
        with upgraded(server.port, receiveBuffer=4096) as sock:
            for _ in range(50):
                sock.sendall(ping * 1000)
            sock.sendall(MessagePeer(True).message("all are sent"))
            turn = threading.Event()
            while not listener.received:
                turn.wait(0.01)
            return sum(adapter.bytesToSend() for adapter in server.connections)

    protocol = protocolOf(webSocketHandler(lambda _: listener))
    assert serving(client, protocol=protocol) < 500_000
    assert listener.received == ["all are sent"]


class Reluctant(component):
    """Takes no message."""

    def main(self):
        yield from self.passOnShutdown()


def test_a_handler_that_does_not_read_holds_the_client(webServing):
    handler = Reluctant()
    frame = MessagePeer(True).message(bytes(10_000))

    def client(port):
        with upgraded(port) as sock:
            sock.settimeout(0.2)
            sent = 0
            try:
                while sent < 20_000:
                    sock.sendall(frame)
                    sent += 1
            except TimeoutError:
                pass
            return sent

    sent = webServing(client, lambda _: handler)
    assert sent * 10_000 < 50_000_000
    assert handler.dataReady() <= MOST_WAITING + 1


# The boxes


def wire(*messages):
    client = MessagePeer(True)
    return b"".join(client.message(each) for each in messages), client


def test_a_connection_works_through_its_boxes():
    data, client = wire("a", b"b")
    outcome = feed(
        WebSocketConnection(Echo()), inbox=[data, client.close()], control=[producerFinished()]
    )
    assert [type(each) for each in outcome["signal"]] == [producerFinished]
    received = [e for each in outcome["outbox"] for e in MessagePeer(True).receive(each)]
    assert received[-1].code == 1000


def test_a_flood_of_pings_leaves_turns_to_the_other_components():
    class Busy(component):
        turns = 0

        def main(self):
            while not self.dataReady("control"):
                self.turns += 1
                yield 1

    handler = Busy()
    pings = b"\x89\x80\0\0\0\0" * 10_000
    outcome = feed(WebSocketConnection(handler), inbox=[pings], control=[producerFinished()])
    assert b"".join(outcome["outbox"]) == b"\x8a\0" * 10_000
    assert handler.turns > 100


def test_producerFinished_after_the_last_message_loses_nothing():
    listener = Listener()
    data, _ = wire("a", "b")
    outcome = feed(WebSocketConnection(listener), inbox=[data], control=[producerFinished()])
    assert listener.received == ["a", "b"]
    assert (listener.last.code, outcome["outbox"]) == (1006, [])


def test_shutdownMicroprocess_closes_and_is_passed_on():
    listener = Listener()
    connection = WebSocketConnection(listener, timing=Timing(closeTimeout=0))
    outcome = feed(connection, control=[shutdownMicroprocess()])
    assert outcome["outbox"] == [b"\x88\x02\x03\xe9"]
    assert isinstance(listener.last, shutdownMicroprocess)


@pytest.mark.parametrize("size", [1, 3])
def test_a_handler_with_a_sized_inbox_gets_every_message(size):
    listener = Listener()
    listener.setInboxSize("inbox", size)
    data, client = wire(*map(str, range(50)))
    feed(WebSocketConnection(listener), inbox=[data, client.close()], control=[])
    assert listener.received == [str(number) for number in range(50)]


@pytest.mark.parametrize("isSized", [True, False])
def test_messages_that_a_handler_has_left_unread_do_not_keep_its_connection(isSized):
    class TakesOne(component):
        def main(self):
            yield from self.waitForMessage("inbox")
            self.recv()
            yield 1  # the inbox is filled again

    handler = TakesOne()
    if isSized:
        handler.setInboxSize("inbox", 1)
    data, _ = wire(*map(str, range(200)))
    connection = WebSocketConnection(handler, timing=Timing(closeTimeout=0))
    outcome = feed(connection, inbox=[data], control=[])
    assert outcome["outbox"] == [b"\x88\x02\x03\xe8"]
    assert connection.hasEnded()


def test_a_misspelt_setting_is_an_error():
    with pytest.raises(TypeError, match="Did you mean 'mostBytes'"):
        WebSocketConnection(Echo(), mostByte=10)


def test_a_connection_that_has_ended_is_freed(webServing):
    listeners = []

    def make(_):
        listeners.append(Listener())
        return listeners[-1]

    def client(port):
        for _ in range(20):
            with dialled(port) as ws:
                ws.send("x")

    webServing(client, make)
    del listeners[:]
    gc.collect()
    left = [each for each in gc.get_objects() if type(each) is WebSocketConnection]
    assert left == []
