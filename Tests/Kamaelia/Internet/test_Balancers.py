"""Load balancers in front of a server: only their headers determine the client."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from Kamaelia.Internet.Balancers import Balancers
from Kamaelia.Support.Protocol.ProxyHeader import Origin, blockFor, lineFor
from Tests.Kamaelia.sockets import PATIENCE, Echo, dial, readAll, readExactly

CLIENT = Origin("192.0.2.1", 4711, "198.51.100.5", 25)
CLIENT6 = Origin("2001:db8::1", 4711, "2001:db8::5", 25)
HERE = ["127.0.0.0/8"]


class WhoAreYou(Echo):
    """Send the address of the client, then its data."""

    def __init__(self, **ends: Any) -> None:
        super().__init__()
        self.ends = ends

    def main(self) -> Any:
        ends = self.ends
        addresses = f"{ends['peer']} {ends['peerport']} {ends['localip']} {ends['localport']}"
        early = b"".join(self.Inbox())
        self.send(addresses.encode() + b" early " + early + b"\n")
        yield from super().main()


def told(origin: Origin, early: bytes = b"") -> bytes:
    return " ".join(map(str, origin)).encode() + b" early " + early + b"\n"


def saying(*pieces: bytes) -> Callable[[Any], bytes]:
    """A client that sends these pieces one by one, and returns all data received."""

    def client(server: Any) -> bytes:
        with dial(server.ports[0]) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(OSError):  # the server may have closed the connection
                for piece in pieces:
                    sock.sendall(piece)
                sock.shutdown(socket.SHUT_WR)
            return readAll(sock)

    return client


@pytest.mark.usefixtures("eachLoop")
@pytest.mark.parametrize("origin", [CLIENT, CLIENT6])
@pytest.mark.parametrize("write", [lineFor, blockFor])
def test_the_client_is_taken_from_the_header(serving: Any, origin: Origin, write: Any) -> None:
    settings = {"protocol": WhoAreYou, "proxy_protocol_from": HERE}
    assert serving(saying(write(origin)), **settings) == told(origin)


@pytest.mark.usefixtures("eachLoop")
def test_data_that_arrives_with_the_header_is_delivered_before_the_greeting(serving: Any) -> None:
    settings = {"protocol": WhoAreYou, "proxy_protocol_from": HERE}
    assert serving(saying(lineFor(CLIENT) + b"EHLO"), **settings) == told(CLIENT, b"EHLO")


@pytest.mark.usefixtures("eachLoop")
def test_a_header_may_arrive_in_pieces_and_no_data_after_it_is_lost(serving: Any) -> None:
    header = blockFor(CLIENT)
    rest = bytes(range(256)).replace(b"\n", b"") * 10_000

    def client(server: Any) -> bytes:
        with dial(server.ports[0]) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for octet in header[:-1]:
                sock.sendall(bytes([octet]))
            sender = threading.Thread(target=lambda: sock.sendall(header[-1:] + rest))
            sender.start()
            heard = readExactly(sock, len(rest) + len(told(CLIENT)))
            sender.join(PATIENCE)
            return heard

    heard = serving(client, protocol=WhoAreYou, proxy_protocol_from=HERE)
    begin, _, end = heard.partition(b" early ")
    early, _, others = end.partition(b"\n")
    assert begin == told(CLIENT).partition(b" early ")[0]
    assert early + others == rest


@pytest.mark.parametrize(
    "garbage", [b"EHLO me\r\n", b"PROXY TCP4 x\r\n", b"", lineFor(CLIENT)[:-1]]
)
def test_a_balancer_that_sends_no_header_is_closed_without_an_answer(
    serving: Any, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert serving(saying(garbage), protocol=WhoAreYou, proxy_protocol_from=HERE) == b""
    isBad = garbage[:1] == b"E" or garbage[-1:] == b"\n"
    assert ("from a load balancer" in caplog.text) == isBad


def test_a_balancer_that_sends_nothing_is_closed_after_the_timeout(
    serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Balancers, "patience", 0.05)

    def client(server: Any) -> bytes:
        with dial(server.ports[0]) as sock:
            sock.sendall(b"PROXY ")
            return readAll(sock)

    assert serving(client, protocol=WhoAreYou, proxy_protocol_from=HERE) == b""


@pytest.mark.parametrize("networks", [None, [], ["192.0.2.0/24", "::1"], "unix"])
def test_a_header_from_any_other_peer_is_data(serving: Any, networks: Any) -> None:
    heard = serving(saying(lineFor(CLIENT)), protocol=WhoAreYou, proxy_protocol_from=networks)
    assert heard.startswith(b"127.0.0.1 ")
    assert lineFor(CLIENT) in heard


@pytest.mark.parametrize("header", [lineFor(None), blockFor(None)])
def test_a_header_without_a_client_means_the_balancer_itself(serving: Any, header: bytes) -> None:
    heard = serving(saying(header + b"x"), protocol=WhoAreYou, proxy_protocol_from=HERE)
    assert heard.startswith(b"127.0.0.1 ")
    assert b"x" in heard


@pytest.mark.usefixtures("eachLoop")
def test_tls_may_start_directly_after_the_header(serving: Any, certificate: Any) -> None:
    def client(server: Any) -> bytes:
        with dial(server.ports[0]) as sock:
            begin, end = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = certificate.client.wrap_bio(begin, end, server_hostname="localhost")
            with pytest.raises(ssl.SSLWantReadError):
                tls.do_handshake()
            sock.sendall(blockFor(CLIENT) + end.read())  # in one segment
            heard = b""
            while b"\n" not in heard:
                begin.write(sock.recv(65536))
                try:
                    heard += tls.read()
                except ssl.SSLWantReadError:
                    sock.sendall(end.read())
            return heard

    heard = serving(client, protocol=WhoAreYou, proxy_protocol_from=HERE, ssl=certificate.server)
    assert heard == told(CLIENT)


@pytest.mark.usefixtures("eachLoop")
def test_connections_are_counted_by_real_client(serving: Any) -> None:
    def client(server: Any) -> list[bytes]:
        open_, heard = [], []
        for origin in (CLIENT, CLIENT6, CLIENT, CLIENT6):
            open_.append(dial(server.ports[0]))
            open_[-1].sendall(lineFor(origin))
            heard.append(open_[-1].recv(1000))
        for sock in open_:
            sock.close()
        return heard

    settings = {"proxy_protocol_from": HERE, "max_connections_per_peer": 1}
    assert serving(client, protocol=WhoAreYou, **settings) == [
        told(CLIENT),
        told(CLIENT6),
        b"",
        b"",
    ]


@pytest.mark.usefixtures("eachLoop")
def test_a_peer_on_a_unix_socket_can_be_a_balancer(serving: Any, tmp_path: Any) -> None:
    path = str(tmp_path / "socket")

    def client(server: Any) -> bytes:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(path)
            sock.sendall(lineFor(CLIENT))
            return sock.recv(1000)

    settings = {"path": path, "proxy_protocol_from": [*HERE, "unix"]}
    assert serving(client, protocol=WhoAreYou, **settings) == told(CLIENT)


def test_a_connection_that_waits_for_a_header_is_closed_with_the_server(serving: Any) -> None:
    left: list[socket.socket] = []

    def client(server: Any) -> None:
        left.append(dial(server.ports[0]))
        left[0].sendall(b"PROXY")

    serving(client, protocol=WhoAreYou, proxy_protocol_from=HERE, grace=0.1)
    with left[0] as sock:
        assert readAll(sock) == b""


@pytest.mark.parametrize("networks", [["192.0.2.1/24"], ["balancer.example"], "10.300", ["Unix"]])
def test_an_invalid_network_is_an_error_of_the_constructor(networks: Any) -> None:
    with pytest.raises(ValueError, match="proxy_protocol_from"):
        Balancers(networks)
