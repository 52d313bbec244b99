import re
import socket

import pytest

TIME = r"time: \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\n"


@pytest.fixture
def server(serve):
    return serve("UDP/server.py")


def test_the_client_prints_the_answer_of_the_server(server, run):
    done = run("UDP/client.py", "--port", server.port)
    assert (done.stderr, done.returncode) == ("", 0)
    assert re.fullmatch(TIME, done.stdout)
    assert server.end() == (0, "")


def test_the_client_asks_again_when_an_answer_is_lost(run):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as lossy:
        lossy.bind(("127.0.0.1", 0))
        lossy.settimeout(20)
        port = lossy.getsockname()[1]
        done = run("UDP/client.py", "--port", port, "--attempts", 3, "--timeout", 0.05)
        assert [lossy.recvfrom(100)[0] for _ in range(3)] == [b"time"] * 3
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"no answer from 127.0.0.1, port {port}\n"


def test_one_socket_serves_many_clients(server):
    for number in range(20):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(20)
            client.sendto(b"%d" % number, (server.host, server.port))
            assert client.recv(100).startswith(b"%d: " % number)
