"""Each refusal of the real application: what the client hears, the log, the JSON, the counters.

Each session has a client address of its own, by a PROXY header. Whatever the client hears
with a code of 400 and over has to be in each of the three, once.
"""

import json
import re
import signal
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from Kamaelia.Apps.Grey.Records.MailLog import HistoricalLines
from Kamaelia.Apps.Grey.Records.PostfixLog import PostfixLines
from Kamaelia.Apps.Grey.Session.ClientRates import REPLIES
from Kamaelia.Support.PrintableText import printable
from Kamaelia.Support.Protocol.SMTP.Refusal import Refusal
from Kamaelia.Support.Protocol.SMTP.Session import EARLY_TALKER
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, ROOT, Program
from Tests.Kamaelia.Apps.Grey.Service.test_Application import Grey, grey, makeCertificate
from Tests.Kamaelia.Apps.Grey.wire import HANG_UP, FarEnd
from Tests.Kamaelia.sockets import dial

__all__ = ["grey"]  # a fixture

FILTER = ROOT / "Packaging" / "fail2ban-kamaelia-grey.conf"
SECRET = "c2VjcmV0LXBhc3N3b3Jk"  # nothing of it may be found in a log
LISTEN = """\
proxy_protocol_from = ["127.0.0.1"]
max_connections = 6
extensions = ["8BITMIME", "ENHANCEDSTATUSCODES", "SIZE"]
"""
MORE = """\
logfile = "{folder}/grey.log"
[limits]
max_message_size = 2000
max_recipients = 2
max_errors = 3
inactivity_timeout = "{silence}s"
[allow]
recipients = ["open@example.org", "a@example.org", "b@example.org"]
[deny]
senders = ["no@bad.example"]
"""
HELO, MAIL, RCPT = b"EHLO me\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<open@example.org>\r\n"
STRANGER = b"RCPT TO:<c@example.org>\r\n"
UP_TO_TEXT = (HELO, MAIL, RCPT, b"DATA\r\n")
TEXT = f"Subject: x\r\n\r\n{SECRET}\r\n.\r\n".encode()
BYE = b"QUIT\r\n"


class Case(NamedTuple):
    """A session: what is said, each after a reply; what is recorded; what the real server says."""

    said: tuple[bytes, ...]
    recorded: list[tuple[str, str]]  # stage and reason
    far: dict[str, Any] = {}  # noqa: RUF012 - it is never changed
    early: bytes = b""  # said before the greeting


CASES = {
    "early talker": Case((), [("CONNECT", "early talker")], early=b"EHLO me\r\n"),
    "unknown": Case((b"XYZZY " + SECRET.encode() + b"\r\n", BYE), [("UNKNOWN", "unknown command")]),
    "AUTH": Case(
        (HELO, b"AUTH PLAIN " + SECRET.encode() + b"\r\n", BYE), [("UNKNOWN", "unknown command")]
    ),
    "hello of two words": Case((b"HELO two words\r\n", BYE), [("HELO", "malformed")]),
    "bad sender": Case((HELO, b"MAIL FROM:<a\r\n", BYE), [("MAIL", "malformed")]),
    "escape sequences": Case(
        (HELO, b"MAIL FROM:<a\x1b[31m@b.example>\r\n", BYE), [("MAIL", "malformed")]
    ),
    "no UTF-8": Case((HELO, b"MAIL FROM:<a\xff\xfe@b.example>\r\n", BYE), [("MAIL", "malformed")]),
    "forged line": Case(
        (HELO, b'MAIL FROM:<"x refused client=[9.9.9.9]:1 stage=MAIL"\x0b@b\r\n', BYE),
        [("MAIL", "malformed")],
    ),
    "mail before hello": Case((MAIL, BYE), [("MAIL", "out of order")]),
    "recipient before mail": Case((HELO, RCPT, BYE), [("RCPT", "out of order")]),
    "data before recipient": Case((HELO, MAIL, b"DATA\r\n", BYE), [("DATA", "out of order")]),
    "relay": Case(
        (HELO, MAIL, b"RCPT TO:<a@else.example>\r\n", BYE), [("RCPT", "relaying denied")]
    ),
    "denied": Case((HELO, b"MAIL FROM:<no@bad.example>\r\n", STRANGER, BYE), [("RCPT", "denied")]),
    "greylisted": Case((HELO, MAIL, STRANGER, BYE), []),
    "too many recipients": Case(
        (HELO, MAIL, RCPT, RCPT.replace(b"open", b"a"), RCPT.replace(b"open", b"b"), BYE),
        [("RCPT", "too many recipients")],
    ),
    "parameter": Case(
        (HELO, b"MAIL FROM:<a@b.example> AUTH=<>\r\n", BYE), [("MAIL", "parameter not offered")]
    ),
    "declared size": Case(
        (HELO, b"MAIL FROM:<a@b.example> SIZE=9999\r\n", BYE), [("MAIL", "size")]
    ),
    "real size": Case(
        (*UP_TO_TEXT, b"x" * 998 + b"\r\n" + b"y" * 998 + b"\r\nzz\r\n.\r\n", BYE),
        [("TEXT", "size")],
    ),
    "bare line end": Case(
        (*UP_TO_TEXT, SECRET.encode() + b"\n.\nMAIL\r\n.\r\n"), [("TEXT", "bare line end or NUL")]
    ),
    "NUL": Case((HELO, b"MAIL FROM:<a\0b@c.example>\r\n", BYE), [("MAIL", "malformed line")]),
    "long line": Case((b"NOOP " + b"x" * 600 + b"\r\n", BYE), [("NOOP", "malformed line")]),
    "pipelining": Case((b"HELO me\r\nNOOP\r\n",), [("HELO", "pipelining not offered")]),
    "too many errors": Case(
        (HELO, *[b"MAIL FROM:<a@b.example> X=1\r\n"] * 3),
        [("MAIL", "parameter not offered")] * 2 + [("MAIL", "limit")],
    ),
    "real server: DATA": Case(
        (*UP_TO_TEXT, BYE), [("DATA", "real server")], {"DATA": ["554 5.7.0 far says no"]}
    ),
    "real server: dot": Case(
        (*UP_TO_TEXT, TEXT, BYE), [("TEXT", "real server")], {".": ["550 5.7.1 far found spam"]}
    ),
    "real server hangs up": Case(
        (*UP_TO_TEXT, TEXT, BYE), [("TEXT", "real server hung up")], {".": [HANG_UP]}
    ),
    "real server: RCPT": Case(
        (HELO, MAIL, RCPT, BYE),
        [("RCPT", "real server")],
        {"RCPT": ["550 5.1.1 far knows no open"]},
    ),
    "TLS": Case(
        (HELO, b"STARTTLS\r\n", b"\x16\x03\x01\x00\x05hello"), [("TLS", "handshake failed")]
    ),
    "accepted": Case((*UP_TO_TEXT, TEXT, BYE), []),
}
# In replay the real server is not asked before the dot.
IN_REPLAY = {
    "real server: RCPT": ((*UP_TO_TEXT, TEXT, BYE), [("TEXT", "real server")]),
    "real server: DATA": ((*UP_TO_TEXT, TEXT, BYE), [("TEXT", "real server")]),
}


class Client:
    """Client(port, number) -> a session, as of a client at 192.0.2.<number>."""

    def __init__(self, port: int, number: int, early: bytes = b"") -> None:
        self.address = f"192.0.2.{number}"
        self.socket = dial(port)
        self.file = self.socket.makefile("rb")
        self.heard: list[str] = []  # each reply, its lines parted by \n
        header = f"PROXY TCP4 {self.address} 198.51.100.1 {4000 + number} 25\r\n"
        self.socket.sendall(header.encode() + early)
        self.hear()

    def hear(self) -> str:
        code, texts = "", []
        while line := self.file.readline().decode("latin-1"):
            code, separator = line[:3], line[3:4]
            texts.append(line[4:].rstrip("\r\n"))
            if separator != "-":
                break
        if texts:
            self.heard.append(code + " " + "\n".join(texts))
        return self.heard[-1] if texts else ""

    def finish(self) -> None:
        try:
            while self.hear():
                pass
        except ConnectionResetError:
            pass
        self.file.close()
        self.socket.close()

    def play(self, said: tuple[bytes, ...]) -> None:
        for data in said:
            self.socket.sendall(data)
            if data[:1] == b"\x16":
                break  # the answer is an alert of TLS
            if not self.hear():
                break
        else:
            with suppress(OSError):  # it may have closed already
                self.socket.sendall(BYE)
            self.finish()
            return
        self.file.read()
        self.file.close()
        self.socket.close()

    @property
    def refusals(self) -> list[str]:
        return [each for each in self.heard if each[0] in "45"]


LINE = re.compile(
    r"(?P<stamp>[0-9.]{18}) refused client=\[(?P<client>[^\]]*)\]:(?P<port>\d+)"
    r' stage=(?P<stage>\w+) reason="(?P<reason>[^"]*)" id=(?P<id>\S+)'
    r' argument=(?P<argument>"(?:[^"\\]|\\.)*")'
    r' reply=(?P<reply>"(?:[^"\\]|\\.)*")'
)


class Told:
    """What the application has written down, when it has ended."""

    def __init__(self, folder: Path, said: str) -> None:
        self.said = said
        self.log = (folder / "grey.log").read_text()
        self.json = (folder / "mails.json").read_text()
        records = [json.loads(line) for line in self.json.splitlines()]
        self.refusals = [each for each in records if each["event"] == "refusal"]
        self.mails = [each for each in records if each["event"] == "mail"]
        self.lines = [
            found.groupdict() for found in map(LINE.fullmatch, self.log.splitlines()) if found
        ]

    def of(self, client: str) -> list[dict[str, Any]]:
        return [each for each in self.refusals if each["client"] == client]


class Run:
    """Run(start, relay) -> plays all cases against a proxy of its own, and keeps what was heard."""

    def __init__(
        self, start: Callable[..., Grey], folder: Path, relay: str, wording: str = "kamaelia"
    ) -> None:
        settings = f'format = "{wording}"\n' + MORE.format(folder=folder, silence=30)
        listen = LISTEN + makeCertificate(folder)
        self.relay = relay
        self.far: FarEnd = start.far  # type: ignore[attr-defined]
        self.proxy = start(listen=listen, more=settings, server=f'relay = "{relay}"')
        self.heard: dict[str, Client] = {}
        for number, (name, case) in enumerate(CASES.items(), 1):
            said = IN_REPLAY[name][0] if relay == "replay" and name in IN_REPLAY else case.said
            self.far.answers.update({stage: list(given) for stage, given in case.far.items()})
            client = self.heard[name] = Client(self.proxy.port, number, case.early)
            client.play(said)
            for stage in case.far:
                self.far.answers.pop(stage)
        self.last = Client(self.proxy.port, 200)  # is there when it ends
        self.counters = figures(fetch(self.proxy.figures))
        self.told = Told(folder, self.end())

    def end(self) -> str:
        self.proxy.program.send_signal(signal.SIGTERM)
        self.last.finish()
        return self.proxy.program.communicate(timeout=PATIENCE)[0]


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return str(answer.read(), "utf-8")


def figures(text: str) -> Counter[tuple[str, str]]:
    """The counters of refusals, by stage and reason."""
    return Counter(
        {
            (sample.labels["stage"], sample.labels["reason"]): int(sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "kamaelia_grey_refusals_total"
        }
    )


@pytest.fixture(scope="module", params=["live", "replay"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Every case played, in one way of relaying."""
    yield from runOf(tmp_path_factory.mktemp("grey"), request.param)


@pytest.fixture(scope="module")
def toldAsPostfix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Every case played, with a log in the words of Postfix."""
    yield from runOf(tmp_path_factory.mktemp("grey"), "live", "postfix")


def runOf(folder: Path, *words: str) -> Iterator[Run]:
    """A run, whose programs end after it."""
    programs: list[Program] = []

    def run(*words: Any, **settings: Any) -> Program:
        programs.append(Program(*words, **settings))
        return programs[-1]

    with FarEnd() as far:

        def start(**words: Any) -> Grey:
            return Grey(run, folder, far.port, words)

        start.far = far  # type: ignore[attr-defined]
        yield Run(start, folder, *words)
    for program in programs:
        program.end()


def isGreylisting(reply: str) -> bool:
    return reply.startswith("451 4.7.1 Greylisted")


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_has_the_stage_the_reason_and_the_words_that_the_client_heard(
    told: Run, name: str
) -> None:
    client = told.heard[name]
    records = told.told.of(client.address)
    heard = [each for each in client.refusals if not isGreylisting(each)]
    assert [each["reply"] for each in records if each["stage"] != "TLS"] == heard
    recorded = IN_REPLAY[name][1] if told.relay == "replay" and name in IN_REPLAY else None
    expected = CASES[name].recorded if recorded is None else recorded
    assert [(each["stage"], each["reason"]) for each in records] == expected
    assert all(each["port"] == 4000 + int(client.address[8:]) for each in records)


def test_log_json_and_counters_agree(told: Run) -> None:
    def inLog(line: dict[str, Any]) -> tuple[Any, ...]:
        texts = (json.loads(line["argument"]), json.loads(line["reply"]))
        return (line["client"], int(line["port"]), *(line[name] for name in names[2:5]), *texts)

    names = ("client", "port", "stage", "reason", "id", "argument", "reply")
    fromLog = [inLog(line) for line in told.told.lines]
    assert fromLog == [tuple(each[name] for name in names) for each in told.told.refusals]
    assert told.told.log.count("refused client=") == len(fromLog) + 1  # and the forged one
    counted = Counter((each["stage"], each["reason"]) for each in told.told.refusals)
    counted["RCPT", "greylisted"] += 1  # which the line of its mail tells
    counted["CONNECT", "shutdown"] -= 1  # which was not yet, when the figures were asked for
    assert told.counters == +counted


def test_each_refusal_has_an_id_and_a_mail_has_one_for_all_its_records(told: Run) -> None:
    refusals = told.told.refusals
    assert all(re.fullmatch("[0-9a-f]{12}", each["id"]) for each in refusals)
    mails = {each["id"]: each for each in told.told.mails}
    for each in refusals:
        if each["stage"] == "TEXT" or each["reason"] == "real server":
            assert mails[each["id"]]["reply"] == each["reply"]
    assert len({each["id"] for each in told.told.of(told.heard["too many errors"].address)}) == 1


def test_the_reply_of_each_mail_is_the_last_that_its_client_heard_of_it(told: Run) -> None:
    byClient = {client.address: client for client in told.heard.values()}
    for mail in told.told.mails:
        isDropped = mail["status"] == "DROPPED" and mail["reply"] == ""
        assert isDropped or mail["reply"] in byClient[mail["client"]].heard
    greylisted = [
        each for each in told.told.mails if each["client"] == told.heard["greylisted"].address
    ]
    assert [isGreylisting(each["reply"]) for each in greylisted] == [True]


def test_nothing_secret_and_no_control_character_is_written_down(told: Run) -> None:
    for text in (told.told.log, told.told.json, told.told.said):
        assert SECRET not in text
        assert [each for each in text.splitlines() if printable(each) != each] == []
        assert "\x1b" not in text


# Limits


@pytest.mark.parametrize(
    ("settings", "addresses", "reason"),
    [
        ({"peers": 2}, (1, 1, 1), "too many connections of one peer"),
        ({"listen": LISTEN.replace("= 6", "= 2")}, (1, 2, 3), "too many connections"),
    ],
)
def test_a_connection_over_a_limit_is_recorded(
    grey: Any, tmp_path: Path, settings: dict[str, Any], addresses: tuple[int, ...], reason: str
) -> None:
    more = MORE.format(folder=tmp_path, silence=30)
    proxy = grey(**({"listen": LISTEN, "more": more} | settings))
    clients = [Client(proxy.port, number) for number in addresses]
    assert clients[-1].refusals == ["421 4.7.0 Too many connections"]
    assert figures(fetch(proxy.figures)) == {("CONNECT", reason): 1}
    (line,), (record,) = oneRefusal(tmp_path)
    assert record | {"id": "", "time": 0} == {
        "event": "refusal",
        "id": "",
        "time": 0,
        "stage": "CONNECT",
        "reason": reason,
        "client": clients[-1].address,
        "port": 4000 + addresses[-1],
        "argument": "",
        "reply": "421 4.7.0 Too many connections",
    }
    assert (line["client"], line["reason"]) == (record["client"], reason)
    for client in clients[:2]:
        client.socket.sendall(BYE)
    for client in clients:
        client.finish()
    proxy.stop()


def test_a_client_that_falls_silent_is_recorded_with_its_stage(grey: Any, tmp_path: Path) -> None:
    proxy = grey(listen=LISTEN, more=MORE.format(folder=tmp_path, silence=1))
    client = Client(proxy.port, 7)
    for line in (HELO, MAIL):
        client.socket.sendall(line)
        client.hear()
    client.finish()
    proxy.stop()
    (line,), (record,) = oneRefusal(tmp_path)
    assert (record["stage"], record["reason"]) == ("MAIL", "timeout")
    assert record["reply"] == client.refusals[0]
    assert line["reason"] == "timeout"


def oneRefusal(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The refusals in the log, and those in the JSON."""
    told = Told(folder, "")
    return told.lines, told.refusals


# Replay


@pytest.mark.parametrize("recipients", [(b"open", b"a"), (b"a", b"open")])
def test_in_replay_a_recipient_that_is_refused_behind_a_250_is_recorded(
    grey: Any, tmp_path: Path, recipients: tuple[bytes, ...]
) -> None:
    refused = "550 5.1.1 far knows no a"
    isFirst = recipients[0] == b"a"
    grey.far.answers["RCPT"] = [refused] if isFirst else ["250 ok", refused]
    more = MORE.format(folder=tmp_path, silence=30)
    proxy = grey(listen=LISTEN, more=more, server='relay = "replay"')
    client = Client(proxy.port, 7)
    said = [RCPT.replace(b"open", each) for each in recipients]
    client.play((HELO, MAIL, *said, b"DATA\r\n", TEXT))
    counted = figures(fetch(proxy.figures))
    proxy.stop()
    assert client.refusals == []
    assert [mail.recipients for mail in grey.far.mails] == [
        ["RCPT TO:<open@example.org>"],
        ["RCPT TO:<a@b.example>"],  # the report to the sender
    ]
    told = Told(tmp_path, "")
    (record,), (line,), (mail,) = told.refusals, told.lines, told.mails
    assert (record["stage"], record["reason"]) == ("RCPT", "real server")
    assert (record["argument"], record["reply"]) == ("TO:<a@example.org>", refused)
    assert record["id"] == line["id"] == mail["id"]
    assert counted == {("RCPT", "real server"): 1}
    verdicts = {each["address"]: each["verdict"] for each in mail["recipients"]}
    assert verdicts == {"open@example.org": "accepted", "a@example.org": "refused"}
    assert (mail["status"], mail["reply"][:3]) == ("ACCEPTED", "250")


# fail2ban


@pytest.mark.needs("fail2ban-regex")
@pytest.mark.parametrize("place", ["logfile", "journal"])
@pytest.mark.parametrize("mode", ["normal", "aggressive"])
def test_fail2ban_finds_the_clients_that_its_mode_is_for(
    told: Run, tmp_path: Path, mode: str, place: str
) -> None:
    expectBanned(told, tmp_path, mode, place)


@pytest.mark.needs("fail2ban-regex")
@pytest.mark.parametrize("place", ["logfile", "journal"])
@pytest.mark.parametrize("mode", ["normal", "aggressive"])
def test_fail2ban_finds_the_same_clients_in_a_log_in_the_words_of_postfix(
    toldAsPostfix: Run, tmp_path: Path, mode: str, place: str
) -> None:
    assert "refused client" not in toldAsPostfix.told.log.replace('<"x refused client=', "")
    expectBanned(toldAsPostfix, tmp_path, mode, place)


def expectBanned(told: Run, tmp_path: Path, mode: str, place: str) -> None:
    """Check that fail2ban finds each refusal that its mode is for, and nothing else."""
    lines = told.told.log.splitlines()
    if place == "journal":
        lines = [f"mx kamaelia-grey[71]: INFO {line}" for line in lines]
    log = tmp_path / "log"
    log.write_text("\n".join([*lines, ""]))
    reasons = NEVER_BY_MISTAKE | (FAULTS if mode == "aggressive" else set())
    wanted = [each["client"] for each in told.told.refusals if each["reason"] in reasons]
    assert Counter(banned(log, mode)) == Counter(wanted)
    assert "9.9.9.9" not in banned(log, mode)
    assert len(set(wanted)) > 4


@pytest.mark.needs("fail2ban-regex")
@pytest.mark.parametrize(
    "line", [HistoricalLines().ofRefusal, PostfixLines("mx").ofRefusal], ids=["kamaelia", "postfix"]
)
@pytest.mark.parametrize(("mode", "count"), [("normal", 0), ("aggressive", len(REPLIES))])
def test_fail2ban_finds_clients_whose_network_is_above_a_rate(
    tmp_path: Path, mode: str, count: int, line: Callable[[Refusal, float], str]
) -> None:
    log = tmp_path / "log"
    refusals = [Refusal("192.0.2.7", 1, "MAIL", "", reply, "x") for reply in REPLIES.values()]
    early = Refusal("192.0.2.8", 1, "CONNECT", "", EARLY_TALKER, "x")
    lines = [line(each, 1795247776.935) for each in [*refusals, early]]
    log.write_text("\n".join([*lines, ""]))
    assert banned(log, mode) == ["192.0.2.7"] * count + ["192.0.2.8"]


NEVER_BY_MISTAKE = {
    *("early talker", "relaying denied", "denied", "bare line end or NUL", "malformed line")
}
FAULTS = {
    *("malformed", "unknown command", "out of order", "pipelining not offered", "limit"),
    *("parameter not offered", "too many recipients", "handshake failed", "timeout"),
}


def banned(log: Path, mode: str) -> list[str]:
    """The address of each line that the filter matches."""
    words = ["fail2ban-regex", "-c", "/etc/fail2ban", "--raw", "-o", "ip", str(log)]
    found = subprocess.run(
        [*words, f"{FILTER}[mode={mode}]"], capture_output=True, text=True, timeout=PATIENCE
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout.split()
