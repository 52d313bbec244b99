"""A real IRC server, ngircd, on a free port."""

import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 20.0  # seconds until a server that hangs is killed

SETTINGS = """
[Global]
    Name = irc.example.net
    Info = a server for tests
    AdminInfo1 = none
    Listen = 127.0.0.1
    Ports = {port}
    {password}
[Limits]
    MaxConnectionsIP = 0
    MaxNickLength = 20
[Options]
    DNS = no
    Ident = no
    PAM = no
"""


@contextmanager
def runningServer(program: str, freePorts: Callable[[], int], password: str = "") -> Iterator[int]:
    """Run ngircd and return its port. A port that another program has taken is replaced."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # ngircd gives up the rights of root
        while True:
            port = freePorts()
            file = Path(folder) / "ngircd.conf"
            line = f"Password = {password}" if password else ""
            file.write_text(SETTINGS.format(port=port, password=line))
            process = subprocess.Popen(
                [program, "-n", "-f", str(file)],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            killer = threading.Timer(3 * PATIENCE, process.kill)
            killer.start()
            try:
                if isListening(process):
                    yield port
                    return
            finally:
                killer.cancel()
                process.kill()
                process.communicate(timeout=PATIENCE)


def isListening(process: "subprocess.Popen[str]") -> bool:
    """Return whether the server listens on its port; wait until it says so, or has ended."""
    assert process.stdout is not None
    for line in process.stdout:
        if re.search(r"Server .* ready", line):
            return True
        if "bind" in line.lower():
            return False
    raise AssertionError("ngircd has ended; its configuration may be wrong")
