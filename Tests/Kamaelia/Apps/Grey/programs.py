"""Programs for tests: started, told to stop, and gone when the test is over."""

import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[4]
PATIENCE = 40.0  # seconds until what hangs has failed


class Program(subprocess.Popen[str]):
    """Program(*words) -> runs, in the root of the checkout; output and errors together."""

    def __init__(self, *words: str | Path, **argd: Any) -> None:
        settings = {"cwd": ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | argd
        super().__init__([str(word) for word in words], text=True, **settings)

    def waitForPort(self, port: int) -> None:
        """Until it listens there; fails if it ends first."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            time.sleep(0.01)  # no event tells when the port of another process is open
        raise AssertionError(f"{self.args} does not listen on {port}")

    def readUntil(self, word: str) -> str:
        """Its output up to the line that has `word`."""
        assert self.stdout is not None
        lines = []
        for line in self.stdout:
            lines.append(line)
            if word in line:
                break
        return "".join(lines)

    def end(self) -> None:
        if self.poll() is None:
            self.kill()
        self.communicate(timeout=PATIENCE)


def python(*words: str | Path) -> Sequence[str | Path]:
    """The words of a command that runs Python."""
    return [sys.executable, "-u", *words]
