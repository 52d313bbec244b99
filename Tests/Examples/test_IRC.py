import signal
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from Tests.Examples.conftest import PATIENCE, commandOf
from Tests.Kamaelia.ircd import runningServer

CLIENT = "IRC/logger.py"


@pytest.fixture
def ircServer(needs: Callable[[str], str], freePorts: Callable[[], int]) -> Iterator[int]:
    """Return the port of an ngircd on 127.0.0.1."""
    with runningServer(needs("ngircd"), freePorts) as port:
        yield port


@pytest.fixture
def start() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Return start(*options), which starts the client."""
    started = []

    def start(*options: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            commandOf(CLIENT, *options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        started.append((process, killer))
        return process

    yield start
    for process, killer in started:
        killer.cancel()
        process.kill()
        process.communicate(timeout=PATIENCE)


def linesUntil(process: "subprocess.Popen[str]", wanted: str) -> list[str]:
    """Return the lines that the program prints, up to the first one that contains a text."""
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if wanted in line:
            return lines
    pytest.fail(f"no {wanted!r} in {lines}, and {process.stderr.read()}")


def test_two_people_talk(ircServer, start):
    ann = start("--port", ircServer, "--name", "ann", "--channel", "#tea")
    linesUntil(ann, "*** ann has joined #tea")
    bob = start("--port", ircServer, "--name", "bob", "--channel", "#tea")
    linesUntil(ann, "*** bob has joined #tea")
    ann.stdin.write("good morning, \x1b[1mbob\n")
    ann.stdin.flush()
    assert linesUntil(bob, "<ann>")[-1] == "<ann> good morning, \\x1b[1mbob"
    bob.stdin.write("/me pours tea\n/quit enough\n")
    bob.stdin.flush()
    assert linesUntil(ann, "pours")[-1] == "*** bob pours tea"
    linesUntil(ann, "*** bob has quit IRC")
    assert bob.wait(PATIENCE) == 0
    ann.send_signal(signal.SIGINT)
    _, errors = ann.communicate(timeout=PATIENCE)
    assert (errors, ann.returncode) == (f"connecting to 127.0.0.1, port {ircServer}\n", 0)


def test_it_ends_if_there_is_no_server(run, refusingPort):
    done = run(CLIENT, "--port", refusingPort, stdin=subprocess.DEVNULL)
    assert (done.stdout, done.returncode) == ("", 0)
