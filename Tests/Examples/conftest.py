"""Fixtures that run an example as a user does, in a separate process."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "Examples"
PATIENCE = 60.0  # seconds until an example that hangs is killed


def commandOf(example: str, *options: Any) -> list[str]:
    """Return the command line of Examples/`example`, with warnings as errors."""
    return [sys.executable, "-W", "error", "-u", str(EXAMPLES / example), *map(str, options)]


@pytest.fixture
def run() -> Callable[..., Any]:
    """Return run("Topic/file.py", *options[, input=text]), which returns a CompletedProcess."""

    def run(example: str, *options: Any, **more: Any) -> Any:
        return subprocess.run(
            commandOf(example, *options),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            **more,
        )

    return run


class Served:
    """A running example that is a server, with its address."""

    def __init__(self, process: Any, host: str, port: int) -> None:
        self.process = process
        self.host = host
        self.port = port

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Send SIGINT; return the exit status and the text from stderr."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


def _firstLine(descriptor: int) -> str:
    """Read one line, and leave what follows to other readers."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(descriptor, 1)):
        line += byte
    return line.decode().rstrip()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Return serve("Topic/server.py", *options), which runs a server until the test ends."""
    started = []

    def serve(example: str, *options: Any) -> Served:
        process = subprocess.Popen(
            commandOf(example, "--port", 0, *options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        started.append((process, killer))
        said = _firstLine(process.stderr.fileno())
        found = re.search(r" listens on (\S+):(\d+)$", said)
        if found is None:
            process.kill()
            pytest.fail(f"{example} said {said!r}, and {process.stderr.read()}")
        return Served(process, found[1], int(found[2]))

    yield serve
    for process, killer in started:
        killer.cancel()
        process.kill()
        process.communicate(timeout=PATIENCE)
