import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from Tests.Examples.conftest import PATIENCE, commandOf
from Tests.Kamaelia.sockets import readExactly

CLIENT = "TCPClient/console.py"


@pytest.fixture
def listen() -> Iterator[Callable[..., int]]:
    """listen(talk) -> the port of a server that answers one client as talk(sock) does."""
    threads = []

    def listen(talk: Callable[[socket.socket], object]) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        server.settimeout(PATIENCE)

        def serve() -> None:
            with server:
                sock, _ = server.accept()
            with sock:
                sock.settimeout(PATIENCE)
                talk(sock)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return server.getsockname()[1]

    yield listen
    for thread in threads:
        thread.join(PATIENCE)


def test_what_is_typed_goes_to_the_server_and_what_it_says_is_shown(listen, run):
    asked = []

    def talk(sock):
        asked.append(readExactly(sock, 23))
        for piece in ("Grüße, ".encode()[:3], "Grüße, ".encode()[3:], b"world\n"):
            sock.sendall(piece)

    done = run(CLIENT, "--port", listen(talk), input="hello\nhow are you?\n\n", encoding="utf-8")
    assert asked == [b"hello\r\nhow are you?\r\n\r\n"]
    assert (done.stdout, done.stderr, done.returncode) == ("Grüße, world\n", "", 0)


def test_it_ends_when_the_server_does_though_nobody_types(listen):
    port = listen(lambda sock: sock.sendall(b"go away\n"))
    with subprocess.Popen(
        commandOf(CLIENT, "--port", port), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        assert process.stdout.read() == b"go away\n"
        assert process.wait(PATIENCE) == 0
        killer.cancel()


def test_a_megabyte_goes_through_unchanged(listen, run):
    got = []

    def talk(sock):
        got.append(readExactly(sock, 1_000_000))
        sock.sendall(got[0])

    text = "".join(f"{number:098d}\n" for number in range(10_000))
    text = text.replace("\n", "\r\n")
    done = run(CLIENT, "--port", listen(talk), input=text)
    assert got == [text.encode()]
    assert done.stdout == text.replace("\r\n", "\n")


def test_who_is_not_there_is_said(run, freePort):
    done = run(CLIENT, "--port", freePort, input="hello\n")
    assert done.stdout == ""
    assert done.stderr.startswith("the connection ended: ")
    assert "Traceback" not in done.stderr


def test_it_reads_a_fortune(serve, run):
    server = serve("Fortune/server.py")
    assert run(CLIENT, "--port", server.port, stdin=subprocess.DEVNULL).stdout.endswith(".\n")


def test_ctrl_c_hangs_up(listen):
    heard = []

    def talk(sock):
        sock.sendall(b"hello\n")
        heard.append(sock.recv(1))

    with subprocess.Popen(
        commandOf(CLIENT, "--port", listen(talk)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        assert process.stdout.readline() == b"hello\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE) == (b"", b"")
        killer.cancel()
    assert process.returncode == 0
