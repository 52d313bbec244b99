"""Clients are closed, and programs ended, when their test is over."""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Backend.ServerSettings import ServerSettings
from Kamaelia.Support.Protocol.SMTP.Offer import ServerOffers
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, Program
from Tests.Kamaelia.Apps.Grey.wire import Caller, Nowhere


@pytest.fixture(autouse=True)
def _closedCallers() -> Iterator[None]:
    yield
    for opened in (Caller.opened, Nowhere.reserved):
        while opened:
            opened.pop().close()


@pytest.fixture(autouse=True)
def _freshOffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a server of another test offered on the port of this test's server."""
    monkeypatch.setattr(ServerSettings, "smtp_offers", ServerOffers())


@pytest.fixture
def run() -> Iterator[Callable[..., Program]]:
    """run(*words) -> a program that is gone when the test is over."""
    programs: list[Program] = []

    def start(*words: Any, **settings: Any) -> Program:
        programs.append(Program(*words, **settings))
        return programs[-1]

    yield start
    for program in programs:
        program.end()


@pytest.fixture
def openFolder() -> Iterator[Path]:
    """A folder that every user may enter. pytest closes the parents of tmp_path again."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def smtpSink(
    run: Callable[..., Program],
    needs: Callable[[str], str],
    freePorts: Callable[[], int],
    tmp_path: Path,
) -> Callable[..., tuple[Program, int]]:
    """smtpSink(*options) -> Postfix's smtp-sink, and the port on which it listens.

    Its counters are written to tmp_path / "sink.out", also after it has answered: waitForSink.
    """

    def start(*options: str, port: int | None = None) -> tuple[Program, int]:
        port = port or freePorts()
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        words = [needs("smtp-sink"), *user, "-c", *options, f"127.0.0.1:{port}", "1000"]
        with (tmp_path / "sink.out").open("w") as counters:
            sink = run(*words, stdout=counters)
        sink.waitForPort(port)
        return sink, port

    return start


@pytest.fixture
def waitForSink(tmp_path: Path) -> Callable[[int], None]:
    """Return a function that waits until smtpSink has counted so many mails, and no more."""

    def wait(count: int) -> None:
        found: list[str] = []
        until = time.monotonic() + PATIENCE
        while found[-1:] != [str(count)] and time.monotonic() < until:
            found = re.findall(r"mesg=(\d+)", (tmp_path / "sink.out").read_text())
        assert found[-1:] == [str(count)]

    return wait


@pytest.fixture
def postfix(
    needs: Callable[[str], str], freePorts: Callable[[], int]
) -> Iterator[Callable[..., Postfix]]:
    """postfix(**settings of main.cf) -> one that listens, and is gone when the test is over."""
    where = [needs("postconf"), "-d", "-h", "daemon_directory"]
    daemons = subprocess.run(where, check=True, capture_output=True, text=True, timeout=PATIENCE)
    master = f"{daemons.stdout.strip()}/master"
    started: list[Postfix] = []

    # Not in tmp_path, which is closed to the users that Postfix works as.
    with tempfile.TemporaryDirectory(prefix="postfix-") as name:
        Path(name).chmod(0o755)

        def start(**settings: str) -> Postfix:
            folder = Path(name) / str(len(started))
            folder.mkdir()
            started.append(Postfix(master, folder, freePorts(), **settings))
            started[-1].program.waitForPort(started[-1].port)
            return started[-1]

        yield start
        for each in started:
            each.end()
