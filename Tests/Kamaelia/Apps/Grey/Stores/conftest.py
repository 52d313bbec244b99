"""A store of each kind, and a real Redis."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from Kamaelia.Apps.Grey.Stores import RedisConnection, Store, openStore
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE


class ServerEnded(Exception):
    """A redis-server ended before it was ready; the text is its output."""


class RedisServer:
    """A redis-server for one test, on a socket of its own."""

    def __init__(self, program: str, folder: Path, *arguments: str) -> None:
        self.command = [program, "--save", "", "--dir", str(folder), "--port", "0"]
        self.command += ["--unixsocket", str(folder / "redis"), *arguments]
        self.url = f"unix://{folder / 'redis'}"

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            if "accept connections" in line:
                return
            said.append(line)
        self.stop()
        raise ServerEnded("".join(said))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def redisFolder() -> Iterator[Path]:
    # Not tmp_path: the name of a Unix socket has 107 octets at most.
    with tempfile.TemporaryDirectory(prefix="grey") as folder:
        yield Path(folder)


@pytest.fixture
def redisServer(
    needs: Callable[[str], str], redisFolder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedisServer]:
    """A Redis that has as much time for each reply as a busy machine may need."""
    monkeypatch.setattr(RedisConnection, "TIMEOUT", PATIENCE)
    server = RedisServer(needs("redis-server"), redisFolder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "sqlite", "redis"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What openStore is told, of each kind."""
    if request.param == "redis":
        return request.getfixturevalue("redisServer").url
    return {"memory": "memory:", "sqlite": f"sqlite:{tmp_path / 'grey.db'}"}[request.param]


@pytest.fixture
def store(setting: str) -> Iterator[Store]:
    store = openStore(setting)
    yield store
    store.close()
