"""Datagram peers of both modules, and multicast, on real sockets."""

import asyncio
import errno
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Internet import UDP, UDP_ng
from Kamaelia.Internet.Multicast_receiver import Multicast_receiver
from Kamaelia.Internet.Multicast_sender import Multicast_sender
from Kamaelia.Internet.Multicast_transceiver import Multicast_transceiver
from Tests.Kamaelia.sockets import PATIENCE

GENERATIONS = pytest.mark.parametrize("kind", [UDP, UDP_ng])


@pytest.fixture
def other() -> Any:
    """A plain socket at the other end."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(PATIENCE)
        yield sock


def answers(sock: socket.socket, peer: component) -> None:
    """Let `sock` answer every datagram of `peer` immediately."""
    sendTo = peer.sendTo

    def sendAndAnswer(data: Any, target: Any) -> Any:
        gate = sendTo(data, target)
        data, address = sock.recvfrom(65536)
        sock.sendto(data[::-1], address)
        return gate

    peer.sendTo = sendAndAnswer


def until(count: int) -> Callable[[Any], bool]:
    return lambda outcome: len(outcome["outbox"]) >= count


@GENERATIONS
def test_a_simple_peer_sends_to_one_address_and_reports_the_sender_of_an_answer(kind, other):
    peer = kind.SimplePeer("127.0.0.1", 0, *other.getsockname())
    answers(other, peer)
    outcome = feed(peer, until=until(2), inbox=[b"abc", "text"], control=[])
    assert outcome["outbox"] == [(b"cba", other.getsockname()), (b"txet", other.getsockname())]


@GENERATIONS
def test_a_postbox_peer_sends_each_message_to_its_own_address(kind, other):
    peer = kind.PostboxPeer("127.0.0.1", 0)
    answers(other, peer)
    outcome = feed(peer, until=until(1), inbox=[(*other.getsockname(), b"abc")], control=[])
    assert outcome["outbox"] == [(b"cba", other.getsockname())]


@GENERATIONS
def test_a_targetted_peer_sends_to_its_latest_target(kind, other):
    peer = kind.TargettedPeer("127.0.0.1", 0, "127.0.0.1", 1)
    answers(other, peer)
    outcome = feed(peer, until=until(1), target=[other.getsockname()], inbox=[b"abc"], control=[])
    assert outcome["outbox"] == [(b"cba", other.getsockname())]


def test_a_sender_sends_all_data_before_it_ends(other):
    finished = producerFinished()
    sender = UDP_ng.UDPSender(*other.getsockname())
    outcome = feed(sender, inbox=[b"1", "2"], control=[finished])
    assert [other.recv(10), other.recv(10)] == [b"1", b"2"]
    assert outcome == {"outbox": [], "signal": [finished]}


class Knock(component):
    """Send datagrams to a peer when it is bound."""

    def main(self) -> Any:
        while self.peer.transport is None:
            yield 1
        for data in self.datagrams:
            self.sock.sendto(data, ("127.0.0.1", self.peer.local[1]))


def test_a_receiver_sends_out_each_datagram_with_its_sender(other):
    receiver = UDP_ng.UDPReceiver("127.0.0.1", 0)
    Knock(peer=receiver, sock=other, datagrams=[b"1", b"", b"x" * 60_000]).activate()
    outcome = feed(receiver, until=until(3), control=[])
    assert [data for data, _ in outcome["outbox"]] == [b"1", b"", b"x" * 60_000]
    assert {address for _, address in outcome["outbox"]} == {other.getsockname()}


def test_datagrams_beyond_mostUnread_are_dropped(other):
    receiver = UDP_ng.UDPReceiver("127.0.0.1", 0)
    receiver.mostUnread = 5
    idle = component()
    idle.link((receiver, "outbox"), (idle, "inbox"))
    for _ in range(20):
        receiver.datagram_received(b"x", ("127.0.0.1", 1))
    assert idle.dataReady("inbox") == 5


@GENERATIONS
def test_a_port_in_use_is_an_error_that_names_it(kind, other):
    peer = kind.SimplePeer(*other.getsockname())
    with pytest.raises(OSError, match=f"port {other.getsockname()[1]} of 127.0.0.1") as caught:
        peer.run()
    assert caught.value.errno == errno.EADDRINUSE


def test_shutdown_ends_a_peer_and_is_passed_on():
    stop = shutdownMicroprocess()
    assert feed(UDP.SimplePeer("127.0.0.1"), control=[stop])["signal"] == [stop]


@GENERATIONS
def test_answers_still_arrive_after_producerFinished(kind, other):
    peer = kind.SimplePeer("127.0.0.1", 0, *other.getsockname())
    answers(other, peer)
    outcome = feed(peer, until=until(1), inbox=[b"abc"], control=[producerFinished()])
    assert outcome["outbox"] == [(b"cba", other.getsockname())]


def test_a_sender_without_a_receiver_drops_its_messages():
    assert feed(UDP_ng.UDPSender(), inbox=[b"1"])["outbox"] == []


GROUP = "239.255.77.7"


def test_datagrams_to_a_group_reach_its_members(freePort):
    receiver = Multicast_receiver(GROUP, freePort, interface="127.0.0.1")
    sender = Multicast_sender("127.0.0.1", 0, GROUP, freePort, interface="127.0.0.1")
    sender._deliver(b"hello")
    sender.activate()
    outcome = feed(receiver, until=until(1), control=[])
    assert [data for _, data in outcome["outbox"]] == [b"hello"]


def test_a_transceiver_receives_its_own_datagrams(freePort):
    both = Multicast_transceiver("", freePort, GROUP, freePort, interface="127.0.0.1")
    outcome = feed(both, until=until(1), inbox=["hello"], control=[])
    assert [data for _, data in outcome["outbox"]] == [b"hello"]


def test_a_receiver_receives_datagrams_to_its_group_only(freePort, other):
    receiver = Multicast_receiver(GROUP, freePort, interface="127.0.0.1")

    class Both(component):
        """Send to the port of the machine, and then to the group."""

        def main(self) -> Any:
            while receiver.transport is None:
                yield 1
            here = socket.inet_aton("127.0.0.1")
            other.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
            other.sendto(b"to the machine", ("127.0.0.1", freePort))
            other.sendto(b"to the group", (GROUP, freePort))

    Both().activate()
    outcome = feed(receiver, until=until(1), control=[])
    assert [data for _, data in outcome["outbox"]] == [b"to the group"]


@pytest.mark.parametrize(
    ("kind", "routers"), [(Multicast_sender, 10), (Multicast_transceiver, 255)]
)
def test_the_time_to_live_of_multicast_datagrams(kind, routers):
    peer = kind("127.0.0.1", 0, GROUP, 1, interface="127.0.0.1")
    with peer.makeSocket() as sock:
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == routers


def test_a_multicast_sender_ends_at_producerFinished():
    finished = producerFinished()
    sender = Multicast_sender("127.0.0.1", 0, GROUP, 1, interface="127.0.0.1")
    assert feed(sender, control=[finished])["signal"] == [finished]


# Host names


@pytest.fixture
def answering(other: Any) -> Any:
    """The port of a socket that sends back each datagram, from its own thread."""

    def answer() -> None:
        while (received := other.recvfrom(65536))[0] != b"stop":
            other.sendto(*received)

    thread = threading.Thread(target=answer)
    thread.start()
    yield other.getsockname()[1]
    other.sendto(b"stop", other.getsockname())
    thread.join(PATIENCE)


def payloads(outcome: Any) -> list[bytes]:
    return [data for data, _ in outcome["outbox"]]


@pytest.mark.usefixtures("eachLoop")
@GENERATIONS
def test_a_postbox_peer_sends_to_a_host_by_name(kind, answering):
    peer = kind.PostboxPeer("127.0.0.1", 0)
    messages = [("localhost", answering, b"1"), ("localhost", answering, "2")]
    assert payloads(feed(peer, until=until(2), inbox=messages, control=[])) == [b"1", b"2"]


@pytest.mark.usefixtures("eachLoop")
def test_a_sender_to_a_host_by_name_sends_all_data_before_it_ends(other):
    sender = UDP_ng.UDPSender("localhost", other.getsockname()[1])
    feed(sender, inbox=[b"%d" % number for number in range(200)], control=[producerFinished()])
    assert [other.recv(10) for _ in range(200)] == [b"%d" % number for number in range(200)]


@pytest.mark.usefixtures("eachLoop")
def test_the_target_of_a_targetted_peer_may_be_a_name(answering):
    peer = UDP.TargettedPeer("127.0.0.1", 0, "127.0.0.1", 1)
    target = ("localhost", answering)
    outcome = feed(peer, until=until(1), target=[target], inbox=[b"abc"], control=[])
    assert payloads(outcome) == [b"abc"]


@pytest.mark.usefixtures("eachLoop")
@pytest.mark.parametrize("name", ["nobody.invalid", "a..b", "x" * 70, "\ud800", "a\0b"], ids=ascii)
def test_a_datagram_to_a_name_without_an_address_is_dropped_and_logged(name, answering, caplog):
    peer = UDP.PostboxPeer("127.0.0.1", 0)
    messages = [(name, 9, b"lost"), ("127.0.0.1", answering, b"kept")]

    def isOver(outcome: Any) -> bool:
        return bool(outcome["outbox"]) and not peer._targets.isWaiting()

    class Poll(component):
        def main(self) -> Any:
            while not caplog.text:
                self.pause(0.01)
                yield 1
            peer._deliver(("127.0.0.1", answering, b"and again"))

    Poll().activate()
    outcome = feed(peer, until=isOver, inbox=messages, control=[])
    assert payloads(outcome)[0] == b"kept"
    assert "drops its datagrams to" in caplog.text


@pytest.mark.usefixtures("eachLoop")
def test_a_datagram_to_an_address_of_the_other_family_is_dropped_and_logged(answering, caplog):
    peer = UDP.PostboxPeer("127.0.0.1", 0)
    messages = [("::1", 9, b"lost"), ("127.0.0.1", answering, b"kept")]
    outcome = feed(peer, until=until(1), inbox=messages, control=[])
    assert payloads(outcome) == [b"kept"]
    assert "drops its datagrams to '::1'" in caplog.text


@pytest.mark.usefixtures("eachLoop")
@pytest.mark.parametrize("port", [-1, 65536, "9"])
def test_an_invalid_port_is_an_error_in_the_sender(port):
    with pytest.raises(ValueError, match="port must be"):
        feed(UDP.PostboxPeer("127.0.0.1", 0), inbox=[("127.0.0.1", port, b"x")], control=[])


@pytest.mark.usefixtures("eachLoop")
@pytest.mark.parametrize("data", [5, None, [b"x"]])
def test_the_error_for_a_message_that_is_not_bytes_names_the_peer(data):
    with pytest.raises(TypeError, match=r"bytes or text expected, not .* 'inbox' of .*PostboxPeer"):
        feed(UDP.PostboxPeer("127.0.0.1", 0), inbox=[("127.0.0.1", 9, data)], control=[])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_names_are_resolved_with_eager_tasks_too(answering, monkeypatch):
    kind = asyncio.SelectorEventLoop

    def newLoop() -> Any:
        loop = kind()
        loop.set_task_factory(asyncio.eager_task_factory)
        return loop

    monkeypatch.setattr(asyncio, "SelectorEventLoop", newLoop)
    peer = UDP.PostboxPeer("127.0.0.1", 0)
    names = ("a..b", "a..b", "localhost")
    messages = [(name, answering, name.encode()) for name in names]
    outcome = feed(peer, until=until(1), inbox=messages, control=[])
    assert payloads(outcome) == [b"localhost"]
