"""A historical example that runs, and the other side of the conversation with it.

A session runs in namespaces of its own (`python -m Tests.historical.session`, started by
`commandFor`): it has its own loopback network, so that the fixed ports of the examples are free; it
has a file of host names, so that the names of servers that no longer exist lead here; and it
has folders in place of those that an example expects in the system.
"""

import ast
import contextlib
import fcntl
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 40.0  # seconds for each step
HOSTS = ("example.com", "kamaelia.org", "irc.freenode.net")
FOLDERS = ("/opt", "/srv", "/var")  # empty in a session

UP = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING, netdevice(7)
SIOCSIFFLAGS = 0x8914


class Session:
    """Session(distribution, program, library): a program that runs, with its standard streams.

    library: "ours", or "historical" to use the components of the distribution on our Axon.
    """

    def __init__(self, distribution: Path, program: str, library: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kamaelia-example-"))
        self.examples = self.folder / "Examples"
        source = distribution / "Examples"
        shutil.copytree((source / program).parent, self.examples / Path(program).parent)
        media = self.examples / "SupportingMediaFiles"
        shutil.copytree(source / media.name, media)
        self.path = self.examples / program
        self.path.write_text(ported(self.path.read_text("utf-8")), "utf-8")
        first = [str(distribution)] if library == "historical" else []
        self.environment = os.environ | {"PYTHONPATH": os.pathsep.join([*first, str(ROOT)])}
        self.output = b""
        self.errors = b""
        self.changed = threading.Condition()
        self.process: Any = None
        self.threads: list[threading.Thread] = []

    def start(self, *arguments: Any) -> None:
        """Start the program, in its own folder."""
        self.process = subprocess.Popen(
            [sys.executable, "-u", self.path.name, *map(str, arguments)],
            cwd=self.path.parent,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for name, stream in (("output", self.process.stdout), ("errors", self.process.stderr)):
            self.background(self._collect, name, stream)

    def background(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a function in a thread."""
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        thread.start()
        self.threads.append(thread)

    def _collect(self, name: str, stream: Any) -> None:
        while data := os.read(stream.fileno(), 65536):
            with self.changed:
                setattr(self, name, getattr(self, name) + data)
                self.changed.notify_all()

    def expect(self, *texts: str, of: str = "output") -> None:
        """Wait until the output contains each text, in this order."""
        at = 0
        for text in texts:
            wanted = text.encode()
            with self.changed:
                if not self.changed.wait_for(
                    lambda at=at, wanted=wanted: wanted in getattr(self, of)[at:], PATIENCE
                ):
                    raise AssertionError(f"no {text!r} in {getattr(self, of)[at:]!r}")
                at = getattr(self, of).index(wanted, at) + len(wanted)
            if text.endswith("\n"):
                at -= 1  # the end of this line may be the beginning of the next text

    def type(self, *lines: str) -> None:
        """Send lines to the standard input of the program."""
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()

    def endOfInput(self) -> None:
        """Close the standard input of the program."""
        self.process.stdin.close()

    def waitForEnd(self) -> None:
        """Wait until the program has ended without an error."""
        status = self.process.wait(PATIENCE)
        if status:
            raise AssertionError(f"exit status {status}")

    def dial(self, port: int) -> socket.socket:
        """Connect to the program, which may need some time until it listens."""
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
                sock.settimeout(PATIENCE)
                return sock
            try:
                self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError("the program has ended")

    def listen(self, port: int, talk: Callable[[socket.socket], object], **more: Any) -> None:
        """Accept clients on a port, and serve each with talk(sock) in a thread."""
        server = socket.create_server(("127.0.0.1", port))
        context = more.get("context")

        def serve(sock: socket.socket) -> None:
            with sock, contextlib.suppress(OSError):
                sock.settimeout(PATIENCE)
                with context.wrap_socket(sock, server_side=True) if context else sock as wrapped:
                    talk(wrapped)

        def accept() -> None:
            while True:
                self.background(serve, server.accept()[0])

        self.background(accept)

    def certificate(self, host: str) -> ssl.SSLContext:
        """Return the context of a server whose certificate the program trusts."""
        key, cert = self.folder / "key.pem", self.folder / "cert.pem"
        subject = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        files = ["-keyout", str(key), "-out", str(cert)]
        subprocess.run([*make, *subject, *files], check=True, capture_output=True)
        self.environment["SSL_CERT_FILE"] = str(cert)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context

    def close(self) -> str:
        """End the program; return what it has printed on standard error."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for thread in self.threads[:2]:
                thread.join(PATIENCE)
        shutil.rmtree(self.folder)
        return self.errors.decode(errors="replace")


def ported(text: str) -> str:
    """Convert the statements of Python 2 that some of the examples contain."""
    try:
        ast.parse(text)
        return text
    except SyntaxError:
        pass
    text = re.sub(r"^(\s*)print[ ]*$", r"\1print()", text, flags=re.MULTILINE)
    text = re.sub(r"^(\s*)print ([^(\n].*)$", r"\1print(\2)", text, flags=re.MULTILINE)
    return text.replace("raw_input(", "input(")


# Namespaces


def commandFor(*words: str) -> list[str]:
    """Return the command that runs a program of Tests.historical in namespaces of its own."""
    unshare = ["unshare", "--map-root-user", "--net", "--mount"]
    return [*unshare, sys.executable, "-m", "Tests.historical.session", *words]


@contextlib.contextmanager
def namespace() -> Iterator[None]:
    """Prepare the namespaces: the loopback network, the names of hosts, and some folders."""
    with socket.socket() as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, UP)
    with tempfile.TemporaryDirectory() as folder:
        hosts, table = Path(folder) / "hosts", Path(folder) / "fstab"
        hosts.write_text(f"127.0.0.1 localhost {' '.join(HOSTS)}\n", "utf-8")
        table.write_text("/dev/sda1 / ext4\nproc /proc proc\nLAST /tmp tmpfs\n", "utf-8")
        for source, target in ((hosts, "/etc/hosts"), (table, "/etc/fstab")):
            if Path(target).exists():
                subprocess.run(["mount", "--bind", str(source), target], check=True)
        for target in FOLDERS:
            subprocess.run(["mount", "-t", "tmpfs", "none", target], check=True)
        yield


def main() -> int:
    from Tests.historical.programs import PROGRAMS

    distribution, program, library = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    play = PROGRAMS[program]
    with namespace():
        session = Session(distribution, program, library)
        failure = ""
        try:
            play(session)
        except Exception:  # noqa: BLE001 - reported to the test, with the output of the program
            failure = traceback.format_exc()
        errors = session.close()
    if failure or "Traceback" in errors:
        print(failure, session.output.decode(errors="replace")[-2000:], errors[-6000:], sep="\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
