"""The proxy of the soak test as an administrator runs it: a process that is killed and reloaded.

Example usage
-------------
    proxy = Proxy(folder, store="sqlite:/tmp/x/grey.db", workers=2, far=10025, times=times)
    await proxy.start()
    await proxy.ask("allow", "127.3.4.0/24")
    await proxy.kill("worker")
    proxy.state()                     # processes, resident memory, descriptors
"""

import asyncio
import os
import re
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from Tests.attacks.harness import PATIENCE, ROOT, must
from Tests.soak.clientStates import Times

FORM = """\
[listen]
addresses = ["127.0.0.1:{port}"]
workers = {workers}
[server]
addresses = ["127.0.0.1:{far}"]
smtp_timeouts = {{ connect = 1, greeting = 1, EHLO = 1, MAIL = 1, RCPT = 1, DATA = 1, dot = 1 }}
[forward]
allowed_domains = ["ours.example"]
[greylist]
too_soon = {times.tooSoon}
min_defer_time = {times.minDefer}
max_defer_time = {times.maxDefer}
max_grey = {times.maxGrey}
client_passes = {times.passes}
fold_senders = true
large_senders = false
[allow]
client_files = ["{folder}/allowed"]
[deny]
sender_files = ["{folder}/denied"]
[store]
url = "{store}"
[log]
logfile = "{folder}/mails"
jsonlogfile = "{folder}/mails.json"
[limits]
inactivity_timeout = 3
session_timeout = 15
"""


class State(NamedTuple):
    """The resources of all processes."""

    processes: int
    resident: int  # octets
    descriptors: int


class Proxy:
    """A kamaelia-grey process that is started repeatedly."""

    def __init__(self, folder: Path, store: str, workers: int, far: int, times: Times) -> None:
        self.folder = folder
        self.workers = workers
        self.port = freePort()
        self.life = 0  # number of starts
        self.output = folder / "said"
        self.process: Any = None
        self.file = folder / "grey.toml"
        self.file.write_text(
            FORM.format(
                port=self.port, workers=workers, far=far, folder=folder, store=store, times=times
            )
        )
        for name in ("allowed", "denied"):
            (folder / name).touch()

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self.life += 1
        begin = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("ab") as said:
            self.process = await asyncio.create_subprocess_exec(
                *self._words("run"), cwd=ROOT, stdout=said, stderr=said
            )
        async with asyncio.timeout(PATIENCE):
            while "listens on" not in self._outputSince(begin):
                must(self.process.returncode is None, self._howItEnded(begin))
                await asyncio.sleep(0.02)

    def _howItEnded(self, begin: int = 0) -> str:
        return f"it ended with {self.process.returncode}: {self._outputSince(begin)[-2000:]}"

    def _outputSince(self, begin: int) -> str:
        return self.output.read_bytes()[begin:].decode(errors="replace")

    async def kill(self, target: str) -> None:
        """Send SIGKILL to "all" processes, to the "first" one, or to a "worker"."""
        family = self.family()
        pids = {"all": family, "first": family[:1], "worker": family[-1:]}[target]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if target == "worker" and len(family) > 1:
            return
        await self.process.wait()
        async with asyncio.timeout(PATIENCE):
            while any(Path(f"/proc/{pid}").exists() for pid in family[1:]):
                await asyncio.sleep(0.02)

    def hangUp(self) -> None:
        """Send SIGHUP to reload the configuration, unless Python itself is still starting."""
        with suppress(OSError):
            if handlesHangups(self.process.pid):
                self.process.send_signal(signal.SIGHUP)

    async def stop(self) -> None:
        """Send SIGTERM and wait for an orderly end."""
        self.process.terminate()
        status = await asyncio.wait_for(self.process.wait(), PATIENCE)
        must(status == 0, self._howItEnded())

    async def ask(self, *words: str) -> str:
        """Run a command of kamaelia-grey and return its output."""
        process = await asyncio.create_subprocess_exec(
            *self._words(*words),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return said.decode()

    def _words(self, command: str, *words: str) -> list[str]:
        program = [sys.executable, "-m", "Kamaelia.Apps.Grey", command]
        return [*program, "-c", str(self.file), *words]

    def family(self) -> list[int]:
        """Return the process ids, the first process first."""
        found = [self.process.pid]
        for pid in found:
            with suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += map(int, (task / "children").read_text().split())
        return found

    def state(self) -> State:
        """Return the present resources."""
        resident = descriptors = 0
        family = self.family()
        for pid in family:
            with suppress(OSError, IndexError):
                resident += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                descriptors += len(os.listdir(f"/proc/{pid}/fd"))
        return State(len(family), resident * os.sysconf("SC_PAGE_SIZE"), descriptors)

    def errors(self) -> list[str]:
        """Return a sentence if the log contains a traceback."""
        said = self._outputSince(0)
        begin = said.find("Traceback")
        return (
            [f"the proxy had an error: {said[max(0, begin - 500) : begin + 2000]}"]
            if begin >= 0
            else []
        )


def handlesHangups(pid: int) -> bool:
    """Return whether SIGHUP does not end the process. Raise OSError if there is no such process."""
    status = Path(f"/proc/{pid}/status").read_text()
    masks = re.findall(r"^Sig(?:Ign|Cgt):\s*([0-9a-f]+)", status, re.M)
    return any(int(mask, 16) >> (signal.SIGHUP - 1) & 1 for mask in masks)


def freePort() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
