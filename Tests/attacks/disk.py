"""A full disk for the text of large mails."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import MiB, Server, connect, mail, must, say, send

MOST = 2 * MiB  # the size of the disk


async def disk(size: float) -> None:
    """Mails of 3 MiB on a disk of 2 MiB: each gets 452, and small mails are accepted."""
    with _smallDisk() as folder:
        environment = os.environ | {"TMPDIR": folder}
        async with Backend() as backend:
            await _attack(
                Server(serve="proxy", settings=backend.settings(), environment=environment), backend
            )


async def fileSize(size: float) -> None:
    """The same with a limit of 2 MiB per file (ulimit -f)."""
    async with Backend() as backend:
        await _attack(Server(serve="proxy", settings=backend.settings(), filesize=MOST), backend)


async def _attack(which: Server, backend: Backend) -> None:
    text = (b"x" * 98 + b"\r\n") * (3 * MiB // 100)
    async with which as server:
        before = await server.state()
        peer = await connect(server.port)
        await peer.reply()
        await peer.ask("EHLO disk.example.org")
        answers = [await mail(peer, 1, text), await mail(peer, 2), await mail(peer, 3, text)]
        peer.close()
        answers.append(await send(server.port, 4))
        small = await asyncio.gather(*(send(server.port, 10 + n) for n in range(20)))
        say(f"large, small, large, small: {[answer.strip() for answer in answers]}")
        codes = [answer[:3] for answer in answers]
        must(codes == ["452", "250", "452", "250"], f"the answers are {codes}")
        must(
            all(answer.startswith("250") for answer in small), f"small mails received {set(small)}"
        )
        kept = sorted(backend.kept())
        must(kept == [2, 4, *range(10, 30)], f"the real server has {kept}")
        await server.until("connections", 0)
        await server.until("descriptors", before["descriptors"])


@contextmanager
def _smallDisk() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="kamaelia-attack-") as folder:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={MOST}", "tmpfs", folder], capture_output=True
        )
        must(done.returncode == 0, "this attack may not mount a disk: run fileSize instead")
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)


ATTACKS = [disk, fileSize]
