"""Ports and names: impossible ones are errors of the constructor or of the connection."""

import asyncio
import socket
from typing import Any

import pytest

from Axon.testing import feed
from Kamaelia.Chassis.ConnectedServer import ServerCore, SimpleServer
from Kamaelia.Internet import UDP, HappyEyeballs, UDP_ng
from Kamaelia.Internet.Addresses import checkedPort, isLiteral
from Kamaelia.Internet.ListeningSockets import openSockets
from Kamaelia.Internet.Multicast_receiver import Multicast_receiver
from Kamaelia.Internet.Multicast_sender import Multicast_sender
from Kamaelia.Internet.Multicast_transceiver import Multicast_transceiver
from Kamaelia.Internet.SingleServer import SingleServer
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Internet.TCPServer import TCPServer
from Kamaelia.Internet.ThreadedTCPClient import ThreadedTCPClient
from Kamaelia.IPC import socketShutdown
from Tests.Kamaelia.sockets import Echo

GROUP = "224.168.2.9"
CONSTRUCTORS = {
    "TCPClient": lambda port: TCPClient("127.0.0.1", port),
    "ThreadedTCPClient": lambda port: ThreadedTCPClient("127.0.0.1", port),
    "TCPServer": lambda port: TCPServer(port),
    "ServerCore": lambda port: ServerCore(protocol=Echo, port=port),
    "SimpleServer": lambda port: SimpleServer(protocol=Echo, port=port),
    "SingleServer": lambda port: SingleServer(port=port),
    "SimplePeer, local": lambda port: UDP.SimplePeer(localport=port),
    "SimplePeer": lambda port: UDP_ng.SimplePeer(receiver_port=port),
    "TargettedPeer": lambda port: UDP.TargettedPeer(receiver_port=port),
    "PostboxPeer": lambda port: UDP.PostboxPeer(localport=port),
    "UDPSender": lambda port: UDP_ng.UDPSender("127.0.0.1", port),
    "UDPReceiver": lambda port: UDP_ng.UDPReceiver("127.0.0.1", port),
    "Multicast_receiver": lambda port: Multicast_receiver(GROUP, port),
    "Multicast_sender": lambda port: Multicast_sender("0.0.0.0", 0, GROUP, port),
    "Multicast_transceiver": lambda port: Multicast_transceiver("0.0.0.0", port, GROUP, 0),
    "openSockets": lambda port: openSockets(port, ["127.0.0.1"]),
}


@pytest.mark.parametrize("port", [-1, 65536, 70000, "25", 2.5, True, b"1", [25]])
@pytest.mark.parametrize("make", CONSTRUCTORS.values(), ids=CONSTRUCTORS.keys())
def test_an_invalid_port_is_an_error_of_the_constructor(make, port):
    with pytest.raises(ValueError, match=r"port must be .*65535, not"):
        make(port)


def test_a_port_in_a_class_attribute_is_checked_too():
    class Server(ServerCore):
        protocol = Echo
        port = 70000

    with pytest.raises(ValueError, match="70000"):
        Server()


@pytest.mark.parametrize("port", [0, 1, 65535])
def test_the_lowest_and_the_highest_port_are_valid(port):
    assert checkedPort(port) == port


IMPOSSIBLE = ["a..b", "x" * 70, ".", "\ud800", "a\0b", "-\0", "nobody.invalid", "a" * 300]


@pytest.mark.usefixtures("eachLoop")
@pytest.mark.parametrize("name", IMPOSSIBLE, ids=ascii)
def test_a_name_that_cannot_be_resolved_ends_the_connection_with_the_error(name):
    outcome = feed(TCPClient(name, 25), inbox=[b"lost"], control=[])
    assert [type(message) for message in outcome["signal"]] == [socketShutdown]
    assert isinstance(outcome["signal"][0].message, OSError)
    assert outcome["outbox"] == []


@pytest.mark.parametrize("name", ["a..b", "x" * 70, "\ud800", "a\0b"], ids=ascii)
def test_a_name_that_cannot_be_resolved_ends_a_threaded_client_with_the_error(name):
    outcome = feed(ThreadedTCPClient(name, 25), control=[])
    assert [type(message) for message in outcome["signal"]] == [socketShutdown]
    assert isinstance(outcome["signal"][0].message, OSError)


@pytest.mark.parametrize("name", ["a..b", "x" * 70, "\ud800", "a\0b", "nobody.invalid"], ids=ascii)
@pytest.mark.parametrize(
    "make",
    [
        lambda name: ServerCore(protocol=Echo, port=0, host=name),
        lambda name: UDP_ng.SimplePeer(localaddr=name),
    ],
    ids=["ServerCore", "SimplePeer"],
)
def test_a_server_whose_host_cannot_be_resolved_raises_an_error_at_start(make, name):
    with pytest.raises(OSError, match=r"cannot (listen on|bind) port 0 of"):
        make(name).run()


@pytest.mark.usefixtures("eachLoop")
@pytest.mark.parametrize("name", ["..", "a..b", "\ud800", "a\0b"], ids=ascii)
def test_a_name_that_no_certificate_can_have_ends_the_connection_with_the_error(name):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client = TCPClient("127.0.0.1", port, ssl=True, serverHostname=name)
        outcome = feed(client, control=[])
    assert [type(message) for message in outcome["signal"]] == [socketShutdown]
    assert isinstance(outcome["signal"][0].message, OSError | ValueError)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("localhost", False),
        ("1.2.3", False),
        ("", False),
        ("\ud800", False),
        ("1.2.3.4\0", False),
        (b"127.0.0.1", False),
    ],
    ids=ascii,
)
def test_addresses_are_distinguished_from_names(host, expected):
    assert isLiteral(host) is expected


# Several addresses


@pytest.fixture
def silent() -> Any:
    """A port of 127.0.0.1 that does not respond, and a server at the same port of 127.0.0.2."""
    deaf = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = deaf.getsockname()[1]
    waiting = []
    while True:  # its queue is full when a connection is not made immediately
        client = socket.socket()
        client.settimeout(0.2)
        waiting.append(client)
        try:
            client.connect(("127.0.0.1", port))
        except TimeoutError:
            break
    with deaf, socket.create_server(("127.0.0.2", port)) as server:
        yield port, server
    for client in waiting:
        client.close()


def namedTo(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    """Let every name resolve to these addresses."""

    async def resolve(_: Any, __: str, port: int) -> Any:
        return [
            (socket.AF_INET6 if ":" in host else socket.AF_INET, (host, port)) for host in hosts
        ]

    monkeypatch.setattr(HappyEyeballs, "resolve", resolve)


@pytest.mark.usefixtures("eachLoop")
def test_the_second_address_is_tried_while_the_first_one_does_not_respond(monkeypatch, silent):
    port, server = silent
    namedTo(monkeypatch, "127.0.0.1", "127.0.0.2")
    client = TCPClient("two.example", port)
    outcome = feed(client, until=lambda _: False, inbox=[b"x"])
    accepted, _ = server.accept()
    with accepted:
        assert accepted.recv(10) == b"x"
    assert [message.message for message in outcome["signal"]] == [None]


@pytest.mark.usefixtures("eachLoop")
def test_the_next_address_is_tried_at_once_when_one_refuses_the_connection(
    monkeypatch, refusingPort
):
    monkeypatch.setattr(HappyEyeballs, "DELAY", 3600)
    namedTo(monkeypatch, "::1", "127.0.0.3", "127.0.0.2")
    with socket.create_server(("127.0.0.2", refusingPort)) as server:
        outcome = feed(TCPClient("three.example", refusingPort), inbox=[b"x"])
        accepted, _ = server.accept()
        with accepted:
            assert accepted.recv(10) == b"x"
    assert [message.message for message in outcome["signal"]] == [None]


@pytest.mark.usefixtures("eachLoop")
def test_the_error_names_every_address_if_all_of_them_fail(monkeypatch, refusingPort):
    namedTo(monkeypatch, "127.0.0.2", "127.0.0.3")
    outcome = feed(TCPClient("two.example", refusingPort), control=[])
    error = outcome["signal"][0].message
    assert isinstance(error, ConnectionRefusedError)
    assert "127.0.0.2" in str(error)
    assert "127.0.0.3" in str(error)


@pytest.mark.usefixtures("eachLoop")
def test_a_client_that_gives_up_leaves_no_socket_open(monkeypatch, silent, recwarn):
    port, _ = silent
    namedTo(monkeypatch, "127.0.0.1")
    client = TCPClient("one.example", port, connect_timeout=0.01)
    outcome = feed(client, control=[])
    assert isinstance(outcome["signal"][0].message, TimeoutError)
    assert not [each for each in recwarn if each.category is ResourceWarning]


def test_addresses_alternate_between_the_families():
    four, six = socket.AF_INET, socket.AF_INET6
    found = [(six, 1), (six, 2), (six, 3), (four, 4), (four, 5)]
    assert [each[1] for each in HappyEyeballs.alternating(found)] == [1, 4, 2, 5, 3]
    assert HappyEyeballs.alternating([]) == []


@pytest.mark.usefixtures("eachLoop")
def test_a_client_connects_to_a_real_name(serving):
    def client(server: Any) -> Any:
        async def program() -> bytes:
            sock = await HappyEyeballs.connectedSocket(
                asyncio.get_running_loop(), "localhost", server.port
            )
            with sock:
                sock.setblocking(True)
                sock.sendall(b"hello")
                return sock.recv(5)

        return asyncio.run(program())

    assert serving(client, protocol=Echo) == b"hello"
