import pytest

from Axon.Ipc import shutdownMicroprocess
from Axon.testing import FINISHED, feed, feedConnection
from Kamaelia.Protocol.EchoProtocol import EchoProtocol
from Tests.Kamaelia.consumers import runInto
from Tests.Kamaelia.sockets import dial, readExactly


def test_data_comes_back():
    assert feedConnection(EchoProtocol(), b"hello ", b"world") == b"hello world"


@pytest.mark.parametrize("end", ["anything", shutdownMicroprocess()])
def test_any_message_on_control_ends_it(end):
    outcome = feed(EchoProtocol(), inbox=[b"last"], control=[end])
    assert outcome == {"outbox": [b"last"], "signal": [end]}


def test_a_slow_receiver_holds_it():
    echo = EchoProtocol()
    for number in range(20):
        echo.deliver(number)
    echo.deliver(FINISHED, "control")
    assert runInto(echo, capacity=100).got == list(range(20))


def test_a_client_receives_what_it_sends(serving):
    def client(server):
        with dial(server.port) as sock:
            sock.sendall(b"hello")
            return readExactly(sock, 5)

    assert serving(client, protocol=EchoProtocol) == b"hello"
