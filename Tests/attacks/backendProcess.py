"""The backend (backend.py) as a process that attacks start, kill and count on."""

import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from Tests.attacks.harness import PATIENCE, ROOT


class Backend:
    """Backend() -> a real server, and what it kept, also of its earlier lives."""

    def __init__(self) -> None:
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
        """Starts it, again on the port that it had."""
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "Tests.attacks.backend", str(self.file), str(self.port)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        self.port = int(line)

    async def kill(self) -> None:
        """With no chance to say anything."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def settings(self, **more: Any) -> dict[str, Any]:
        """Those of a proxy in front of it."""
        return {"smtp_ip": "127.0.0.1", "smtp_port": self.port, **more}

    def kept(self) -> Counter[int]:
        """How often it has kept which mail."""
        return Counter(int(line) for line in self.file.read_text().split())
