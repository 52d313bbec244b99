"""The application, kamaelia-grey, as a separate process with a configuration."""

import asyncio
import os
import random
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import PATIENCE, ROOT, Broken, connect, must

CONFIGURATION = """\
[listen]
addresses = ["0.0.0.0:{port}"]
workers = {workers}
max_connections_per_peer = 0
[server]
addresses = ["127.0.0.1:{far}"]
relay = "{relay}"
[forward]
allowed_domains = ["y.org"]
[greylist]
large_senders = false
[allow]
recipients = ["b@y.org"]
[store]
url = "sqlite:{folder}/grey.db"
[log]
jsonlogfile = "{folder}/mails.json"
"""


class Proxy:
    """The application in a separate process; kill() ends one of its processes.

    more: additional text for the configuration.
    """

    def __init__(self, backend: Backend, workers: int, relay: str, more: str = "") -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="kamaelia-attack-")
        self.workers = workers
        self.far = backend.port
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this
        self.file = Path(self.folder.name) / "grey.toml"
        words = {"port": self.port, "workers": workers, "far": backend.port, "relay": relay}
        self.file.write_text(CONFIGURATION.format(folder=self.folder.name, **words) + more)
        self.process: Any = None

    def replace(self, old: str, new: str) -> None:
        """Replace text in the configuration, which takes effect at the next start or reload."""
        text = self.file.read_text()
        must(old in text, f"{old!r} is not in the configuration")
        self.file.write_text(text.replace(old, new))

    async def launch(self) -> None:
        """Start the process without waiting until it listens."""
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "Kamaelia.Apps.Grey", "run", "-c", str(self.file)),
            cwd=ROOT,
            stderr=self.errors,
        )

    async def start(self) -> None:
        """Start the process and wait until it listens."""
        await self.launch()
        async with asyncio.timeout(PATIENCE):
            while self.process.returncode is None:
                with suppress(OSError):
                    (await connect(self.port)).close()
                    return
                await asyncio.sleep(0.05)
        raise Broken(f"the proxy did not start: {self.log()[-2000:]}")

    async def kill(self) -> None:
        """Kill a worker, which is replaced; or the proxy, which is started again."""
        if self.workers > 1:
            workers = [pid for each in childrenOf(self.process.pid) for pid in childrenOf(each)]
            with suppress(ProcessLookupError):  # it has just ended
                if workers:
                    os.kill(random.choice(workers), signal.SIGKILL)
            return
        self.process.kill()
        await self.process.wait()
        await self.start()

    async def reload(self) -> None:
        """Send SIGHUP and wait until each worker has reloaded."""
        before = self.log().count("reloaded ")
        self.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(PATIENCE):
            while self.log().count("reloaded ") < before + self.workers:
                must("not reloaded" not in self.log(), f"not reloaded: {self.log()[-2000:]}")
                await asyncio.sleep(0.05)

    async def end(self) -> None:
        """Send SIGTERM, then SIGKILL after a while."""
        if self.process.returncode is None:
            self.process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), PATIENCE)
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self.folder.cleanup()

    def log(self) -> str:
        """Return the text from standard error."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")


def childrenOf(pid: int) -> list[int]:
    """Return the child processes."""
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@asynccontextmanager
async def proxied(more: str = "") -> AsyncIterator[Proxy]:
    """Run the application with a real server behind it."""
    async with Backend() as backend:
        proxy = Proxy(backend, 1, "live", more)
        await proxy.start()
        try:
            yield proxy
        finally:
            await proxy.end()
        must("Traceback" not in proxy.log(), f"the proxy had an error: {proxy.log()[-3000:]}")
