"""The page about deployment: its server obeys the signals, and systemd accepts its units."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from Tests.Docs.sessions import filesOf
from Tests.Docs.test_first_server import PROGRAM
from Tests.Docs.test_snippets import ROOT, pythonToRun

PAGE = (ROOT / "Docs/deploy.rst").read_text(encoding="utf-8")
FILES = filesOf(PAGE)
LISTENS = re.compile(r"INFO \S+ ServerCore\(.*\) listens on 127\.0\.0\.1:(\d+)\n")
PATIENCE = 30


@pytest.fixture
def notified(tmp_path):
    """A socket that receives what a service tells systemd."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(PATIENCE)
        yield receiver


@pytest.fixture
def server(tmp_path, notified):
    """The server of the page, in its folder, on a free port."""
    python, environment = pythonToRun()
    (tmp_path / "sums.py").write_text(PROGRAM)
    (tmp_path / "server.py").write_text(FILES["server.py"])
    (tmp_path / "level").write_text("INFO")
    settings = {"NOTIFY_SOCKET": notified.getsockname(), "SUMS_LEVEL": str(tmp_path / "level")}
    with subprocess.Popen(
        [python, "server.py", "--port", "0"],
        cwd=tmp_path,
        env=environment | settings,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        running.port = int(LISTENS.fullmatch(running.stderr.readline())[1])
        yield running
        running.kill()


def test_the_server_tells_systemd_that_it_listens_and_answers(server, notified):
    assert notified.recv(100) == b"READY=1"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as client:
        client.sendall(b"add 1 2\r\n")
        assert client.recv(100) == b"3\r\n"


def test_a_hangup_reads_the_setting_again_and_a_termination_ends_in_order(server, tmp_path):
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as client:
        client.sendall(b"add 1 2\r\n")
        assert client.recv(100) == b"3\r\n"  # a client is connected from here on
        (tmp_path / "level").write_text("DEBUG")
        server.send_signal(signal.SIGHUP)
        assert server.stderr.readline() == "INFO sums the level is DEBUG\n"
        server.terminate()
        assert client.recv(100) == b""
    assert server.stderr.read() == "INFO sums stopped\n"
    assert server.wait(PATIENCE) == 0


def test_systemd_accepts_the_units(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("needs systemd-analyze")
    for name in ("sums.socket", "sums.service"):
        text = FILES[name].replace("/opt/sums/venv/bin/python", sys.executable)
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [program, "verify", "--man=no", tmp_path / "sums.service", tmp_path / "sums.socket"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    ours = [line for line in done.stderr.splitlines() if "sums" in line]
    assert (done.returncode, ours) == (0, [])
