"""A policy service of another make that a test starts and asks."""

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, Program


class OtherService:
    """OtherService(path, *words) -> a program that listens on this Unix socket, as a context."""

    def __init__(self, path: Path, *words: str | Path) -> None:
        self.path = path
        path.unlink(missing_ok=True)
        self.program = Program(*words)

    def __enter__(self) -> "OtherService":
        until = time.monotonic() + PATIENCE
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(PATIENCE)
        while time.monotonic() < until and self.program.poll() is None:
            with suppress(OSError):
                self.connection.connect(str(self.path))
                return self
            time.sleep(0.01)  # no event tells when the socket of another process is open
        raise AssertionError(f"{self.program.args} does not listen on {self.path}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()
        while self.program.poll() is None:
            self.program.terminate()  # Perl sleeps through one that arrives just before the sleep
            with suppress(subprocess.TimeoutExpired):
                self.program.communicate(timeout=1)
        self.program.end()

    def ask(self, client: str, sender: str, recipient: str, **more: object) -> str:
        """The action for a mail."""
        attributes = {
            "request": "smtpd_access_policy",
            "protocol_state": "RCPT",
            "client_address": client,
            "client_name": "unknown",
            "helo_name": "mx.b.example",
            "sender": sender,
            "recipient": recipient,
            **more,
        }
        lines = [f"{name}={value}\n" for name, value in attributes.items()]
        self.connection.sendall("".join([*lines, "\n"]).encode())
        said = b""
        while not said.endswith(b"\n\n"):
            data = self.connection.recv(4096)
            assert data, said
            said += data
        return said.decode().removeprefix("action=").strip()
