"""The policy service as an administrator runs it: alone or beside SMTP, on any socket."""

import json
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, Program, python
from Tests.Kamaelia.Apps.Grey.wire import Caller, FarEnd
from Tests.Kamaelia.sockets import dial

FILE = """\
[{section}]
addresses = ["{address}"]
[greylist]
min_defer_time = {delay}
large_senders = false
[store]
url = "sqlite:{folder}/grey.db"
[log]
jsonlogfile = "{folder}/mails.json"
{more}
"""
REQUEST = (
    b"request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.7\n"
    b"sender=a@b.example\nrecipient=%b@example.org\ninstance=1\n\n"
)


class PolicyProgram:
    """A kamaelia-grey with a policy service, with its folder."""

    def __init__(self, run: Callable[..., Program], folder: Path, **words: Any) -> None:
        self.folder = folder
        self.file = folder / "grey.toml"
        self.words = {
            "section": "policy",
            "address": "127.0.0.1:0",
            "folder": folder,
            "delay": 300,
            "more": "",
        } | words
        self.write()
        self.program = run(*python("-m", "Kamaelia.Apps.Grey", "run", "-c", self.file))
        self.said = self.program.readUntil("listens on")

    def write(self, **words: Any) -> None:
        self.words |= words
        self.file.write_text(FILE.format(**self.words))

    def port(self, what: str) -> int:
        (port,) = re.findall(rf"{what} 127\.0\.0\.1:(\d+)", self.said)
        return int(port)

    def stop(self) -> str:
        self.program.send_signal(signal.SIGTERM)
        rest, _ = self.program.communicate(timeout=PATIENCE)
        assert self.program.returncode == 0, rest
        return rest

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "mails.json").read_text().splitlines()]


@pytest.fixture
def program(run: Callable[..., Program], tmp_path: Path) -> Callable[..., PolicyProgram]:
    return lambda **words: PolicyProgram(run, tmp_path, **words)


def ask(sock: socket.socket, name: bytes = b"c") -> str:
    sock.sendall(REQUEST % name)
    said = b""
    while not said.endswith(b"\n\n"):
        data = sock.recv(65536)
        assert data, said
        said += data
    return said.decode().removeprefix("action=").strip()


GREYLISTED = "DEFER_IF_PERMIT 4.7.1 Greylisted, please try again in 300 seconds ("


def test_a_policy_service_alone_needs_no_server_and_no_domains(program: Any) -> None:
    grey = program()
    with dial(grey.port("listens on")) as sock:
        assert ask(sock).startswith(GREYLISTED)
        grey.stop()
        assert sock.recv(100) == b""
    (mail,) = grey.records()
    assert (mail["client"], mail["status"]) == ("192.0.2.7", "DEFERRED")


@pytest.mark.parametrize("workers", [1, 2])
def test_the_service_listens_on_a_unix_socket_that_any_user_may_connect_to(
    program: Any, tmp_path: Path, workers: int
) -> None:
    path = tmp_path / "policy"
    grey = program(address=f"unix:{path}", more=f"[listen]\nworkers = {workers}")
    assert path.stat().st_mode & 0o777 == 0o666
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        assert ask(sock).startswith(GREYLISTED)
    grey.stop()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_triple_is_the_same_by_smtp_and_by_the_policy_service(program: Any, workers: int) -> None:
    with FarEnd() as far:
        grey = program(
            more=f'[server]\naddresses = ["127.0.0.1:{far.port}"]\n[forward]\nallowed_domains ='
            f' ["example.org"]\n[listen]\naddresses = ["127.0.0.1:0"]\nworkers = {workers}'
        )
        port = grey.port("policy service for Postfix:")
        with dial(port) as sock:
            sock.sendall((REQUEST % b"c").replace(b"192.0.2.7", b"127.0.0.1"))
            sock.recv(1000)
        caller = Caller(grey.port("listens on"))
        said = caller.begin("<c@example.org>", sender="<a@b.example>")[-1]
        assert said.startswith("451 4.7.1 Greylisted")
        grey.stop()
    assert [each["status"] for each in grey.records() if each["event"] == "mail"] == [
        "DEFERRED",
        "DEFERRED",
    ]


def test_a_reload_changes_new_connections(program: Any) -> None:
    grey = program()
    port = grey.port("listens on")
    with dial(port) as before:
        assert ask(before).startswith(GREYLISTED)
        grey.write(more='[allow]\nrecipients = ["d@example.org"]')
        grey.program.send_signal(signal.SIGHUP)
        assert "reloaded" in grey.program.readUntil("reloaded")
        assert ask(before, b"d").startswith(GREYLISTED)
    with dial(port) as after:
        assert ask(after, b"d") == "DUNNO"
    grey.stop()


UNKNOWN = "550 5.1.1 <gone@example.org>: User unknown"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_policy_service_refuses_what_the_real_server_does_not_know(
    program: Any, workers: int
) -> None:
    with FarEnd(RCPT=UNKNOWN) as far:
        words = f'[server]\naddresses = ["127.0.0.1:{far.port}"]\nrecipients = "ask"\n'
        grey = program(more=f"{words}[listen]\nworkers = {workers}")
        assert "kamaelia-grey listens on 127.0.0.1:" in grey.said
        with dial(grey.port("listens on")) as sock:
            assert ask(sock, b"gone") == UNKNOWN
            assert ask(sock, b"gone") == UNKNOWN
        grey.stop()
        assert far.count("RCPT") == 1
    refusal, mail = grey.records()
    assert (refusal["reason"], refusal["reply"]) == ("real server", UNKNOWN)
    assert mail["status"] == "REFUSED"


def test_what_the_real_server_has_said_is_remembered_after_a_reload(program: Any) -> None:
    with FarEnd(RCPT=[UNKNOWN, "250 ok"]) as far:
        words = f'[server]\naddresses = ["127.0.0.1:{far.port}"]\nrecipients = "ask"\n'
        grey = program(more=words)
        with dial(grey.port("listens on")) as sock:
            assert ask(sock, b"gone") == UNKNOWN
        grey.program.send_signal(signal.SIGHUP)
        grey.program.readUntil("reloaded")
        with dial(grey.port("listens on")) as sock:
            assert ask(sock, b"gone") == UNKNOWN
            assert ask(sock, b"other").startswith(GREYLISTED)
        grey.stop()
        assert far.count("RCPT") == 2
