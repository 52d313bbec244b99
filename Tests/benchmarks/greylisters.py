"""The contenders of run_grey.py: greylisting servers, each of which defers a stranger."""

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
KNOWN = 1_000_000  # triples in the file of the store, before anybody asks

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
    """Who answers on a port: the process of which all others of it are, and those apart."""

    pid: int
    port: int
    others: list[int] = field(default_factory=list)  # that also work for it alone
    store: int = 0  # the process that is its store
    isProxied: bool = False  # clients' addresses come in PROXY headers


Starter = Callable[[], contextlib.AbstractContextManager[Running]]


@dataclass(frozen=True)
class Greylister:
    """`lacks`: why it cannot run here."""

    start: Starter
    lacks: str = ""


def contenders(paths: dict[str, str], haraka: str) -> dict[str, Greylister]:
    """paths: where our own are, by name. haraka: the folder in which npm has installed it."""
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
    """A folder that goes at the end, open to all."""
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
    """The program as it is installed, with a store of this kind."""

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
    """What to call it in the configuration, and the process that it is, where it is one."""
    if kind == "redis":
        with redisIn(folder) as pid:
            yield f"unix://{folder}/redis", pid
        return
    if kind == "sqlite":
        shutil.copy(knownFile(), folder / "grey.db")
    yield f"sqlite:{folder}/grey.db" if kind == "sqlite" else "memory:", 0


def knownFile() -> Path:
    """A file of the store with a million triples in it; made once."""
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
    """Waiting triples of all networks of 127.0.0.0/8: new ones come in between everywhere."""
    now = time.time()
    octets = sorted(map(str, range(256)))  # in the order of the file
    for second in octets:
        for third in octets:
            for number in range(16):
                sender = f"s{second}{third}{number}@d{number}.example"
                yield f"127.{second}.{third}.0/24", sender, f"u{number}@example.org", now


@contextlib.contextmanager
def redisIn(folder: Path, port: int = 0) -> Iterator[int]:
    """A redis-server of one's own, which keeps nothing, on a socket in the folder."""
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
            raise RuntimeError(f"nobody listens on {path}")
        time.sleep(0.02)


# Others


def postfixWith(restriction: str) -> Starter:
    """A private Postfix that asks this about each recipient."""

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


#: It would ask the DNS for the name of each client.
NO_RDNS = "exports.hook_lookup_rdns = (next) => next(OK, 'client.example')\n"


@contextlib.contextmanager
def harakaOnRedis(where: str) -> Iterator[Running]:
    """It greylists no private addresses, so it is told others, by PROXY."""
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
