"""Files, directories and links at the paths of Unix sockets."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from Tests.attacks.application import Proxy, proxied
from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import PATIENCE, must, say, send

CONTENT = "important\n"


async def fileToListenOn(size: float) -> None:
    """A file, directory, link or pipe where the proxy is to listen: it refuses and keeps it."""
    for kind, make in KINDS.items():
        async with Backend() as backend:
            proxy = Proxy(backend, 1, "live")
            path = Path(proxy.folder.name) / "socket"
            make(path)
            proxy.replace(f"0.0.0.0:{proxy.port}", f"unix:{path}")
            before = _seen(path)
            await proxy.launch()
            with suppress(TimeoutError):
                await asyncio.wait_for(proxy.process.wait(), PATIENCE)
            status, log, after = proxy.process.returncode, proxy.log(), _seen(path)
            await proxy.end()
        must(status not in (None, 0), f"the proxy runs although a {kind} is at its path")
        must(str(path) in log, f"the log does not name the path of the {kind}: {log[-500:]!r}")
        must("Traceback" not in log, f"a {kind} causes an error: {log[-3000:]}")
        must(before == after, f"the {kind} was changed: {before}, then {after}")
    say(f"{', '.join(KINDS)}: each is named in the log and unchanged")


async def fileReplacesSocket(size: float) -> None:
    """A file replaces the socket of the proxy while it runs: the proxy does not remove it."""
    async with Backend() as backend:
        proxy = Proxy(backend, 1, "live")
        path = Path(proxy.folder.name) / "socket"
        proxy.replace(f'"0.0.0.0:{proxy.port}"', f'"0.0.0.0:{proxy.port}", "unix:{path}"')
        await proxy.start()
        _asFile(Path(f"{path}.new"))
        os.replace(f"{path}.new", path)
        before = _seen(path)
        answer = await send(proxy.port, 1)
        proxy.process.terminate()
        status = await asyncio.wait_for(proxy.process.wait(), PATIENCE)
        log, after = proxy.log(), _seen(path)
        await proxy.end()
    must(answer.startswith("250"), f"a mail to the other address received {answer!r}")
    must(status == 0 and "Traceback" not in log, f"it ended with {status}: {log[-3000:]}")
    must(before == after, f"the file was changed: {before}, then {after}")
    say("the file is there after SIGTERM")


async def fileAsServer(size: float) -> None:
    """A file at the path of the real server: each mail is deferred until the server is there."""
    async with proxied() as proxy:
        path = Path(proxy.folder.name) / "server"
        _asFile(path)
        proxy.replace(f"127.0.0.1:{proxy.far}", f"unix:{path}")
        await proxy.reload()
        answers = [await send(proxy.port, number) for number in range(3)]
        say(f"the answers: {sorted(set(answers))}")
        must(all(each.startswith("451 4.4.1") for each in answers), f"answers: {answers}")
        must(_seen(path)[1:] == ("file", CONTENT), "the file was changed")
        path.unlink()
        forward = await asyncio.start_unix_server(_forwardTo(proxy.far), path)
        answer = await send(proxy.port, 9)
        must(answer.startswith("250"), f"with a server at the path, a mail received {answer!r}")
        forward.close()


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _forwardTo(port: int) -> Serve:
    """Return a callback of asyncio that connects a client to a port."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        farReader, farWriter = await asyncio.open_connection("127.0.0.1", port)
        with suppress(OSError):
            await asyncio.gather(pump(reader, farWriter), pump(farReader, writer))

    return forward


def _asFile(path: Path) -> None:
    path.write_text(CONTENT)


def _asFolder(path: Path) -> None:
    path.mkdir()


def _asLink(path: Path) -> None:
    _asFile(path.with_suffix(".target"))
    path.symlink_to(path.with_suffix(".target"))


def _asPipe(path: Path) -> None:
    os.mkfifo(path)


def _asSocketInUse(path: Path) -> None:
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    sock.listen()
    _inUse.append(sock)


_inUse: list[socket.socket] = []
KINDS = {
    "file": _asFile,
    "folder": _asFolder,
    "symbolic link": _asLink,
    "named pipe": _asPipe,
    "socket in use": _asSocketInUse,
}


def _seen(path: Path) -> tuple[int, str, str]:
    """Return the inode, the kind and the content of what is at the path."""
    found = path.lstat()
    if path.is_symlink():
        return found.st_ino, "link", f"{path.readlink()}: {path.read_text()}"
    return found.st_ino, *(("file", path.read_text()) if path.is_file() else ("other", ""))


ATTACKS = [fileToListenOn, fileReplacesSocket, fileAsServer]
