"""kamaelia-grey check: each mistake around a configuration is a sentence and the status 1."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Stores import openStore
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, ROOT, Program
from Tests.Kamaelia.Apps.Grey.Service.test_Application import grey, makeCertificate, startTLS

__all__ = ["grey"]  # a fixture

FILE = """\
[name]
servername = "mail.example.org"
[listen]
addresses = ["127.0.0.1:0"]
{listen}
[server]
addresses = ["{server}"]
{tls}
[forward]
allowed_domains = ["example.org"]
[greylist]
large_senders = false
[store]
url = "{store}"
[log]
jsonlogfile = "{log}"
{more}
"""


def write(folder: Path, **words: Any) -> Path:
    settings = {
        "listen": "",
        "server": "127.0.0.1:9",
        "tls": "",
        "store": f"sqlite:{folder}/grey.db",
        "log": f"{folder}/mails.json",
        "more": "",
    }
    file = folder / "grey.toml"
    file.write_text(FILE.format(**settings | words))
    return file


def grey_(*words: str | Path, **more: Any) -> tuple[int, str]:
    """The real command: its exit status, and all that it prints."""
    command = [sys.executable, "-m", "Kamaelia.Apps.Grey", *map(str, words)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT, **more
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def check(folder: Path, *words: str, **settings: Any) -> tuple[int, str]:
    """What `check` says of a configuration; it makes and removes nothing."""
    file = write(folder, **settings)
    before = sorted(folder.rglob("*"))
    found = grey_("check", "-c", file, *words)
    assert sorted(folder.rglob("*")) == before
    return found


def test_a_configuration_without_mistakes_is_one(tmp_path: Path) -> None:
    status, said = check(tmp_path)
    assert (status, said.strip()) == (
        0,
        f"{tmp_path}/grey.toml: no mistakes found.",
    )


def test_a_store_in_use_is_no_mistake(tmp_path: Path) -> None:
    store = openStore(f"sqlite:{tmp_path}/grey.db")
    try:
        assert check(tmp_path)[0] == 0
    finally:
        store.close()


def garbage(folder: Path) -> None:
    (folder / "grey.db").write_bytes(b"no database\n" * 1000)


def foreign(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "grey.db")) as other:
        other.execute("CREATE TABLE things (a, b)")


def wrongTables(folder: Path) -> None:
    openStore(f"sqlite:{folder}/grey.db").close()
    with closing(sqlite3.connect(folder / "grey.db")) as other:
        other.execute("ALTER TABLE triple RENAME COLUMN seen TO looked")


def newer(folder: Path) -> None:
    openStore(f"sqlite:{folder}/grey.db").close()
    with closing(sqlite3.connect(folder / "grey.db")) as other:
        other.execute("PRAGMA user_version = 1000")


def aFolder(folder: Path) -> None:
    (folder / "grey.db").mkdir()


STORES = [
    (garbage, "not an SQLite file"),
    (foreign, "belongs to another program"),
    (wrongTables, "its tables are not those of Kamaelia Grey"),
    (newer, "newer Kamaelia Grey"),
    (aFolder, "a folder, not a file"),
]


@pytest.mark.parametrize(("make", "words"), STORES)
def test_a_store_that_cannot_be_opened_is_a_mistake_and_nothing_starts(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    make(tmp_path)
    status, said = check(tmp_path)
    assert status == 1
    assert words in said
    status, said = grey_("run", "-c", write(tmp_path))
    assert status == 1
    assert "kamaelia-grey listens" not in said
    assert "grey.db" in said


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"store": "sqlite:/no/such/folder/grey.db"}, "the folder /no/such/folder"),
        ({"log": "/no/such/folder/mails.json"}, "the folder /no/such/folder"),
        ({"log": "/etc"}, "/etc is a folder, not a file"),
        ({"more": 'logfile = "/no/such/mails.log"'}, "logfile in [log]: the folder /no"),
        ({"server": "no-such-host.invalid:25"}, "no-such-host.invalid in [server] does not res"),
        ({"server": "unix:/etc/passwd"}, "cannot connect to unix:/etc/passwd: it is a regular"),
        (
            {"listen": "", "more": '[metrics]\naddress = "unix:/etc/passwd"'},
            "cannot listen on unix:/etc/passwd: it is a regular file",
        ),
        ({"tls": 'smtp_tls = "must"\nsmtp_tls_name = "mx"'}, "smtp_tls_name is the name in a cer"),
        ({"more": '[deny]\nclient_files = ["/dev/zero"]'}, "it is a device, not a regular file"),
    ],
)
def test_what_is_not_there_or_not_what_it_should_be_is_a_mistake(
    tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    status, said = check(tmp_path, **settings)
    assert status == 1
    assert words in said


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_list_that_is_a_named_pipe_is_a_mistake_and_blocks_nothing(
    tmp_path: Path, command: str
) -> None:
    os.mkfifo(tmp_path / "list")
    file = write(tmp_path, more=f'[allow]\nsender_files = ["{tmp_path}/list"]')
    status, said = grey_(command, "-c", file)
    assert status == 1
    assert "it is a named pipe, not a regular file" in said


@pytest.mark.skipif(os.getuid() != 0, reason="only root may act as another user")
@pytest.mark.parametrize("setting", [["--user", "nobody"], []])
def test_folders_must_be_writable_for_the_user_of_the_server(
    tmp_path: Path, setting: list[str]
) -> None:
    for folder in [tmp_path, *list(tmp_path.parents)[:-2]]:
        folder.chmod(folder.stat().st_mode | 0o011)
    listen = "" if setting else 'user = "nobody"'
    status, said = check(tmp_path, *setting, listen=listen)
    assert status == 1
    assert f"url in [store]: the store {tmp_path}/grey.db cannot be opened: the folder" in said
    assert f"jsonlogfile in [log]: the folder {tmp_path} is not writable by this user" in said
    tmp_path.chmod(0o777)
    assert check(tmp_path, *setting, listen=listen)[0] == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_a_store_that_its_user_cannot_write_keeps_the_server_from_starting(tmp_path: Path) -> None:
    for folder in [tmp_path, *list(tmp_path.parents)[:-2]]:
        folder.chmod(folder.stat().st_mode | 0o011)
    status, said = grey_("run", "-c", write(tmp_path, listen='user = "nobody"', log=""))
    assert status == 1
    assert "grey.db cannot be opened" in said
    assert "listens on" not in said


def test_a_user_that_does_not_exist_is_a_mistake(tmp_path: Path) -> None:
    status, said = check(tmp_path, listen='user = "no-such-user"')
    assert status == 1
    assert "the user 'no-such-user' does not exist" in said


# Certificates


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=30, cwd=folder)


def selfSigned(folder: Path, start: str = "", end: str = "") -> None:
    """cert.pem and key.pem; start and end: times as openssl has them."""
    openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem")
    openssl(folder, "req", "-new", "-key", "key.pem", "-subj", "/CN=mail.example.org", "-out", "r")
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\n"
        "default_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n"
    )
    words = ["ca", "-batch", "-selfsign", "-config", "ca.cnf", "-keyfile", "key.pem", "-in", "r"]
    openssl(folder, *words, "-startdate", start, "-enddate", end, "-out", "cert.pem", "-notext")


def signedByAnother(folder: Path) -> None:
    """cert.pem, without the certificate of the authority that signed it."""
    words = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(folder, "req", "-x509", *words, "-subj", "/CN=A", "-keyout", "ca.key", "-out", "ca.pem")
    openssl(folder, "req", *words, "-subj", "/CN=mail", "-keyout", "key.pem", "-out", "r")
    signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"]
    openssl(folder, "x509", "-req", "-in", "r", *signer, "-out", "cert.pem")


def tls(folder: Path) -> str:
    return f'tls_certificate = "{folder}/cert.pem"\ntls_key = "{folder}/key.pem"'


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("20200101000000Z", "20210101000000Z", "has expired: renew it"),
        ("20700101000000Z", "20710101000000Z", "is not valid yet"),
    ],
)
def test_a_certificate_out_of_its_time_is_a_mistake(
    tmp_path: Path, start: str, end: str, words: str
) -> None:
    selfSigned(tmp_path, start, end)
    status, said = check(tmp_path, listen=tls(tmp_path))
    assert status == 1
    assert f"the certificate {tmp_path}/cert.pem {words}" in said


def test_a_certificate_that_is_its_own_authority_is_no_mistake(tmp_path: Path) -> None:
    makeCertificate(tmp_path)
    status, said = check(tmp_path, listen=tls(tmp_path))
    assert (status, "warning" in said) == (0, False), said


def test_a_certificate_without_its_chain_is_a_warning(tmp_path: Path) -> None:
    signedByAnother(tmp_path)
    status, said = check(tmp_path, listen=tls(tmp_path))
    assert status == 0
    assert "warning: the certificate" in said
    assert "is incomplete" in said


def test_a_key_of_another_certificate_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    makeCertificate(tmp_path)
    makeCertificate(tmp_path / "other")
    (tmp_path / "other" / "key.pem").rename(tmp_path / "key.pem")
    status, said = check(tmp_path, listen=tls(tmp_path))
    assert status == 1
    assert "the key does not belong to the certificate" in said


@pytest.mark.parametrize("name", ["cert.pem", "key.pem"])
def test_a_certificate_or_key_that_is_a_named_pipe_is_a_mistake_and_blocks_nothing(
    tmp_path: Path, name: str
) -> None:
    makeCertificate(tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    status, said = check(tmp_path, listen=tls(tmp_path))
    assert status == 1
    assert f"{name} is a named pipe" in said


def encrypt(folder: Path) -> None:
    words = ["pkey", "-in", "key.pem", "-aes256", "-passout", "pass:secret", "-out", "encrypted"]
    openssl(folder, *words)
    (folder / "encrypted").rename(folder / "key.pem")


@pytest.mark.parametrize("command", ["check", "run"])
def test_an_encrypted_key_is_a_mistake_and_does_not_prompt_for_a_password(
    tmp_path: Path, command: str
) -> None:
    makeCertificate(tmp_path)
    encrypt(tmp_path)
    file = write(tmp_path, listen=tls(tmp_path))
    status, said = grey_(command, "-c", file, stdin=subprocess.DEVNULL, start_new_session=True)
    assert status == 1
    assert "the key is encrypted" in said
    assert "PEM pass phrase" not in said


def test_a_reload_with_an_encrypted_key_leaves_the_certificate_before_in_force(
    grey: Any, tmp_path: Path
) -> None:
    proxy = grey(listen=makeCertificate(tmp_path))
    before, shown = startTLS(proxy.port)
    before.quit()
    makeCertificate(tmp_path)
    encrypt(tmp_path)
    proxy.program.send_signal(signal.SIGHUP)
    assert "the key is encrypted" in proxy.program.readUntil("not reloaded")
    after, stillShown = startTLS(proxy.port)
    after.quit()
    assert stillShown == shown


# Redis


@pytest.fixture
def redis(
    run: Callable[..., Program], needs: Callable[[str], str], tmp_path: Path
) -> Callable[..., None]:
    def start(*words: str) -> None:
        path = tmp_path / "redis.sock"
        settings = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", tmp_path]
        run(needs("redis-server"), *settings, *words).readUntil("ready to accept")

    return start


SECRET = "hunter2"  # noqa: S105


def test_a_redis_that_lets_us_ask_is_no_mistake(tmp_path: Path, redis: Any) -> None:
    redis("--requirepass", SECRET)
    status, said = check(tmp_path, store=f"unix://:{SECRET}@{tmp_path}/redis.sock")
    assert (status, SECRET in said) == (0, False), said


@pytest.mark.parametrize("given", ["", ":wr0ng-one@"])
def test_a_redis_that_refuses_us_is_a_mistake_and_nothing_starts(
    tmp_path: Path, redis: Any, given: str
) -> None:
    redis("--requirepass", SECRET)
    store = f"unix://{given}{tmp_path}/redis.sock"
    for command in ("check", "run"):
        status, said = grey_(command, "-c", write(tmp_path, store=store))
        assert status == 1
        assert "failed" in said
        assert "wr0ng-one" not in said
        assert "listens on" not in said


def test_a_redis_that_is_not_there_is_a_mistake_for_check(tmp_path: Path) -> None:
    status, said = check(tmp_path, store=f"unix://:{SECRET}@{tmp_path}/nobody.sock")
    assert status == 1
    assert "nobody.sock" in said
    assert SECRET not in said


# Warnings


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/2", "2000::/3"])
def test_a_very_large_network_of_load_balancers_is_a_warning(tmp_path: Path, network: str) -> None:
    status, said = check(tmp_path, listen=f'proxy_protocol_from = ["{network}"]')
    assert status == 0
    assert f"warning: {network} in proxy_protocol_from is a very large network" in said


@pytest.mark.parametrize("network", ["10.0.0.0/8", "192.0.2.10", "2001:db8::/32", "unix"])
def test_a_usual_network_of_load_balancers_is_no_warning(tmp_path: Path, network: str) -> None:
    status, said = check(tmp_path, listen=f'proxy_protocol_from = ["{network}"]')
    assert (status, "warning" in said) == (0, False), said


def test_a_servername_of_localhost_is_a_warning(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.write_text(file.read_text().replace("mail.example.org", "localhost"))
    status, said = grey_("check", "-c", file)
    assert status == 0
    assert "warning: servername in [name] is localhost" in said


def test_the_warnings_are_in_the_log_of_a_server_that_starts(grey: Any) -> None:
    proxy = grey(listen='proxy_protocol_from = ["0.0.0.0/1", "128.0.0.0/1"]')
    proxy.program.send_signal(signal.SIGHUP)
    assert "WARNING 0.0.0.0/1 in proxy_protocol_from" in proxy.program.readUntil("0.0.0.0/1")


# Secrets


@pytest.mark.parametrize(
    "line",
    [
        'url = "redis://ann:{}@host:port/0"',
        'url = "redis://ann:{} @host/0"',
        'url = "redis://ann:a@{}@no-such-host.invalid/0"',
        'url = "redis://no-such-host.invalid/0?password={}"',
        'url = "{}@host"',
        'url = ["redis://:{}@host"]',
        'url = "redis://:{}\\u0007@host"',
        'url = "sqlite:/x"\non_failure = "redis://:{}@host"',
        'url = "sqlite:/x"\n"redis://:{}@host" = 1',
        'url = "sqlite:/x"\n["redis://:{}@host"]',
    ],
)
@pytest.mark.parametrize("command", ["check", "run", "stats", "list"])
def test_no_output_has_the_credentials_of_a_url(tmp_path: Path, line: str, command: str) -> None:
    file = tmp_path / "grey.toml"
    file.write_text(
        f'[forward]\nallowed_domains = []\n[server]\naddresses = ["unix:/x"]\n'
        f'[listen]\naddresses = ["unix:/no/such/x"]\n[store]\n{line.format(SECRET)}\n'
    )
    status, said = grey_(command, "-c", file)
    assert status == 1
    assert SECRET not in said
    assert said


def test_check_leaves_the_mode_of_a_store_as_it_is(tmp_path: Path) -> None:
    openStore(f"sqlite:{tmp_path}/grey.db").close()
    before = os.stat(tmp_path / "grey.db")
    assert check(tmp_path)[0] == 0
    after = os.stat(tmp_path / "grey.db")
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_ino) == (
        stat.S_IMODE(before.st_mode),
        before.st_uid,
        before.st_ino,
    )


@pytest.mark.parametrize(
    ("settings", "listen", "said"),
    [
        ('smtp_idle_time = "5m"', "", "smtp_idle_time in [server] is 300 seconds"),
        ("smtp_idle_connections = 100", "", "smtp_idle_connections in [server] allows 100"),
        (
            "smtp_idle_connections = 25",
            "workers = 4",
            "smtp_idle_connections in [server] allows 100",
        ),
    ],
)
def test_too_many_idle_connections_or_for_too_long_are_a_warning(
    tmp_path: Path, settings: str, listen: str, said: str
) -> None:
    status, found = check(tmp_path, tls=settings, listen=listen)
    assert status == 0
    assert f"warning: {said}" in " ".join(found.split())


@pytest.mark.parametrize("off", ["smtp_idle_connections = 0", 'smtp_tls = "may"'])
def test_what_is_not_kept_needs_no_limits(tmp_path: Path, off: str) -> None:
    _, found = check(tmp_path, tls=f'{off}\nsmtp_idle_time = "1h"')
    assert "no mistakes found" in found
    assert "warning" not in found
