import random
import signal
import socket

import pytest

from Tests.Kamaelia.sockets import dial, readAll, readExactly


def test_each_client_receives_exactly_the_bytes_that_it_sent(serve):
    server = serve("Echo/server.py")
    sent = random.Random(1).randbytes(100_000)
    with dial(server.port) as one, dial(server.port) as other:
        one.sendall(sent)
        other.sendall(b"other")
        assert readExactly(other, 5) == b"other"
        assert readExactly(one, len(sent)) == sent
        one.shutdown(socket.SHUT_WR)
        assert readAll(one) == b""
    assert server.end() == (0, "")


def test_a_client_that_disconnects_does_not_affect_others(serve):
    server = serve("Echo/server.py")
    for _ in range(20):
        dial(server.port).close()
    with dial(server.port) as sock:
        sock.sendall(b"still there?")
        assert readExactly(sock, 12) == b"still there?"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_in_order_and_closes_its_connections(serve, number):
    server = serve("Echo/server.py")
    with dial(server.port) as sock:
        sock.sendall(b"x")
        assert readExactly(sock, 1) == b"x"
        assert server.end(number) == (0, "")
        assert readAll(sock) == b""


def test_the_error_for_a_port_in_use_names_the_port(serve, run):
    server = serve("Echo/server.py")
    done = run("Echo/server.py", "--port", server.port)
    assert done.returncode == 1
    assert f"cannot listen on port {server.port} of 127.0.0.1" in done.stderr
