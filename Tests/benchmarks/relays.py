"""The contenders of run_smtp.py: SMTP proxies, each with the same smtp-sink behind it."""

import contextlib
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from catalogue import HERE, PYTHON, ROOT
from programs import freePort, whyItDied

SINK = "smtp-sink alone"
BARE = "uvloop Protocol, a sink"
BARE_PROXY = "uvloop Protocol, a proxy"
PATIENCE = 20.0  # seconds for the start

Running = contextlib.AbstractContextManager[tuple[int, int]]


@dataclass(frozen=True)
class Relay:
    """A contender: start(port of the sink) yields (process id, port); `lacks`: why it cannot."""

    start: Callable[[int], Running]
    lacks: str = ""


def programNamed(name: str) -> str | None:
    """Return the path of a program; daemons may be outside of a user's PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")


def contenders(paths: dict[str, str], twisted: str) -> dict[str, Relay]:
    """Return the contenders. paths: implementations; twisted: a Python with Twisted."""
    found = {
        SINK: Relay(aloneSink),
        BARE: Relay(script(PYTHON, "uvloop_sink.py", hasSink=False)),
        BARE_PROXY: Relay(script(PYTHON, "uvloop_proxy.py")),
    }
    for name, path in paths.items():
        for relay in ("live", "replay"):
            words = (path, relay)
            found[f"{name}, {relay}"] = Relay(script(PYTHON, "axon_proxy.py", *words))
    root = "" if os.getuid() == 0 else "needs root"
    missing = "" if programNamed("postconf") else "is not installed"
    noGo = "" if programNamed("go") else "is not installed"
    return found | {
        "Go, a proxy": Relay(goProxy, noGo),
        "Go, on one CPU": Relay(functools.partial(goProxy, cpus=1), noGo),
        "Postfix, proxy filter": Relay(postfix, missing or root),
        "Twisted": Relay(script(twisted, "twisted_proxy.py"), lacking(twisted, "twisted.mail")),
        "aiosmtpd Proxy, uvloop": Relay(
            script(PYTHON, "aiosmtpd_proxy.py"), lacking(PYTHON, "aiosmtpd")
        ),
    }


def lacking(python: str, module: str) -> str:
    """Return why a server that needs this module cannot run there, or ""."""
    done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
    return f"{python} has no {module}" if done.returncode else ""


@contextlib.contextmanager
def sink() -> Iterator[tuple[int, int]]:
    """Run a private smtp-sink."""
    port = freePort()
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    program = programNamed("smtp-sink")
    if program is None:
        sys.exit("smtp-sink, which comes with Postfix, is needed")
    with child([program, *user, f"127.0.0.1:{port}", "1000"], port) as process:
        yield process.pid, port


def aloneSink(port: int) -> Running:
    return sink()


def script(python: str, name: str, *words: str, hasSink: bool = True) -> Callable[[int], Running]:
    """Run a program of smtp/servers with the port of the sink and its own port."""

    @contextlib.contextmanager
    def start(sinkPort: int) -> Iterator[tuple[int, int]]:
        port = freePort()
        ports = [str(sinkPort), str(port)] if hasSink else [str(port)]
        command = [python, str(HERE / "smtp" / "servers" / name), *words, *ports]
        with child(command, port) as process:
            yield process.pid, port

    return start


@contextlib.contextmanager
def goProxy(sinkPort: int, cpus: int | None = None) -> Iterator[tuple[int, int]]:
    """Compile and run the proxy in Go; it uses so many CPUs, or all, as Go's programs do."""
    source, port = HERE / "smtp" / "servers" / "proxy.go", freePort()
    with tempfile.TemporaryDirectory(prefix="kamaelia-bench-") as folder:
        program = f"{folder}/proxy"
        own = {"GOCACHE": f"{folder}/cache", "GOFLAGS": "-mod=mod", "GO111MODULE": "off"}
        words = [str(programNamed("go")), "build", "-o", program, str(source)]
        subprocess.run(words, check=True, env=os.environ | own)
        limit = [f"GOMAXPROCS={cpus}"] if cpus else []
        command = ["env", *limit, program, str(sinkPort), str(port)]
        with child(command, port) as process:
            yield process.pid, port


@contextlib.contextmanager
def child(command: list[str], port: int) -> Iterator[subprocess.Popen[str]]:
    """Run a program that listens on that port of 127.0.0.1."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.PIPE, text=True)
        try:
            waitForPort(port, lambda: process.poll() is None)
            yield process
        finally:
            died = whyItDied(process)
    if died:
        raise RuntimeError(died)


def waitForPort(port: int, isAlive: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while isAlive() and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"no process listens on port {port}")


@contextlib.contextmanager
def postfix(sinkPort: int) -> Iterator[tuple[int, int]]:
    """Run a private Postfix whose smtpd passes each mail on before it is queued."""
    sys.path.insert(0, str(ROOT))
    from Tests.Kamaelia.Apps.Grey.postfix import Postfix

    where = [str(programNamed("postconf")), "-d", "-h", "daemon_directory"]
    daemons = subprocess.run(where, check=True, capture_output=True, text=True)
    port = freePort()
    with tempfile.TemporaryDirectory(prefix="kamaelia-bench-") as folder:
        os.chmod(folder, 0o755)
        server = Postfix(
            f"{daemons.stdout.strip()}/master",
            Path(folder),
            port,
            smtpd_proxy_filter=f"127.0.0.1:{sinkPort}",
            default_process_limit="1100",
            smtpd_client_connection_count_limit="0",
        )
        try:
            waitForPort(port, lambda: server.program.poll() is None)
            yield server.program.pid, port
        finally:
            server.end()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.program.pid, signal.SIGKILL)
