"""Kamaelia Grey as an administrator runs it: a process, a file, signals, the store beside it."""

import dbm.dumb
import json
import os
import pwd
import re
import signal
import smtplib
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Service import Assembly
from Kamaelia.Apps.Grey.Service.Command import main
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, Program, python
from Tests.Kamaelia.Apps.Grey.wire import Caller, FarEnd

FILE = """\
[listen]
addresses = ["127.0.0.1:0"{addresses}]
max_connections_per_peer = {peers}
{listen}
[server]
addresses = ["127.0.0.1:{far}"]
{server}
[forward]
allowed_domains = ["{domains}"]
[greylist]
min_defer_time = {delay}
large_senders = false
[store]
url = "{store}"
[metrics]
address = "127.0.0.1:0"
[log]
jsonlogfile = "{folder}/mails.json"
{more}
"""

DEFAULTS: dict[str, Any] = {
    "far": 1,
    "domains": "example.org",
    "delay": 1,
    "peers": 0,
    **dict.fromkeys(("addresses", "listen", "server", "more"), ""),
}


class Grey:
    """A kamaelia-grey that runs, with its folder."""

    def __init__(self, run: Callable[..., Program], folder: Path, far: int, words: Any) -> None:
        self.folder = folder
        self.file = folder / "grey.toml"
        self.settings = DEFAULTS | {"far": far, "folder": folder}
        self.write(**words)
        self.program = run(*python("-m", "Kamaelia.Apps.Grey", "run", "-c", self.file))
        said = self.started = self.program.readUntil("listens on")
        assert "listens on" in said, said
        self.port = int(re.findall(r"listens on 127.0.0.1:(\d+)", said)[0])
        self.figures = re.findall(r"http://\S+", said)[0]

    def write(self, **words: Any) -> None:
        self.settings |= words
        redis = self.settings.get("redis")
        store = f"unix://{redis}" if redis else f"sqlite:{self.folder}/grey.db"
        self.file.write_text(FILE.format(store=store, **self.settings))

    def rcpt(self, recipient: str = "<c@example.org>", sender: str = "<a@b.example>") -> str:
        """The answer to one recipient."""
        return Caller(self.port).begin(recipient, sender=sender)[-1]

    def send(self, recipient: str = "<c@example.org>") -> str:
        """The last answer to one mail."""
        caller = Caller(self.port)
        said = caller.begin(recipient)[-1]
        return caller.send() if said[0] == "2" else said

    def ask(self, *words: str) -> int:
        """The command beside it, with the same configuration."""
        return main([*words[:1], "-c", str(self.file), *words[1:]])

    def stop(self, how: int = signal.SIGTERM) -> str:
        self.program.send_signal(how)
        rest, _ = self.program.communicate(timeout=PATIENCE)
        return rest


@pytest.fixture
def grey(run: Callable[..., Program], tmp_path: Path) -> Iterator[Callable[..., Grey]]:
    """grey(**settings) -> a proxy with a real server behind it, in `far`."""
    with FarEnd() as far:

        def start(folder: Path = tmp_path, **words: Any) -> Grey:
            return Grey(run, folder, far.port, words)

        start.far = far  # type: ignore[attr-defined]
        yield start


def eventually(isSo: Callable[[], Any], what: str) -> Any:
    """What isSo() gives, once it is something; for what another process does in its own time."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError):
            found = isSo()
            if found:
                return found
        time.sleep(0.02)  # nothing tells when another process has done it
    raise AssertionError(f"never: {what}")


WORKERS = pytest.mark.parametrize("listen", ["", "workers = 2"])


@WORKERS
def test_a_stranger_is_deferred_retries_passes_and_all_of_it_is_noted(
    grey: Any, listen: str
) -> None:
    proxy = grey(listen=listen)
    first = proxy.send()
    assert first.startswith("451 4.7.1 Greylisted, please try again in 1 second (")
    assert eventually(lambda: proxy.send().startswith("250 ") and "250", "the retry passes")
    assert len(grey.far.mails) == 1
    assert proxy.send("<x@elsewhere.example>").startswith("550 5.7.1")

    def told() -> str:
        with urllib.request.urlopen(proxy.figures, timeout=PATIENCE) as answer:
            text = answer.read().decode()
        return text if 'mails_total{status="accepted"} 1' in text else ""

    assert "kamaelia_grey_store_up 1" in eventually(told, "the figures move")
    rest = proxy.stop()
    assert proxy.program.returncode == 0, rest
    assert "Traceback" not in rest
    lines = (proxy.folder / "mails.json").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    journal = {record["id"]: record for record in records if record["event"] == "mail"}
    assert journal[first[-13:-1]]["status"] == "DEFERRED"
    statuses = [record["status"] for record in journal.values()]
    assert statuses.count("ACCEPTED") == 1
    assert statuses.count("REFUSED") == 1
    assert re.search(r"\| <a@b.example> \| <c@example.org> \| ACCEPTED \| ", rest)


@WORKERS
def test_a_hangup_reads_settings_and_lists_again_and_disconnects_no_client(
    grey: Any, listen: str
) -> None:
    proxy = grey(listen=listen, delay=3600)
    before = Caller(proxy.port)
    assert before.begin("<c@example.org>")[-1].startswith("451")
    names = proxy.folder / "friends"
    names.write_text("a@b.example  # a friend\n")
    proxy.write(more=f'[allow]\nsender_files = ["{names}"]')
    proxy.program.send_signal(signal.SIGHUP)
    for _ in range(2 if listen else 1):
        assert f"reloaded {proxy.file}" in proxy.program.readUntil("reloaded")
    assert proxy.rcpt()[:3] == "250"  # the list counts
    assert before.say("RSET").startswith("250")
    assert before.begin("<c@example.org>")[-1].startswith(
        "451"
    )  # an earlier client continues with its settings
    assert "reloaded" not in proxy.stop()


def test_a_configuration_with_mistakes_is_not_loaded_and_each_is_said(grey: Any) -> None:
    proxy = grey(delay=3600)
    good = proxy.file.read_text()
    proxy.file.write_text(good + '[greylist_]\nx = 1\n[limits]\nmax_recipients = "many"\n')
    proxy.program.send_signal(signal.SIGHUP)
    said = proxy.program.readUntil("max_recipients")
    assert said.count("not reloaded") == 2
    assert proxy.rcpt().startswith("451 4.7.1")


def test_what_cannot_change_while_it_runs_is_said(grey: Any) -> None:
    proxy = grey()
    proxy.write(listen="workers = 3")
    proxy.program.send_signal(signal.SIGHUP)
    assert "workers in [listen] takes effect only after a restart" in proxy.program.readUntil(
        "workers"
    )


def test_an_administrator_allows_and_denies_while_it_runs(grey: Any, capsys: Any) -> None:
    proxy = grey(delay=3600)
    assert proxy.rcpt().startswith("451")
    assert proxy.ask("allow", "a@b.example", "--note", "a friend") == 0
    assert eventually(lambda: proxy.rcpt().startswith("250"), "it is allowed")
    assert proxy.ask("deny", "127.0.0.0/8", "--for", "1h") == 0
    assert eventually(lambda: proxy.rcpt(sender="<x@y.example>").startswith("550"), "it is denied")
    assert proxy.ask("list") == 0
    shown = capsys.readouterr().out
    assert "a friend" in shown
    assert "127.0.0.0/8" in shown
    assert proxy.ask("forget", "127.0.0.0/8") == 0
    assert eventually(
        lambda: proxy.rcpt(sender="<x@y.example>").startswith("451"), "it is forgotten"
    )
    assert proxy.ask("forget", "never@heard.example") == 1


def test_what_is_known_can_be_shown_and_forgotten(grey: Any, capsys: Any) -> None:
    proxy = grey()
    proxy.rcpt()
    assert proxy.ask("show", "a@b.example") == 0
    assert "127.0.0.0/24" in capsys.readouterr().out
    assert proxy.ask("show", "nobody@b.example") == 1
    assert proxy.ask("forget", "c@example.org") == 0
    assert "records deleted: 1" in capsys.readouterr().out
    proxy.stop()
    assert proxy.ask("stats") == 0
    shown = capsys.readouterr().out
    assert re.search(r"sessions +1 ", shown)
    assert re.search(r"recipients deferred never seen +1 +100.0 %", shown)


@pytest.mark.parametrize("listen", ["", "workers = 2"])
def test_killed_at_any_moment_it_forgets_no_decision(grey: Any, capsys: Any, listen: str) -> None:
    proxy = grey(delay=3600, listen=listen)
    answers = [proxy.rcpt(f"<c{number}@example.org>") for number in range(50)]
    assert {each[:9] for each in answers} == {"451 4.7.1"}
    proxy.program.kill()
    proxy.program.wait(timeout=PATIENCE)
    assert proxy.ask("list", "@example.org", "--most", "0") == 0
    shown = capsys.readouterr().out
    assert [f" c{number}@example.org " in shown for number in range(50)] == [True] * 50


@pytest.mark.skipif(os.getuid() != 0, reason="only root may change its user")
def test_a_connection_too_many_hears_421_and_the_next_is_served_again(grey: Any) -> None:
    proxy = grey(listen="max_connections = 1")
    first = Caller(proxy.port)
    second = Caller(proxy.port)
    assert second.greeting.startswith("421 4.7.0 ")
    first.close()
    assert eventually(lambda: Caller(proxy.port).greeting.startswith("220"), "there is room again")


def test_privileges_are_given_up_for_good(grey: Any, openFolder: Path) -> None:
    openFolder.chmod(0o777)
    proxy = grey(listen='user = "nobody"', folder=openFolder)
    assert proxy.rcpt().startswith("451 4.7.1")
    status = Path(f"/proc/{proxy.program.pid}/status").read_text()
    ids = re.findall(r"^Uid:\t(\d+)\t(\d+)\t(\d+)", status, re.M)[0]
    assert set(ids) == {str(pwd.getpwnam("nobody").pw_uid)}
    assert proxy.stop().count("Traceback") == 0


def makeCertificate(folder: Path) -> str:
    """Settings for a new certificate, in the place of the one before."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    command += ["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return f'tls_certificate = "{cert}"\ntls_key = "{key}"'


def startTLS(port: int) -> tuple[smtplib.SMTP, bytes | None]:
    """A client that speaks TLS, and the certificate that it was shown."""
    smtp = smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE)
    assert smtp.starttls()[0] == 220
    assert isinstance(smtp.sock, ssl.SSLSocket)
    return smtp, smtp.sock.getpeercert(binary_form=True)


def test_starttls_has_the_certificate_and_after_a_hangup_the_new_one(
    grey: Any, tmp_path: Path
) -> None:
    proxy = grey(listen=makeCertificate(tmp_path))
    before, old = startTLS(proxy.port)
    makeCertificate(tmp_path)
    proxy.program.send_signal(signal.SIGHUP)

    def isNew() -> bool:
        smtp, shown = startTLS(proxy.port)
        smtp.quit()
        return shown != old

    assert eventually(isNew, "the new certificate is shown")
    with before:  # an earlier client continues with its settings
        before.ehlo()
        before.mail("a@b.example")
        assert before.rcpt("c@example.org")[0] == 451


# What is wrong is said before anything is started


def start(folder: Path, text: str) -> tuple[int, str]:
    file = folder / "grey.toml"
    file.write_text(text)
    words = [sys.executable, "-m", "Kamaelia.Apps.Grey", "run", "-c", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
    return done.returncode, done.stderr


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with FarEnd() as far:
        text = FILE.format(**DEFAULTS | {"folder": tmp_path, "store": f"sqlite:{tmp_path}/grey.db"})
        status, said = start(tmp_path, text.replace("127.0.0.1:0", f"127.0.0.1:{far.port}"))
    assert status == 1
    assert f"cannot listen on port {far.port}" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[deny]\nclient_files = ["/no/such/file"]', "/no/such/file"),
        ("[limits]\nmax_recipient = 3", "did you mean max_recipients"),
    ],
)
def test_mistakes_are_said_with_their_place(
    tmp_path: Path, capsys: Any, more: str, words: str
) -> None:
    text = FILE.format(
        **DEFAULTS | {"more": more, "folder": tmp_path, "store": f"sqlite:{tmp_path}/grey.db"}
    )
    status, said = start(tmp_path, text)
    assert status == 1
    assert words in said
    assert "Traceback" not in said
    assert main(["check", "-c", str(tmp_path / "grey.toml")]) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "grey.db").exists()


def test_settings_that_are_wrong_together_are_said(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "grey.toml"
    server = '[server]\nsmtp_tls = "must"\naddresses = ["unix:/x"]\n'
    file.write_text(server + "[forward]\nallowed_domains = []\n")
    assert main(["check", "-c", str(file)]) == 1
    assert "TLS with unix:/x needs smtp_tls_name" in capsys.readouterr().err
    server += 'smtp_tls_name = "mx"\n'
    file.write_text(f"{server}[forward]\nallowed_domains = []\n")
    assert main(["check", "-c", str(file)]) == 1
    assert "line 4: smtp_tls_name is the name in a certificate" in capsys.readouterr().err
    rest = '[forward]\nallowed_domains = []\n[store]\nurl = "memory:"\n'
    file.write_text(f'{server}smtp_tls_ca = "system"\n{rest}')
    assert main(["check", "-c", str(file)]) == 0


@pytest.mark.parametrize(
    "url", ["redis://:secret@host:port/0", "redis://:secret@host/x", "redis://:secret#@host/0"]
)
def test_an_address_of_a_store_that_is_none_is_said_without_its_password(
    tmp_path: Path, capsys: Any, url: str
) -> None:
    file = tmp_path / "grey.toml"
    file.write_text(f'[forward]\nallowed_domains = []\n[store]\nurl = "{url}"\n')
    assert main(["check", "-c", str(file)]) == 1
    said = "".join(capsys.readouterr())
    assert "[store]" in said
    assert "secret" not in said


def test_the_example_is_a_configuration(tmp_path: Path, capsys: Any) -> None:
    assert main(["example"]) == 0
    file = tmp_path / "example.toml"
    text = capsys.readouterr().out
    assert "/var/lib/kamaelia-grey/" in text
    file.write_text(text.replace("/var/lib/kamaelia-grey/", f"{tmp_path}/"))
    assert main(["check", "-c", str(file)]) == 0


def test_a_historical_configuration_is_checked_and_translated(tmp_path: Path, capsys: Any) -> None:
    old, new = tmp_path / "greylist.conf", tmp_path / "grey.toml"
    old.write_text("port=0\nsmtp_ip=127.0.0.1\nsmtp_port=8025\nallowed_domains:\n  example.org\n")
    before = Assembly.build(old).configuration
    assert main(["import", str(old)]) == 0
    new.write_text(capsys.readouterr().out)
    assert Assembly.build(new).configuration == before


def test_what_the_historical_files_know_is_taken_over(tmp_path: Path, capsys: Any) -> None:
    old, new = tmp_path / "greylist.conf", tmp_path / "grey.toml"
    old.write_text("allowed_domains:\n  example.org\n")
    new.write_text(
        FILE.format(**DEFAULTS | {"folder": tmp_path, "store": f"sqlite:{tmp_path}/grey.db"})
    )
    key = repr(("192.0.2.7", "<A@b.example>", "<c@example.org>"))
    with dbm.dumb.open(str(tmp_path / "greylisted.dbm"), "c") as known:
        known[key] = str(time.time() - 100)
        known["garbage"] = "x"
    with dbm.dumb.open(str(tmp_path / "attempters.dbm"), "c") as known:
        known[key] = str(time.time() - 9000)
    assert main(["import", str(old), "--dbm", str(tmp_path), "-c", str(new)]) == 0
    assert "2 records were imported, 1 was damaged" in capsys.readouterr().out
    assert main(["list", "-c", str(new)]) == 0
    assert re.search(r"192\.0\.2\.0/24 +a@b\.example +c@example\.org", capsys.readouterr().out)
    assert main(["import", str(old), "--dbm", str(tmp_path / "no"), "-c", str(new)]) == 1


def test_without_a_configuration_it_is_said_how_to_make_one(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 1
    assert "kamaelia-grey example" in capsys.readouterr().err


# With Redis, which several hosts may share


def test_two_proxies_share_what_they_know_in_redis(
    run: Callable[..., Program], needs: Callable[[str], str], tmp_path: Path
) -> None:
    path = tmp_path / "redis.sock"
    words = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", tmp_path]
    redis = run(needs("redis-server"), *words)
    redis.readUntil("ready to accept")
    with FarEnd() as far:
        proxies = []
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            more = {"delay": 1, "redis": path}
            proxies.append(Grey(run, folder, far.port, more))
        one, two = proxies
        assert one.send().startswith("451 4.7.1")
        assert eventually(lambda: two.send().startswith("250 "), "the other host has heard of it")
        assert two.ask("deny", "a@b.example") == 0
        assert eventually(lambda: one.rcpt().startswith("550"), "what one says counts for both")
        usual = one.rcpt("<v@example.org>", "<x@y.example>")
        redis.kill()
        redis.wait(timeout=PATIENCE)
        for proxy in proxies:  # a client that nobody knows is told the same: to try again later
            reply = proxy.rcpt("<x@example.org>", "<x@y.example>")
            assert (reply[:3], reply[4]) == (usual[:3], usual[4]) == ("451", "4")
        said = [each.stop() for each in proxies]
    assert [each.program.returncode for each in proxies] == [0, 0], said
    assert "decided from the copy of the store" in said[0]
    assert "Traceback" not in "".join(said)
