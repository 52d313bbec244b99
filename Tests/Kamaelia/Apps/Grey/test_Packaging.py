"""What is installed beside the code: the units of systemd, as systemd would use them."""

import ctypes
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, ROOT, Program
from Tests.Kamaelia.Apps.Grey.test_Guide import block, commandsIn
from Tests.Kamaelia.Apps.Grey.wire import Caller, FarEnd

SERVICE = ROOT / "Packaging" / "kamaelia-grey.service"
SOCKET = ROOT / "Packaging" / "kamaelia-grey.socket"

FILE = """\
[listen]
addresses = ["127.0.0.1:1"]
workers = {workers}
[server]
addresses = ["127.0.0.1:{far}"]
[forward]
allowed_domains = ["example.org"]
[greylist]
min_defer_time = 0
large_senders = false
[store]
url = "sqlite:{folder}/grey.db"
"""

REFUSE_EXEC_GAIN = (65, 1)  # prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN), Linux 6.3
NO_NEW_PRIVILEGES = (38, 1)


def settingsOf(unit: Path) -> dict[str, str]:
    """The settings of a unit; of one that is said several times, all, joined by blanks."""
    settings: dict[str, str] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.M):
        settings[name] = f"{settings.get(name, '')} {value}".strip()
    return settings


def commandOf(setting: str, file: Path) -> list[str]:
    """A command of the service, with this interpreter and this configuration."""
    program, *words = shlex.split(settingsOf(SERVICE)[setting].removeprefix("-"))
    assert program == "/opt/kamaelia-grey/bin/kamaelia-grey"
    assert "/etc/kamaelia-grey.toml" in words
    words = [str(file) if word == "/etc/kamaelia-grey.toml" else word for word in words]
    return [sys.executable, "-u", "-m", "Kamaelia.Apps.Grey", *words]


class Systemd:
    """Systemd(run, folder, far) -> starts the service as systemd does, on a socket of its own."""

    def __init__(self, run: Callable[..., Program], folder: Path, far: int, workers: int) -> None:
        self.run = run
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ears.bind(str(folder / "notify"))
        self.ears.settimeout(PATIENCE)
        self.file = folder / "grey.toml"
        self.file.write_text(FILE.format(far=far, folder=folder, workers=workers))

    def start(self, *before: str) -> Program:
        """Its main process, once it says that it is ready; `before`: a program that starts it."""
        words = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *commandOf("ExecStart", self.file)]
        return self.run(
            *(*before, *words),
            env=os.environ | {"LISTEN_FDS": "1", "NOTIFY_SOCKET": str(self.ears.getsockname())},
            pass_fds=[3, self.listening.fileno()],
            preexec_fn=self._place,
        )

    def _place(self) -> None:
        """NoNewPrivileges and MemoryDenyWriteExecute, as far as the kernel has them."""
        os.dup2(self.listening.fileno(), 3)
        libc = ctypes.CDLL(None)
        for option, value in (NO_NEW_PRIVILEGES, REFUSE_EXEC_GAIN):
            libc.prctl(option, value, 0, 0, 0)

    def hears(self) -> str:
        return self.ears.recv(1000).decode()

    def close(self) -> None:
        self.listening.close()
        self.ears.close()


@pytest.fixture
def systemd(run: Callable[..., Program], tmp_path: Path) -> Iterator[Callable[..., Systemd]]:
    started = []
    with FarEnd() as far:

        def start(workers: int = 1) -> Systemd:
            started.append(Systemd(run, tmp_path, far.port, workers))
            return started[-1]

        yield start
    for each in started:
        each.close()


def rcpt(port: int) -> str:
    return Caller(port).begin("<c@example.org>")[-1][:3]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_service_serves_on_the_socket_reloads_and_says_how_it_fares(
    systemd: Callable[..., Systemd], workers: int
) -> None:
    init = systemd(workers)
    service = init.start()
    assert init.hears() == "READY=1"
    assert [rcpt(init.port), rcpt(init.port)] == ["451", "250"]
    assert settingsOf(SERVICE)["ExecReload"] == "/bin/kill -HUP $MAINPID"
    service.send_signal(signal.SIGHUP)
    assert "reloaded" in service.readUntil("reloaded")
    service.send_signal(signal.SIGTERM)
    assert init.hears() == "STOPPING=1"
    rest, _ = service.communicate(timeout=PATIENCE)
    assert rest.count("kamaelia-grey is stopping; sessions have up to") == 1
    assert service.returncode == 0


def test_a_client_that_connects_while_the_service_restarts_waits_and_is_served(
    systemd: Callable[..., Systemd],
) -> None:
    init = systemd()
    first = init.start()
    assert init.hears() == "READY=1"
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=PATIENCE) == 0
    assert init.hears() == "STOPPING=1"
    with socket.create_connection(("127.0.0.1", init.port), timeout=PATIENCE) as client:
        init.start()
        assert client.recv(1000).startswith(b"220 ")


def test_the_service_looks_at_its_configuration_before_it_starts(tmp_path: Path) -> None:
    file = tmp_path / "grey.toml"
    file.write_text("[forward]\nallowed_domain = []\n")
    done = subprocess.run(
        commandOf("ExecStartPre", file), capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 1
    assert "did you mean allowed_domains" in done.stderr


def test_what_systemd_makes_for_it_is_where_the_store_is() -> None:
    assert settingsOf(SERVICE)["StateDirectory"] == "kamaelia-grey"
    example = (ROOT / "Kamaelia/Apps/Grey/data/kamaelia-grey.toml").read_text()
    assert 'url = "sqlite:/var/lib/kamaelia-grey/' in example
    assert settingsOf(SOCKET)["ListenStream"].split()[0] in example  # addresses


def test_what_the_guide_copies_comes_with_the_package() -> None:
    """Below /opt/kamaelia-grey, where the guide has the package installed."""
    form = tomllib.loads((ROOT / "pyproject.toml").read_text())
    brought = form["tool"]["setuptools"]["data-files"]
    assert [
        each for files in brought.values() for each in files if not (ROOT / each).is_file()
    ] == []
    places = {f"{place}/{Path(each).name}" for place, files in brought.items() for each in files}
    guide = "".join(page.read_text() for page in (ROOT / "Docs").glob("grey*.rst"))
    copied = set(re.findall(r"/opt/kamaelia-grey/(share/\S+)", guide))
    assert len(copied) == 4
    for pattern in copied:
        assert [place for place in places if fnmatch(place, pattern)] != []


def analyze(*words: str) -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("needs systemd-analyze")
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=PATIENCE)
    return done.stdout + done.stderr


def test_systemd_understands_the_units() -> None:
    said = analyze("verify", "--man=no", str(SERVICE), str(SOCKET))
    complaints = [line for line in said.splitlines() if SERVICE.stem in line]
    assert [line for line in complaints if "is not executable: No such file" not in line] == []


def test_the_guide_gives_the_socket_the_port_of_the_policy_service(tmp_path: Path) -> None:
    shutil.copy(SOCKET, tmp_path)
    shutil.copy(SERVICE, tmp_path)
    for command in commandsIn(block("Start the policy service"))[:2]:
        here = command.replace("/etc/systemd/system", str(tmp_path))
        subprocess.run(["sh", "-c", here], check=True, timeout=PATIENCE)
    (address,) = tomllib.loads(block("Policy service"))["policy"]["addresses"]
    dropIn = tmp_path / f"{SOCKET.name}.d" / "policy.conf"
    assert dropIn.read_text().split() == ["[Socket]", "ListenStream=", f"ListenStream={address}"]
    said = analyze("verify", "--man=no", str(tmp_path / SOCKET.name))
    complaints = [line for line in said.splitlines() if SERVICE.stem in line]
    assert [line for line in complaints if "is not executable: No such file" not in line] == []


def test_the_service_is_left_little_to_do_harm_with() -> None:
    said = analyze("security", "--offline=true", str(SERVICE))
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert float(exposure) < 1.5


def callsIn(*groups: str) -> set[str]:
    """The system calls of groups, such as "@system-service", with those of groups in them."""
    found: set[str] = set()
    for line in analyze("syscall-filter", *groups).splitlines():
        word = line.strip()
        if line.startswith(" ") and word.startswith("@"):
            found |= callsIn(word)
        elif line.startswith(" ") and not word.startswith("#"):
            found.add(word)
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_the_service_asks_the_kernel_for_nothing_that_is_denied(
    systemd: Callable[..., Systemd], tmp_path: Path, workers: int
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    allowed, denied = settingsOf(SERVICE)["SystemCallFilter"].split(" ~")
    mayCall = callsIn(*allowed.split()) - callsIn(*denied.split())
    assert "read" in mayCall
    assert "chown" not in mayCall
    init = systemd(workers)
    log = tmp_path / "calls"
    service = init.start("strace", "-f", "-qq", "-o", str(log))
    ready = init.hears()
    if ready != "READY=1":
        pytest.skip("strace may not trace here")
    assert [rcpt(init.port), rcpt(init.port)] == ["451", "250"]
    tracee = int(log.read_text().split(maxsplit=1)[0])
    os.kill(tracee, signal.SIGTERM)
    assert service.wait(timeout=PATIENCE) == 0
    called = set(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.M))
    assert "accept4" in called
    if os.geteuid() == 0:
        called.discard("fchown")  # root's SQLite gives its files to the owner of the store
    assert called - mayCall == set()
