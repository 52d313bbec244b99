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
    """Return listen(talk), which serves one client with talk(sock) and returns the port."""
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


def test_input_is_sent_to_the_server_and_its_answer_is_shown(listen, run):
    asked = []

    def talk(sock):
        asked.append(readExactly(sock, 23))
        for piece in ("Grüße, ".encode()[:3], "Grüße, ".encode()[3:], b"world\n"):
            sock.sendall(piece)

    done = run(CLIENT, "--port", listen(talk), input="hello\nhow are you?\n\n", encoding="utf-8")
    assert asked == [b"hello\r\nhow are you?\r\n\r\n"]
    assert (done.stdout, done.stderr, done.returncode) == ("Grüße, world\n", "", 0)


def test_it_ends_with_the_server_without_any_input(listen):
    port = listen(lambda sock: sock.sendall(b"go away\n"))
    with subprocess.Popen(
        commandOf(CLIENT, "--port", port), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        assert process.stdout.read() == b"go away\n"
        assert process.wait(PATIENCE) == 0
        killer.cancel()


def test_a_megabyte_is_transferred_unchanged(listen, run):
    got = []

    def talk(sock):
        got.append(readExactly(sock, 1_000_000))
        sock.sendall(got[0])

    text = "".join(f"{number:098d}\n" for number in range(10_000))
    text = text.replace("\n", "\r\n")
    done = run(CLIENT, "--port", listen(talk), input=text)
    assert got == [text.encode()]
    assert done.stdout == text.replace("\r\n", "\n")


def test_a_missing_server_is_reported(run, refusingPort):
    done = run(CLIENT, "--port", refusingPort, input="hello\n")
    assert done.stdout == ""
    assert done.stderr.startswith("the connection ended: ")
    assert "Traceback" not in done.stderr


def test_it_receives_a_saying_from_the_fortune_server(serve, run):
    server = serve("Fortune/server.py")
    assert run(CLIENT, "--port", server.port, stdin=subprocess.DEVNULL).stdout.endswith(".\n")


def test_ctrl_c_closes_the_connection(listen):
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
