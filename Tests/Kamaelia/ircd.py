"""A real IRC server, ngircd, on a free port, and users who talk."""

import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from Axon.Component import component
from Kamaelia.Chassis.Graphline import Graphline

PATIENCE = 40.0  # seconds until a server that hangs is killed

SETTINGS = """
[Global]
    Name = irc.example.net
    Info = a server for tests
    AdminInfo1 = none
    Listen = 127.0.0.1
    {ports}
    {password}
[Limits]
    MaxConnectionsIP = 0
    MaxNickLength = 20
[Options]
    DNS = no
    Ident = no
    PAM = no
"""

TLS = """
[SSL]
    CertFile = {folder}/cert.pem
    KeyFile = {folder}/key.pem
    Ports = {port}
"""


@contextmanager
def runningServer(
    program: str, freePorts: Callable[[], int], password: str = "", isTLS: bool = False
) -> Iterator[int]:
    """Run ngircd and return its port. A port that another program has taken is replaced.

    isTLS: True for TLS with a self-signed certificate of localhost.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # ngircd gives up the rights of root
        if isTLS:
            makeCertificate(folder)
        while True:
            port = freePorts()
            settings = SETTINGS.format(
                ports="" if isTLS else f"Ports = {port}",
                password=f"Password = {password}" if password else "",
            )
            if isTLS:
                settings += TLS.format(folder=folder, port=port)
            (folder / "ngircd.conf").write_text(settings)
            with runningProgram([program, "-n", "-f", f"{name}/ngircd.conf"]) as process:
                if isListening(process):
                    yield port
                    return


@contextmanager
def runningProgram(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """Run a program until the end of the block."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    killer = threading.Timer(3 * PATIENCE, process.kill)
    killer.start()
    try:
        yield process
    finally:
        killer.cancel()
        process.kill()
        process.communicate(timeout=PATIENCE)


def makeCertificate(folder: Path) -> None:
    """Write a self-signed certificate of localhost, and its key."""
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    (folder / "key.pem").chmod(0o644)


def isListening(process: "subprocess.Popen[str]") -> bool:
    """Return whether the server listens on its port; wait until it says so, or has ended."""
    assert process.stdout is not None
    for line in process.stdout:
        if re.search(r"Server .* ready", line):
            return True
        if "bind" in line.lower():
            return False
    raise AssertionError("ngircd has ended; its configuration may be wrong")


class User(component):
    """A user: sends each tuple of `steps`; at each function, waits until it accepts a tuple.

    A component among the steps is activated.
    """

    steps: Any = ()

    def main(self) -> Iterator[int]:
        self.heard: list[Any] = []
        for step in self.steps:
            if isinstance(step, tuple):
                self.send(step)
            elif isinstance(step, component):
                step.activate()
            while callable(step) and not any(step(each) for each in self.heard):
                assert not self.dataReady("control"), f"the connection has ended: {self.heard}"
                yield from self.waitForMessage()
                self.heard += self.Inbox()
        while not self.isShuttingDown():
            yield from self.waitForMessage()
            self.heard += self.Inbox()


def chat(**users: tuple[User, Graphline]) -> Graphline:
    """Return users, each linked to a client; they end when all connections have ended."""
    linkages = {}
    for name in users:
        linkages[name, "outbox"] = (f"{name}_client", "inbox")
        linkages[f"{name}_client", "outbox"] = (name, "inbox")
        linkages[f"{name}_client", "signal"] = (name, "control")
    components = {name: user for name, (user, _) in users.items()}
    clients = {f"{name}_client": client for name, (_, client) in users.items()}
    return Graphline(linkages=linkages, **components, **clients)


def heard(*wanted: str) -> Callable[[Any], bool]:
    """Return a function that tells whether a tuple begins with these parts."""
    return lambda each: tuple(each[: len(wanted)]) == wanted
