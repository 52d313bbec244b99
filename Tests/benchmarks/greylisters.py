"""The contenders of run_grey.py: greylisting servers, each of which defers new triples."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from catalogue import HERE, PYTHON, ROOT
from programs import freePort
from relays import PATIENCE, child, programNamed, script, waitForPort

BARE = "uvloop Protocol, 451"
POSTGREY = "Postfix with postgrey"
KNOWN = 1_000_000  # triples in the store at the start

CONFIGURATION = """
[listen]
addresses = ["127.0.0.1:{port}"]
workers = {workers}
[forward]
allowed_domains = ["example.org"]
[greylist]
large_senders = false
[store]
url = "{store}"
[log]
logfile = "{folder}/log"
"""
HARAKA = {
    "plugins": "no_rdns\nrcpt_to.in_host_list\nredis\ngreylist\n",
    "host_list": "example.org\n",
    "loglevel": "NOTICE\n",
}


@dataclass
class Running:
    """A running server: the process with all its descendants, and further processes."""

    pid: int
    port: int
    others: list[int] = field(default_factory=list)  # further processes that work only for it
    store: int = 0  # the process of its store
    isProxied: bool = False  # the addresses of clients are sent in PROXY headers


Starter = Callable[[], contextlib.AbstractContextManager[Running]]


@dataclass(frozen=True)
class Greylister:
    """A contender; `lacks` says why it cannot run here."""

    start: Starter
    lacks: str = ""


def contenders(paths: dict[str, str], haraka: str) -> dict[str, Greylister]:
    """Return the contenders. paths: implementations by name. haraka: its folder."""
    found = {BARE: Greylister(bare)}
    redis = "" if programNamed("redis-server") else "redis-server is not installed"
    for name, path in paths.items():
        found[f"{name}, memory"] = Greylister(ours(path, "memory"))
        for workers, said in ((1, ""), (2, ", 2 workers")):
            found[f"{name}, SQLite{said}"] = Greylister(ours(path, "sqlite", workers))
            found[f"{name}, Redis{said}"] = Greylister(ours(path, "redis", workers), redis)
    postfix = "" if programNamed("postconf") else "Postfix is not installed"
    postfix = postfix or ("" if os.getuid() == 0 else "needs root")
    postgrey = "" if programNamed("postgrey") else "is not installed"
    hasHaraka = haraka and Path(haraka, "node_modules", "Haraka").exists()
    return found | {
        "Postfix, static 451": Greylister(postfixWith("defer"), postfix),
        POSTGREY: Greylister(withPostgrey, postfix or postgrey),
        "Haraka, greylist on Redis": Greylister(
            lambda: harakaOnRedis(haraka), redis if hasHaraka else "--haraka DIR says where it is"
        ),
    }


@contextlib.contextmanager
def folderFor(user: str = "") -> Iterator[Path]:
    """Create a temporary folder that all users can access."""
    with tempfile.TemporaryDirectory(prefix="kamaelia-bench-") as name:
        os.chmod(name, 0o755)
        if user:
            os.chown(name, pwd.getpwnam(user).pw_uid, -1)
        yield Path(name)


@contextlib.contextmanager
def bare() -> Iterator[Running]:
    with script(PYTHON, "uvloop_defer.py", hasSink=False)(0) as (pid, port):
        yield Running(pid, port)


# Kamaelia Grey


def ours(path: str, kind: str, workers: int = 1) -> Starter:
    """Run the installed program with this kind of store."""

    @contextlib.contextmanager
    def start() -> Iterator[Running]:
        with folderFor() as folder, storeOf(kind, folder) as (store, pid):
            port = freePort()
            file = folder / "grey.toml"
            settings = {"port": port, "workers": workers, "store": store, "folder": folder}
            file.write_text(CONFIGURATION.format(**settings))
            python = ["env", f"--chdir={path}", PYTHON]  # -m looks there first
            words = [*python, "-m", "Kamaelia.Apps.Grey", "run", "--config", str(file)]
            with child(words, port) as process:
                yield Running(process.pid, port, store=pid)

    return start


@contextlib.contextmanager
def storeOf(kind: str, folder: Path) -> Iterator[tuple[str, int]]:
    """Create a store; yield its URL and its process, if it has one."""
    if kind == "redis":
        with redisIn(folder) as pid:
            yield f"unix://{folder}/redis", pid
        return
    if kind == "sqlite":
        shutil.copy(knownFile(), folder / "grey.db")
    yield f"sqlite:{folder}/grey.db" if kind == "sqlite" else "memory:", 0


def knownFile() -> Path:
    """Return an SQLite store with a million triples, which is created once."""
    file = HERE / "build" / f"grey-{KNOWN}.db"
    if not file.exists():
        sys.path.insert(0, str(ROOT))
        import itertools

        from Kamaelia.Apps.Grey.Stores.SQLiteFile import openFile

        file.parent.mkdir(exist_ok=True)
        part = file.with_suffix(".part")
        part.unlink(missing_ok=True)
        connection = openFile(str(part))
        rows = itertools.islice(manyRows(), KNOWN)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO triple VALUES (?, ?, ?, ?, NULL, 0)", rows)
        connection.execute("COMMIT")
        connection.close()
        part.rename(file)
    return file


def manyRows() -> Iterator[tuple[str, str, str, float]]:
    """Generate waiting triples of all networks of 127.0.0.0/8, so new ones spread out."""
    now = time.time()
    octets = sorted(map(str, range(256)))  # in the order of the file
    for second in octets:
        for third in octets:
            for number in range(16):
                sender = f"s{second}{third}{number}@d{number}.example"
                yield f"127.{second}.{third}.0/24", sender, f"u{number}@example.org", now


@contextlib.contextmanager
def redisIn(folder: Path, port: int = 0) -> Iterator[int]:
    """Run a redis-server without persistence on a socket in the folder."""
    path = folder / "redis"
    words = ["--port", str(port), "--unixsocket", str(path), "--save", "", "--dir", str(folder)]
    program = str(programNamed("redis-server"))
    with subprocess.Popen([program, *words], stdout=subprocess.DEVNULL) as process:
        try:
            waitForPath(path)
            yield process.pid
        finally:
            process.terminate()


def waitForPath(path: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not path.exists():
        if time.monotonic() > until:
            raise RuntimeError(f"no process listens on {path}")
        time.sleep(0.02)


# Other servers


def postfixWith(restriction: str) -> Starter:
    """Run a private Postfix with this check for each recipient."""

    @contextlib.contextmanager
    def start() -> Iterator[Running]:
        sys.path.insert(0, str(ROOT))
        from Tests.Kamaelia.Apps.Grey.postfix import Postfix

        where = [str(programNamed("postconf")), "-d", "-h", "daemon_directory"]
        daemons = subprocess.run(where, check=True, capture_output=True, text=True)
        port = freePort()
        with folderFor() as folder:
            server = Postfix(
                f"{daemons.stdout.strip()}/master",
                folder,
                port,
                smtpd_recipient_restrictions=restriction,
                defer_code="451",
                smtpd_client_connection_count_limit="0",
            )
            try:
                waitForPort(port, lambda: server.program.poll() is None)
                yield Running(server.program.pid, port)
            finally:
                server.end()
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(server.program.pid, signal.SIGKILL)

    return start


@contextlib.contextmanager
def withPostgrey() -> Iterator[Running]:
    with folderFor("postgrey") as folder:
        path = folder / "socket"
        words = [f"--unix={path}", f"--dbdir={folder}", "--quiet"]
        program = str(programNamed("postgrey"))
        with subprocess.Popen([program, *words], stderr=subprocess.DEVNULL) as policy:
            try:
                waitForPath(path)
                with postfixWith(f"check_policy_service unix:{path}")() as running:
                    running.others.append(policy.pid)
                    yield running
            finally:
                policy.terminate()


#: Without this it looks up the name of each client in DNS.
NO_RDNS = "exports.hook_lookup_rdns = (next) => next(OK, 'client.example')\n"


@contextlib.contextmanager
def harakaOnRedis(where: str) -> Iterator[Running]:
    """Run Haraka. It does not greylist private addresses, so PROXY gives it others."""
    with folderFor() as folder:
        port, redisPort = freePort(), freePort()
        settings = {
            "smtp.ini": f"listen=127.0.0.1:{port}\nnodes=0\n",
            "redis.ini": f"[server]\nhost=127.0.0.1\nport={redisPort}\n",
            "greylist.ini": f"[redis]\nhost=127.0.0.1\nport={redisPort}\n[skip]\n",
        }
        (folder / "plugins").mkdir()
        (folder / "plugins" / "no_rdns.js").write_text(NO_RDNS)
        (folder / "config").mkdir()
        package = Path(where, "node_modules", "Haraka")
        connection = (package / "config" / "connection.ini").read_text()
        settings["connection.ini"] = connection.replace("hosts[] =\n", "hosts[] = 127.0.0.0/8\n", 1)
        for name, text in (HARAKA | settings).items():
            (folder / "config" / name).write_text(text)
        os.symlink(Path(where, "node_modules"), folder / "node_modules")
        program = str(package / "bin" / "haraka")
        with (
            redisIn(folder, redisPort) as redis,
            child(["node", program, "-c", str(folder)], port) as process,
        ):
            yield Running(process.pid, port, store=redis, isProxied=True)
