"""The process of backend.py, which attacks start and kill."""

import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from Tests.attacks.harness import PATIENCE, ROOT


class Backend:
    """A real server and the record of its mails, which survives a kill.

    options: arguments of the process; see Tests/attacks/backend.py.
    """

    def __init__(self, *options: str) -> None:
        self.options = options
        self.folder = tempfile.TemporaryDirectory(prefix="kamaelia-attack-")
        self.file = Path(self.folder.name) / "kept"
        self.file.touch()
        self.port = 0
        self.process: Any = None

    async def __aenter__(self) -> "Backend":
        await self.start()
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.kill()
        self.folder.cleanup()

    async def start(self) -> None:
        """Start the process, on the same port as before if there was one."""
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "Tests.attacks.backend", str(self.file), str(self.port)),
            *self.options,
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        self.port = int(line)

    async def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return the settings of a proxy in front of this server."""
        return {"smtp_ip": "127.0.0.1", "smtp_port": self.port, **more}

    def kept(self) -> Counter[int]:
        """Return how often each mail was kept, by number."""
        return Counter(int(line) for line in self.file.read_text().split())
