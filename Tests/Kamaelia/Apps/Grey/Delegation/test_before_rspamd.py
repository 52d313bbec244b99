"""A real Postfix asks the policy service, and has a real rspamd as its milter, as in the guide."""

import os
import re
import signal
import tempfile
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from Tests.Kamaelia.Apps.Grey.Delegation.sessions import (
    DELAY,
    envelope,
    greylist,
    handlers,
    restrictions,
    session,
)
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.programs import Program
from Tests.Kamaelia.Apps.Grey.Stores.conftest import RedisServer
from Tests.Kamaelia.Apps.Grey.test_Guide import block

pytestmark = [
    pytest.mark.needs("postfix", "redis-server", "rspamd"),
    pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root"),
]

# Debian's modules and rules, with a worker that is a milter and scans itself
CONFIGURATION = """\
.include "$CONFDIR/common.conf"
options {
    pidfile = "$RUNDIR/rspamd.pid";
    .include "$CONFDIR/options.inc"
    .include(try=true; priority=1,duplicate=merge) "$LOCAL_CONFDIR/local.d/options.inc"
}
logging { type = "file"; filename = "$LOGDIR/rspamd.log"; level = "info"; }
worker "rspamd_proxy" {
    milter = yes;
    bind_socket = "127.0.0.1:%d";
    upstream "local" { default = yes; self_scan = yes; }
}
"""
# No DNS and no downloads; a short list of domains, which takes no time to compile
OPTIONS = """\
dns { nameserver = ["127.0.0.1:1:1"]; timeout = 0.05s; retransmits = 1; }
url_tld = "%s";
disable_hyperscan = true;
"""
WITHOUT = (
    *("rbl", "surbl", "asn", "fuzzy_check", "phishing", "spf", "dkim", "dmarc", "arc", "mx_check"),
    *("url_redirector", "dkim_signing", "neural", "rspamd_update"),
)
DELAYED = """\
"KAMAELIA_TEST" { re = "Subject=/delay me/H"; score = 60.0; }
"""
# Other rules have points for mails of tests, but not that many.
ACTIONS = "greylist = 50; add_header = 100; reject = 200;\n"
HEADERS = 'use = ["x-spam-status"];\n'
TEXT = (
    "From: <a@b.example>\r\nTo: <c@d.example>\r\nDate: {date}\r\n"
    "Message-ID: <{name}@b.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
    "Subject: {subject}\r\n\r\n{body}\r\n.\r\n"
)
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


class Rspamd:
    """Rspamd(program, folder, port, redis, files) -> one with these files in its local.d."""

    def __init__(
        self, program: str, folder: Path, port: int, redis: int, files: dict[str, str]
    ) -> None:
        self.port, self.folder = port, folder
        for name in ("local/local.d", "run", "db", "log"):
            (folder / name).mkdir(parents=True)
        for each in [folder, *folder.iterdir()]:
            each.chmod(0o777)
        (folder / "tld").write_text("com\nexample\norg\n")
        local = {f"{name}.conf": "enabled = false;\n" for name in WITHOUT}
        local |= {
            "options.inc": OPTIONS % (folder / "tld"),
            "redis.conf": f'servers = "127.0.0.1:{redis}";\n',
            "regexp.conf": DELAYED,
            "actions.conf": ACTIONS,
            "milter_headers.conf": HEADERS,
        }
        for name, text in (local | files).items():
            (folder / "local" / "local.d" / name).write_text(text)
        (folder / "rspamd.conf").write_text(CONFIGURATION % port)
        places = {"LOCAL_CONFDIR": "local", "RUNDIR": "run", "DBDIR": "db", "LOGDIR": "log"}
        words = [f"--var={name}={folder / place}" for name, place in places.items()]
        self.program = Program(
            *(program, "-f", "-c", folder / "rspamd.conf", "--var=CONFDIR=/etc/rspamd", *words),
            *("-u", "_rspamd", "-g", "_rspamd"),
            start_new_session=True,
        )
        self.program.waitForPort(port)

    def end(self) -> None:
        """End it with all its processes."""
        os.killpg(self.program.pid, signal.SIGKILL)
        self.program.end()

    def scanned(self) -> int:
        """How many mails it has scanned."""
        return self.log().count("rspamd_task_write_log")

    def log(self) -> str:
        """What it has logged so far."""
        return (self.folder / "log" / "rspamd.log").read_text()


@pytest.fixture
def rspamd(
    needs: Callable[[str], str], freePorts: Callable[[], int]
) -> Iterator[Callable[[dict[str, str]], Rspamd]]:
    """rspamd(files) -> one with a Redis and with these files in its local.d."""
    ended: list[Callable[[], None]] = []
    with tempfile.TemporaryDirectory(prefix="rspamd") as name:
        Path(name).chmod(0o755)

        def start(files: dict[str, str]) -> Rspamd:
            port = freePorts()
            redis = RedisServer(needs("redis-server"), Path(name), "--port", str(port))
            redis.start()
            ended.append(redis.stop)
            made = Rspamd(needs("rspamd"), Path(name) / "rspamd", freePorts(), port, files)
            ended.append(made.end)
            return made

        yield start
        for end in reversed(ended):
            end()


def mail(server: Postfix, name: str, subject: str = "hello", body: str = "Hello") -> list[str]:
    """The answers to a mail, from RCPT on."""
    with session(server.port) as smtp:
        said = envelope(smtp, f"{name}@b.example", ["c@d.example"])
        if said[-1].startswith("354"):
            smtp.send(
                TEXT.format(date=formatdate(), name=name, subject=subject, body=body).encode()
            )
            code, text = smtp.getreply()
            said.append(f"{code} {text.decode()}")
        return said


@pytest.mark.parametrize("isOff", [True, False], ids=["as in the guide", "greylisting in rspamd"])
def test_rspamd_scans_mail_that_was_retried_and_delays_it_again_unless_that_is_off(
    rspamd: Callable[[dict[str, str]], Rspamd],
    serving: Any,
    postfix: Callable[..., Postfix],
    isOff: bool,
) -> None:
    grey, journal, clock = greylist()
    scanner = rspamd({"greylist.conf": block("No greylisting in rspamd")} if isOff else {})
    (command, _) = re.findall(r"^# (.+)$", block("Ask rspamd"), re.MULTILINE)
    settings = dict(pair.split(" = ") for pair in re.findall(r'"([^"]+)"', command))
    settings["smtpd_milters"] = settings["smtpd_milters"].replace("11332", str(scanner.port))

    def client(server: Any) -> None:
        service = f"inet:127.0.0.1:{server.ports[0]}"
        asking = restrictions(service, "recipient", "data", "end_of_data")
        relay = postfix(**asking | settings)
        for name in ("one", "spam", "delayed"):
            assert mail(relay, name)[-1].startswith("450 4.7.1")
        assert scanner.scanned() == 0
        clock.now += DELAY
        assert mail(relay, "one")[-1].startswith("250")
        (arrived,) = relay.waitForMails(1)
        assert b"X-Greylist: delayed 300 seconds" in arrived
        assert b"X-Spam-Status: No, score=" in arrived
        assert mail(relay, "spam", body=GTUBE)[-1].startswith("554 5.7.1 Gtube")
        said = mail(relay, "delayed", subject="delay me")[-1]
        assert said.startswith("250" if isOff else "451 4.7.1"), said
        assert scanner.scanned() == 3

    serving(client, protocol=handlers(grey))
    assert sorted(each["status"] for each in journal) == ["ACCEPTED"] * 3 + ["DEFERRED"] * 3
