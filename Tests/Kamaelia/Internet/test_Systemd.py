"""Sockets that systemd hands over, and what it is told."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from Kamaelia.Internet.Systemd import inheritedSockets, notify

CHILD = """
import os
os.environ["LISTEN_PID"] = str(os.getpid())
from Kamaelia.Internet.Systemd import inheritedSockets
print([each.getsockname()[1] for each in inheritedSockets()], os.environ.get("LISTEN_FDS"))
"""


def test_sockets_are_taken_over_from_descriptor_three_on() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]

    def place() -> None:
        os.dup2(listening.fileno(), 3)

    with listening:
        done = subprocess.run(
            [sys.executable, "-c", CHILD],
            preexec_fn=place,
            pass_fds=[3, listening.fileno()],
            env=os.environ | {"LISTEN_FDS": "1"},
            capture_output=True,
            text=True,
            timeout=20,
        )
    assert done.stdout == f"[{port}] None\n", done.stderr


@pytest.mark.parametrize(
    "words", [{}, {"LISTEN_FDS": "1"}, {"LISTEN_FDS": "1", "LISTEN_PID": "1"}, {"LISTEN_FDS": "x"}]
)
def test_what_is_meant_for_another_process_is_left(
    monkeypatch: pytest.MonkeyPatch, words: dict[str, str]
) -> None:
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    assert inheritedSockets() == []


def test_systemd_hears_in_one_datagram(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        notify("READY=1", "STATUS=well")
        assert listener.recv(100) == b"READY=1\nSTATUS=well"


@pytest.mark.parametrize("path", ["", "/nowhere/at/all", "@nobody-listens-here"])
def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    notify("READY=1")
