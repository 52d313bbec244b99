"""The page about a first server: its files work together, with the commands that it shows."""

import re
import socket
import subprocess
import sys

import pytest

from Tests.Docs.test_snippets import ROOT, blocksOf, pythonToRun

PAGE = (ROOT / "Docs/first_server.rst").read_text(encoding="utf-8")
PROGRAM, TEST = (
    block.text for block in blocksOf("first_server.rst", PAGE) if block.language == "python"
)
LISTENS = re.compile(r"(ServerCore\(protocol=protocol\)) listens on 0\.0\.0\.0:(\d+)\n")


@pytest.fixture
def folder(tmp_path):
    """A folder with the two files of the page; the server asks for a free port."""
    assert "port=1500" in PROGRAM
    (tmp_path / "sums.py").write_text(PROGRAM.replace("port=1500", "port=0"))
    (tmp_path / "test_sums.py").write_text(TEST)
    return tmp_path


def test_the_tests_on_the_page_pass(folder):
    _, environment = pythonToRun()  # pytest is in this environment, not in a plain one
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert "8 passed" in done.stdout, done.stdout


def conversation():
    """Return the lines that the page shows: what the client types, and the answers."""
    shown = re.search(r"\$ nc localhost 1500\n((?:   .*\n)+)", PAGE)
    lines = [line.strip() for line in shown[1].splitlines()]
    return lines[0::2], lines[1::2]


def test_a_client_sees_the_conversation_on_the_page(folder):
    python, environment = pythonToRun()
    typed, answers = conversation()
    with subprocess.Popen(
        [python, "sums.py"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            name, port = LISTENS.fullmatch(server.stderr.readline()).groups()
            assert f"{name} listens on 0.0.0.0:1500" in PAGE
            with socket.create_connection(("127.0.0.1", int(port)), timeout=30) as client:
                client.sendall("".join(f"{line}\n" for line in typed).encode())
                with client.makefile(encoding="utf-8") as received:
                    assert received.read().splitlines() == answers  # and the end, after quit
        finally:
            server.terminate()
