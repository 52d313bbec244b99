"""The administrator's guide is true: what it says to do is done, to a real Postfix, as written."""

import json
import os
import re
import shlex
import socket
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Service.Application import FIXED
from Kamaelia.Apps.Grey.Service.Command import main, parser
from Kamaelia.Apps.Grey.Service.Metrics import COUNTERS
from Kamaelia.Support.Greylist import Rules
from Kamaelia.Support.Protocol.ProxyHeader import Origin, lineFor
from Kamaelia.Support.Protocol.SMTP.Refusal import OTHER_REASONS, REASONS
from Kamaelia.Support.Settings.Configuration import parse
from Kamaelia.Support.Settings.ExampleFile import reference
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, ROOT, python
from Tests.Kamaelia.Apps.Grey.wire import Caller

GUIDE = "\n".join(
    page.read_text(encoding="utf-8") for page in sorted((ROOT / "Docs").glob("grey*.rst"))
)
BLOCK = re.compile(
    r"^\.\. code-block:: (\w+)\n(?:   :caption: (.*)\n)?\n((?:   .*\n|\n)+)", re.MULTILINE
)
BLOCKS = [(kind, caption, textwrap.dedent(text)) for kind, caption, text in BLOCK.findall(GUIDE)]

needsPostfix = [
    pytest.mark.needs("postfix"),
    pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root"),
]


def block(caption: str) -> str:
    """The block of the guide with this caption."""
    (found,) = [text for _, each, text in BLOCKS if each == caption]
    return found


def shape(caption: str) -> str:
    """A pattern for an answer that the guide shows, with any id of 12 letters and digits."""
    return re.sub(r"\w{12}", r"\\w+", re.escape(block(caption).strip()))


def commandsIn(text: str) -> list[str]:
    """What is typed at a prompt."""
    return re.findall(r"^[#$] (.+)$", text, re.MULTILINE)


# In front of Postfix

STRANGER = Origin("198.51.100.7", 4711, "192.0.2.25", 25)
OURSELVES = Origin("127.0.0.1", 4711, "127.0.0.1", 25)

ADDED = """
[listen]
addresses = ["127.0.0.1:0"]
proxy_protocol_from = ["127.0.0.1"]
[greylist]
min_defer_time = 0
large_senders = false
[store]
url = "sqlite:{folder}/greylist.db"
"""


class Machine:
    """A machine with a Postfix as it was, on which one does what the guide says."""

    def __init__(self, run: Callable[..., Any], far: Postfix, port: int, folder: Path) -> None:
        self.run, self.far, self.behind, self.folder = run, far, port, folder
        self.file = folder / "kamaelia-grey.toml"
        self.port = 0

    def do(self, caption: str) -> None:
        """The commands of a block for Postfix, for this one and its ports."""
        for command in commandsIn(block(caption)):
            if not command.startswith("post"):
                continue
            words = shlex.split(self._here(command))
            words[1:1] = ["-c", str(self.far.folder / "etc")]
            subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE)

    def _here(self, command: str) -> str:
        command = re.sub(r"smtp(?=[/ ]inet)", f"127.0.0.1:{self.far.port}", command)
        return command.replace("10025", str(self.behind)).replace(" n - y ", " n - n ")

    def greylist(self, **instead: str) -> None:
        """Kamaelia Grey, with the configuration of the guide, and what a test needs besides."""
        text = block("/etc/kamaelia-grey.toml") + ADDED.format(folder=self.folder)
        for before, after in {"/var/log/kamaelia-grey": str(self.folder), **instead}.items():
            assert before in text
            text = text.replace(before, after)
        self.file.write_text(text.replace("10025", str(self.behind)))
        program = self.run(*python("-m", "Kamaelia.Apps.Grey", "run", "-c", self.file))
        said = program.readUntil("listens on")
        self.port = int(re.findall(r"listens on 127.0.0.1:(\d+)", said)[0])

    def send(self, origin: Origin, recipient: str = "<you@example.org>") -> str:
        """A mail of a client somewhere: the answer to its recipient, or to its text."""
        caller = Caller(self.port, before=lineFor(origin))
        said = caller.begin(recipient)[-1]
        said = caller.send() if said[0] == "2" else said
        caller.end()
        return said


@pytest.fixture
def machine(
    run: Callable[..., Any],
    postfix: Callable[..., Postfix],
    freePorts: Callable[[], int],
    tmp_path: Path,
) -> Machine:
    far = postfix(
        mynetworks="127.0.0.0/8",
        smtpd_relay_restrictions="permit_mynetworks, permit_sasl_authenticated,"
        " defer_unauth_destination",
        virtual_mailbox_domains="example.org",
        virtual_mailbox_maps="inline:{you@example.org=box/}",
        smtpd_client_event_limit_exceptions="",
        smtpd_authorized_xclient_hosts="127.0.0.1",
    )
    return Machine(run, far, freePorts(), tmp_path)


class TestPostfix:
    pytestmark = needsPostfix

    def test_as_the_guide_says_a_stranger_waits_passes_and_is_known_to_postfix(
        self, machine: Machine
    ) -> None:
        machine.do("Move Postfix")
        machine.far.program.waitForPort(machine.behind)
        machine.greylist()
        assert main(["check", "-c", str(machine.file)]) == 0
        assert machine.send(STRANGER).startswith("451 4.7.1 Greylisted")
        assert STRANGER.peer not in machine.far.log()
        assert machine.send(STRANGER).startswith("250 2.0.0 Ok: queued as")
        (mail,) = machine.far.waitForMails(1)
        assert b"Received: from client (unknown [198.51.100.7])" in mail
        machine.far.waitForLog(r"postfix/behind-grey/smtpd.*client=unknown\[198.51.100.7\]")
        answer = machine.send(STRANGER, "<nobody@example.org>")
        assert answer.startswith("451 4.7.1 Greylisted")
        answer = machine.send(STRANGER, "<nobody@example.org>")
        assert answer.startswith("550 5.1.1 <nobody@example.org>")
        lines = (machine.folder / "mails.json").read_text().splitlines()
        records = [json.loads(each) for each in lines]
        assert [each["status"] for each in records if each["event"] == "mail"] == [
            *("DEFERRED", "ACCEPTED", "DEFERRED", "REFUSED")
        ]

    @pytest.mark.needs("swaks")
    def test_it_can_be_tried_on_a_high_port_beside_postfix(self, machine: Machine) -> None:
        """With a delay of a second, the words are those of the guide with its 20 seconds."""
        far = machine.far
        text = (
            block("try.toml")
            .replace("8025", "0")
            .replace('"127.0.0.1:25"', f'"127.0.0.1:{far.port}"')
        )
        assert text.count("20s") == 1
        machine.file.write_text(text.replace("20s", "1s"))
        run, send = map(shlex.split, commandsIn(block("Try it")))
        assert run == ["kamaelia-grey", "run", "-c", "try.toml"]
        arguments = [*run[1:3], machine.file]
        program = machine.run(*python("-m", "Kamaelia.Apps.Grey", *arguments), cwd=machine.folder)
        (port,) = re.findall(r"listens on 127.0.0.1:(\d+)", program.readUntil("listens on"))
        words = [each.replace("8025", port).replace("user@", "you@") for each in send]

        def said() -> str:
            done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
            return done.stdout

        assert re.search(shape("The first answer").replace(r"20\ seconds", r"1\ second"), said())
        far.waitUntil(
            lambda: re.search(shape("The second answer"), said()) is not None, "a retry passes"
        )
        far.waitForMails(1)
        assert {each.name for each in machine.folder.glob("try*")} >= {"try.db"}

    def test_postfix_leaves_its_port_to_the_proxy(self, machine: Machine) -> None:
        machine.do("Move Postfix")
        machine.far.program.waitForPort(machine.behind)

        def isLeft() -> bool:
            try:
                socket.create_connection(("127.0.0.1", machine.far.port), timeout=PATIENCE).close()
            except ConnectionRefusedError:
                return True
            return False

        machine.far.waitUntil(isLeft, "its old port is left")

    def test_postfix_takes_its_port_back(self, machine: Machine) -> None:
        machine.do("Move Postfix")
        machine.far.program.waitForPort(machine.behind)
        machine.do("Remove")
        machine.far.program.waitForPort(machine.far.port)
        assert Caller(machine.far.port).begin("<you@example.org>")[-1].startswith("250")

    @pytest.mark.parametrize("protocols", ["ipv4", "all"])
    def test_a_postfix_of_IPv4_alone_takes_no_client_of_IPv6(
        self, machine: Machine, protocols: str
    ) -> None:
        """So that the guide has to say to listen on IPv4 alone then."""
        words = ["postconf", "-c", str(machine.far.folder / "etc"), f"inet_protocols={protocols}"]
        subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE)
        machine.do("Move Postfix")
        machine.far.program.waitForPort(machine.behind)
        machine.greylist()
        for _ in range(2):
            answer = machine.send(Origin("2001:db8::7", 4711, "2001:db8::25", 25))
        assert answer[:9] == {"ipv4": "451 4.4.1", "all": "250 2.0.0"}[protocols]

    def test_the_policy_service_greylists_as_the_guide_says(
        self, machine: Machine, freePorts: Callable[[], int]
    ) -> None:
        port, far = freePorts(), machine.far
        more = f'[greylist]\nmin_defer_time = 0\n[store]\nurl = "sqlite:{machine.folder}/g.db"\n'
        text = block("Policy service").replace("/var/log/kamaelia-grey", str(machine.folder))
        machine.file.write_text(text.replace("10023", str(port)) + more)
        assert main(["check", "-c", str(machine.file)]) == 0
        program = machine.run(*python("-m", "Kamaelia.Apps.Grey", "run", "-c", machine.file))
        assert f"listens on 127.0.0.1:{port}" in program.readUntil("listens on")
        for command in commandsIn(block("Ask the policy service")):
            words = shlex.split(command.replace("10023", str(port)))
            words[1:1] = ["-c", str(far.folder / "etc")]
            subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE)
        first, again, ours = [self.askedMail(far.port, each) for each in (True, True, False)]
        assert first.startswith("450 4.7.1")
        assert again.startswith("250 2.0.0")
        assert ours.startswith("250 2.0.0")
        mails = far.waitForMails(2)
        assert sum(b"X-Greylist: delayed" in each for each in mails) == 1

    def askedMail(self, port: int, isStranger: bool) -> str:
        """A mail to Postfix, of a stranger or of this machine: the last answer."""
        caller = Caller(port)
        if isStranger:
            caller.say("EHLO client")
            caller.say(f"XCLIENT NAME=[UNAVAILABLE] ADDR={STRANGER.peer} PORT=4711")
        said = caller.begin("<you@example.org>")[-1]
        said = caller.send() if said[0] == "2" else said
        caller.end()
        return said

    def test_only_this_machine_may_send_to_any_domain(self, machine: Machine) -> None:
        machine.do("Move Postfix")
        machine.far.program.waitForPort(machine.behind)
        machine.greylist()
        assert machine.send(STRANGER, "<x@elsewhere.example>").startswith("550 5.7.1")
        assert machine.send(OURSELVES, "<x@elsewhere.example>").startswith("250 2.0.0")

    @pytest.mark.parametrize("telling", ["proxy", "xclient"])
    def test_if_the_first_lock_is_open_the_second_holds(
        self, machine: Machine, telling: str
    ) -> None:
        machine.do("Move Postfix")
        if telling == "xclient":
            machine.do("XCLIENT instead")
        machine.far.program.waitForPort(machine.behind)
        ours = '"example.org", "elsewhere.example"'
        machine.greylist(**{'"example.org"': ours, '"proxy"': f'"{telling}"'})
        for _ in range(2):
            answer = machine.send(STRANGER, "<x@elsewhere.example>")
        assert re.match(r"[45]54 .*Relay access denied", answer)
        assert machine.send(STRANGER).startswith("451 4.7.1")
        assert machine.send(STRANGER).startswith("250 2.0.0")

    @pytest.mark.parametrize("telling", ["none", "xclient"])
    def test_if_the_two_disagree_no_mail_passes_and_none_is_relayed(
        self, machine: Machine, telling: str
    ) -> None:
        machine.do("Move Postfix")
        machine.far.program.waitForPort(machine.behind)
        machine.greylist(**{'"proxy"': f'"{telling}"'})
        for _ in range(2):
            answer = machine.send(STRANGER)
        assert answer.startswith("451 4.4.1")
        assert machine.far.queued() == 0

    def test_with_xclient_and_without_it_a_process_here_is_not_trusted(
        self, machine: Machine
    ) -> None:
        machine.do("Move Postfix")
        machine.do("XCLIENT instead")
        machine.far.program.waitForPort(machine.behind)
        answer = Caller(machine.behind).begin("<x@elsewhere.example>")[-1]
        assert re.match(r"[45]54 .*Relay access denied", answer)


# What is said of everything else


def test_the_settings_in_the_guide_are_those_that_there_are() -> None:
    written = (ROOT / "Docs" / "grey_settings.inc").read_text(encoding="utf-8")
    assert written == reference(), (
        "make it anew: python -c 'from Kamaelia.Support.Settings.ExampleFile import reference;"
        ' print(reference(), end="")\' > Docs/grey_settings.inc'
    )


@pytest.mark.parametrize("text", [text for kind, _, text in BLOCKS if kind == "toml"])
def test_each_configuration_in_the_guide_is_one(text: str) -> None:
    needed = "" if "[forward]" in text else "[forward]\nallowed_domains = []\n"
    parse(needed + text)


COMMANDS = re.findall(
    r"(?<=kamaelia-grey )(?:list|show|allow|deny|forget|stats|import|run|check)"
    r"\b[^;<>|\n]*",
    "\n".join(line for kind, _, text in BLOCKS if kind == "console" for line in commandsIn(text)),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_in_the_guide_is_understood(command: str) -> None:
    assert parser().parse_args(shlex.split(command)).do


def test_there_are_commands_and_configurations_in_the_guide() -> None:
    assert len(COMMANDS) >= 12
    assert len([kind for kind, _, _ in BLOCKS if kind == "toml"]) >= 6


def test_what_a_reload_does_not_change_is_named() -> None:
    about = GUIDE.partition("Changing settings while it runs")[2].partition("\nTLS\n")[0]
    assert [name for _, name in FIXED if f"``{name}``" not in about] == []


def test_a_mail_in_the_journal_has_what_the_guide_shows() -> None:
    shown = json.loads(block("A mail in jsonlogfile"))
    source = (ROOT / "Kamaelia" / "Apps" / "Grey" / "Records" / "MailNotes.py").read_text()
    shownNames = {*shown, *shown["recipients"][0]}
    assert set(re.findall(r'"(\w+)": ', source)) == shownNames


def test_each_reason_of_the_rules_is_explained() -> None:
    source = (ROOT / "Kamaelia" / "Support" / "Greylist" / "Rules.py").read_text()
    reasons = set(re.findall(r'(?:_deferAnew|Decision)\((?:True, |False, )?"([a-z ]+)"', source))
    reasons |= {Rules.NEVER_SEEN, Rules.TOO_MANY, Rules.WAITED, Rules.NOT_SUSPICIOUS, Rules.REGULAR}
    assert len(reasons) == 10
    assert [each for each in reasons if f"``{each}``" not in GUIDE] == []


def test_each_figure_is_named() -> None:
    assert [name for name, *_ in COUNTERS.values() if f"``{name}_total``" not in GUIDE] == []


ALARMS = (ROOT / "Docs" / "grey_alarms.rst").read_text(encoding="utf-8")
RULES = (ROOT / "Packaging" / "prometheus-kamaelia-grey.rules.yml").read_text(encoding="utf-8")
LABELS = {
    "status": {"accepted", "deferred", "refused", "dropped"},
    "verdict": {"accepted", "deferred", "refused"},
    "reason": {*REASONS.values(), *OTHER_REASONS.values()},
}


def test_alarms_and_dashboards_name_metrics_that_there_are() -> None:
    there = {f"{name}_total" for name, *_ in COUNTERS.values()} | {"kamaelia_grey_store_up"}
    named = set(re.findall(r"kamaelia_grey_\w+", ALARMS + RULES))
    assert named == there


@pytest.mark.parametrize(("label", "value"), re.findall(r'(\w+)="([\w ]+)"}', ALARMS + RULES))
def test_alarms_and_dashboards_name_labels_that_there_are(label: str, value: str) -> None:
    assert value in LABELS[label]


def test_each_alarm_is_explained() -> None:
    alarms = re.findall(r"- alert: (\w+)", RULES)
    assert len(alarms) > 4
    assert [each for each in alarms if not re.search(rf"^{each} ", ALARMS, re.MULTILINE)] == []


def test_clients_that_passed_postgrey_are_allowed(tmp_path: Path, monkeypatch: Any) -> None:
    log, store = tmp_path / "mail.log", tmp_path / "grey.db"
    line = "Nov 1 10:00:00 mx postgrey[7]: action={}, reason=x, client_name=a, client_address={}, x"
    clients = [("pass", "192.0.2.1"), ("greylist", "192.0.2.2"), ("pass", "2001:db8::1")]
    log.write_text("".join(line.format(*each) + "\n" for each in clients * 2))
    file = tmp_path / "kamaelia-grey.toml"
    file.write_text(f'[forward]\nallowed_domains = []\n[store]\nurl = "sqlite:{store}"\n')
    text = "\n".join(commandsIn(block("Clients that passed postgrey")))
    text = text.replace("/var/log/mail.log", str(log)).replace("/tmp/known", f"{tmp_path}/known")
    program = shlex.join(str(word) for word in python("-m", "Kamaelia.Apps.Grey"))
    text = text.replace("kamaelia-grey", program)
    done = subprocess.run(
        ["sh", "-c", text],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.stdout == "client 192.0.2.1: allow\nclient 2001:db8::1: allow\n", done.stderr


CLIENTS = """\
# comment
example.com   # why
192.0.2.1
198.51.100.0/24
203.0.113
2001:db8::/32
/^mail\\d+\\.example\\.net$/
"""


def test_the_lists_of_postgrey_are_understood(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "whitelist_clients").write_text(CLIENTS)
    (tmp_path / "whitelist_recipients").write_text("# comment\npostmaster@\nann@example.org\n")
    text = "\n".join(commandsIn(block("The lists of postgrey")))
    for folder in ("/etc/postgrey", "/etc"):
        text = text.replace(f"{folder}/", f"{tmp_path}/")
    subprocess.run(["sh", "-c", text], check=True, timeout=PATIENCE)
    assert (tmp_path / "kamaelia-grey.clients").read_text().split() == [
        *("example.com", "*.example.com", "192.0.2.1", "198.51.100.0/24", "203.0.113"),
        "2001:db8::/32",
    ]
    assert (tmp_path / "kamaelia-grey.recipients").read_text().split() == [
        *("postmaster@*", "ann@example.org")
    ]
    (allow,) = [text for kind, _, text in BLOCKS if kind == "toml" and "[allow]" in text]
    file = tmp_path / "grey.toml"
    rest = '[forward]\nallowed_domains = []\n[store]\nurl = "memory:"\n'
    file.write_text(rest + allow.replace("/etc/", f"{tmp_path}/"))
    assert main(["check", "-c", str(file)]) == 0, capsys.readouterr().err
