"""Load balancers in front of the mail proxy: what is known of the client, and when it may speak."""

from typing import Any

import pytest

from Kamaelia.Apps.Grey.StrictMailHandler import StrictMailHandler
from Kamaelia.Support.Protocol.ProxyHeader import Origin, blockFor, lineFor
from Tests.Kamaelia.Apps.Grey.wire import Caller
from Tests.Kamaelia.sockets import dial, readAll

CLIENT = Origin("192.0.2.77", 4711, "198.51.100.5", 25)
BALANCED = {"proxy_protocol_from": ["127.0.0.1"]}
WRITERS = pytest.mark.parametrize("write", [lineFor, blockFor])


class Telling(StrictMailHandler):
    """A handler that states the client's address in its greeting."""

    def handleConnect(self) -> None:
        self.servername = f"{self.peer}:{self.peerport}>{self.localip}:{self.localport}"
        self.beginSession()
        super().handleConnect()


def greeting(server: Any, before: bytes) -> str:
    caller = Caller(server.ports[0], before)
    caller.close()
    return caller.greeting


@pytest.mark.usefixtures("eachLoop")
@WRITERS
def test_the_handler_knows_the_real_client_before_the_greeting(serving: Any, write: Any) -> None:
    client = lambda server: greeting(server, write(CLIENT))  # noqa: E731
    said = serving(client, protocol=Telling, **BALANCED)
    assert said.startswith("220 192.0.2.77:4711>198.51.100.5:25 ESMTP")


@pytest.mark.usefixtures("eachLoop")
@WRITERS
def test_a_client_that_speaks_in_the_packet_of_the_header_is_too_early(
    serving: Any, write: Any
) -> None:
    client = lambda server: greeting(server, write(CLIENT) + b"EHLO me\r\n")  # noqa: E731
    assert serving(client, protocol=StrictMailHandler, **BALANCED).startswith("554 5.5.0")


def test_a_client_that_speaks_during_the_delay_is_too_early(serving: Any) -> None:
    class Delaying(StrictMailHandler):
        greet_delay = 0.5

    def client(server: Any) -> str:
        with dial(server.ports[0]) as sock:
            sock.sendall(lineFor(CLIENT))
            sock.sendall(b"EHLO me\r\n")
            return readAll(sock).decode()

    assert serving(client, protocol=Delaying, **BALANCED).startswith("554 5.5.0")


@WRITERS
def test_a_header_from_any_other_address_is_garbage(serving: Any, write: Any) -> None:
    def client(server: Any) -> tuple[str, str]:
        caller = Caller(server.ports[0])
        caller.socket.sendall(write(CLIENT))
        return caller.hear(), caller.hear()

    reply, after = serving(client, protocol=Telling, proxy_protocol_from=["192.0.2.0/24"])
    assert (reply[:3], after) == ("500", "")


@pytest.mark.parametrize("sent", [b"EHLO me\r\n", b"PROXY TCP4 nonsense\r\n"])
def test_a_balancer_that_does_not_state_its_client_gets_no_answer(
    serving: Any, sent: bytes
) -> None:
    def client(server: Any) -> bytes:
        with dial(server.ports[0]) as sock:
            sock.sendall(sent)
            return readAll(sock)

    assert serving(client, protocol=Telling, **BALANCED) == b""


@pytest.mark.parametrize(
    ("first", "second", "isOne"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_the_addresses_of_one_IPv6_network_count_as_one_peer(
    serving: Any, first: str, second: str, isOne: bool
) -> None:
    def client(server: Any) -> list[str]:
        callers = [
            Caller(server.ports[0], lineFor(Origin(peer, 4711, peer, 25)))
            for peer in (first, second)
        ]
        return [caller.greeting[:9] for caller in callers]

    said = serving(client, protocol=StrictMailHandler, max_connections_per_peer=1, **BALANCED)
    assert said[0].startswith("220 ")
    assert said[1].startswith("421 4.7.0" if isOne else "220 ")


@pytest.mark.usefixtures("eachLoop")
@pytest.mark.parametrize("limit", [{"inactivity_timeout": 1.0}, {"client_timeouts": {"TLS": 0.2}}])
def test_a_client_that_falls_silent_after_STARTTLS_is_cut_off_by_the_limits(
    serving: Any, certificate: Any, limit: dict[str, Any]
) -> None:
    def client(server: Any) -> tuple[str, bytes]:
        caller = Caller(server.ports[0])
        caller.say("EHLO me")
        return caller.say("STARTTLS"), caller.file.read()

    protocol = type("TLS", (StrictMailHandler,), {"starttls": certificate.server, **limit})
    assert serving(client, protocol=protocol) == ("220 2.0.0 Go ahead with TLS", b"")
