"""A real Postfix on either side of the proxy: what it takes, and what it sends, is never lost."""

import os
import random
import re
import smtplib
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE
from Tests.Kamaelia.Apps.Grey.wire import (
    GOOD,
    HANG_UP,
    SILENCE,
    TOOK_AND_HUNG_UP,
    TOOK_IN_SILENCE,
    Caller,
    FarEnd,
    Mail,
    nowhere,
)
from Tests.Kamaelia.falseEnds import FALSE_ENDS

RELAYS = pytest.mark.parametrize("relay", ["replay", "live"])

pytestmark = [
    pytest.mark.needs("postfix"),
    pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root"),
]


class Proxy(ConcreteMailHandler):
    max_message_size = 100_000_000

    def shouldWeAcceptMail(self) -> bool:
        return True


def handler(port: int, relay: str, **settings: Any) -> Any:
    return type("Handler", (Proxy,), {"smtp_port": port, "relay": relay, **settings})


@pytest.fixture
def send(needs: Callable[[str], str]) -> Callable[..., str]:
    """send("swaks", *words) -> what it said; fails if the program did."""

    def run(program: str, *words: object) -> str:
        command = [needs(program), *(str(word) for word in words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE * 2)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


# Postfix as the server behind the proxy


def bodyOf(size: int) -> bytes:
    """Lines of all lengths, of all octets, many of them with a dot at the start."""
    octets = bytes(each for each in range(1, 256) if each not in b"\r\n")
    chance = random.Random(size)
    block = b"".join(
        b"." * chance.randrange(3) + octets[chance.randrange(255) :] + b"\r\n" for _ in range(500)
    )
    return (block * (size // len(block) + 1))[: size - 2].rstrip(b"\r") + b"\r\n"


@RELAYS
def test_mails_of_every_size_arrive_byte_for_byte(
    serving: Any, postfix: Callable[..., Postfix], relay: str
) -> None:
    behind = postfix()
    bodies = [bodyOf(size) for size in (1 << 10, 100 << 10, 1 << 20, 10 << 20, 50 << 20)]

    def client(server: Any) -> list[bytes]:
        for body in bodies:
            with smtplib.SMTP("127.0.0.1", server.ports[0], timeout=PATIENCE) as smtp:
                smtp.ehlo()
                # The first client may come before Postfix has told what it offers.
                options = ["BODY=8BITMIME"] if smtp.has_extn("8bitmime") else []
                text = b"Subject: x\r\n\r\n" + body
                smtp.sendmail("a@b.example", ["c@d.example"], text, options)
        return behind.waitForMails(len(bodies))

    arrived = serving(client, protocol=handler(behind.port, relay))
    got = sorted((mail.split(b"\n\n", 1)[1] for mail in arrived), key=len)
    meant = [body.replace(b"\r\n", b"\n") for body in bodies]
    assert [len(body) for body in got] == [len(body) for body in meant]
    assert got == meant


@RELAYS
def test_mails_of_swaks_and_smtp_source_arrive(
    serving: Any, postfix: Callable[..., Postfix], send: Callable[..., str], relay: str
) -> None:
    behind = postfix()

    def client(server: Any) -> tuple[str, list[bytes]]:
        address = f"127.0.0.1:{server.ports[0]}"
        people = ["--from", "a@b.example", "--to", "c@d.example,e@d.example"]
        said = send("swaks", "--server", address, *people, "--body", "Hello\n.\n..dots")
        words = ["-s", 10, "-m", 100, "-l", 4096, "-f", "a@b.example", "-t", "c@d.example"]
        send("smtp-source", *words, address)
        return said, behind.waitForMails(102)

    said, arrived = serving(client, protocol=handler(behind.port, relay))
    assert re.search(r"<-  250 2\.0\.0 Ok: queued as [0-9A-F]+", said)
    ofSwaks = [mail for mail in arrived if b"X-Mailer: swaks" in mail]
    assert [b"\n\nHello\n.\n..dots\n" in mail for mail in ofSwaks] == [True, True]
    ofSource = [mail.split(b"\n\n", 1)[1] for mail in arrived if mail not in ofSwaks]
    assert Counter(ofSource) == {ofSource[0]: 100}


def test_a_client_hears_what_postfix_says(serving: Any, postfix: Callable[..., Postfix]) -> None:
    behind = postfix(message_size_limit="5000")

    def client(server: Any) -> tuple[list[str], str, list[str]]:
        caller = Caller(server.ports[0])
        envelope = caller.begin("<nobody@d.example>", "<c@d.example>")
        taken = caller.send()
        said = caller.sayAll("MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>")
        refused = caller.send(b"x" * 998 + b"\r\n" + (b"y" * 998 + b"\r\n") * 9)
        assert len(behind.waitForMails(1)) == 1
        return envelope, taken, [*said, refused]

    # Nothing asks the server before for its SIZE, which the proxy would then obey itself.
    proxy = handler(behind.port, "live", smtp_offer_interval=0)
    envelope, taken, tooBig = serving(client, protocol=proxy)
    assert re.fullmatch(r"550 5\.1\.1 <nobody@d\.example>: .*User unknown.*", envelope[1])
    assert envelope[2] == "250 2.1.5 Ok"
    assert re.fullmatch(r"250 2\.0\.0 Ok: queued as [0-9A-F]+", taken)
    assert tooBig[-1].startswith("552 5.3.4 Error: message file too big")


def smuggle(port: int, end: bytes) -> str:
    """A mail with another in it; what is heard until the connection ends."""
    caller = Caller(port)
    caller.begin("<c@d.example>")
    inner = b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<e@d.example>\r\nDATA\r\nevil\r\n.\r\nQUIT\r\n"
    reply = caller.send(b"good" + end + inner, end=b"")
    return f"{reply}|{caller.file.read().decode()}"


@RELAYS
def test_nothing_is_smuggled_into_a_postfix_that_is_lax_about_line_ends(
    serving: Any, postfix: Callable[..., Postfix], relay: str
) -> None:
    behind = postfix()

    def client(server: Any) -> list[str]:
        said = [smuggle(server.ports[0], end) for end in FALSE_ENDS]
        caller = Caller(server.ports[0])
        caller.begin("<c@d.example>")
        return [*said, caller.send(b"honest\r\n")]

    *said, last = serving(client, protocol=handler(behind.port, relay))
    assert [reply for reply in said if not re.fullmatch(r"550 5\.5\.2 [^|]*\|", reply)] == []
    assert last.startswith("250 2.0.0 Ok: queued as")
    assert [mail[-7:] for mail in behind.waitForMails(1)] == [b"honest\n"]
    smuggle(behind.port, b"\n.\n")  # and it was worth trying: without the proxy it is two mails
    assert len(behind.waitForMails(3)) == 3


# Postfix as the client in front of the proxy


MAILS = 60

#: In which ways a real server fails, and may be tried again: a refusal of us is not one of a mail.
WAYS = {stage: [HANG_UP, "451 4.3.0 not now", "421 4.3.2 going down"] for stage in GOOD}
WAYS["greeting"] += [SILENCE, "554 5.3.2 not you"]
WAYS["EHLO"] += [SILENCE, "550 5.7.1 not you", "502 5.5.1 what"]
WAYS["HELO"] += ["550 5.7.1 not you"]
WAYS["MAIL"] += [SILENCE]
WAYS["RCPT"] += [SILENCE]
WAYS["DATA"] += [SILENCE]
WAYS["."] += [SILENCE, TOOK_IN_SILENCE, *[TOOK_AND_HUNG_UP] * 3]


class Failing(FarEnd):
    """Fails one time in three, until it has done so in each way twice."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.left = {
            stage: self.chance.sample(ways * 2, len(ways) * 2) for stage, ways in WAYS.items()
        }

    def answerTo(self, stage: str) -> str:
        with self.lock:
            if self.left[stage] and self.chance.random() < 1 / 3:
                return self.left[stage].pop()
            return GOOD[stage]


def copies(mails: list[Mail]) -> Counter[str]:
    """How often each recipient got its mail."""
    return Counter(path for mail in mails for path in mail.recipients)


@RELAYS
def test_the_queue_of_a_postfix_drains_into_a_server_that_fails_and_recovers(
    serving: Any, postfix: Callable[..., Postfix], send: Callable[..., str], relay: str
) -> None:
    def client(server: Any) -> str:
        front = postfix(
            relayhost=f"[127.0.0.1]:{server.ports[0]}",
            default_destination_concurrency_failed_cohort_limit="0",
            minimal_backoff_time="1s",
            maximal_backoff_time="1s",
            queue_run_delay="1s",
        )
        words = ["-N", "-s", 5, "-m", MAILS, "-r", 2, "-f", "a@b.example", "-t", "c@f.example"]
        send("smtp-source", *words, f"127.0.0.1:{front.port}")
        front.waitForLog("status=deferred")  # no server is reached: it waits
        protocol.smtp_port = far.port
        front.waitUntil(front.hasDrained, "all has been sent")
        front.waitForLog("status=sent", 2 * MAILS)
        return front.log()

    timeouts = dict.fromkeys(("greeting", "EHLO", "HELO", "MAIL", "RCPT", "DATA"), 1) | {"dot": 1}
    protocol = handler(nowhere(), relay, smtp_timeouts=timeouts)
    with Failing(seed=1) as far:
        log = serving(client, protocol=protocol)
    arrived = copies(far.mails)
    assert arrived == Counter(arrived.keys()) + copies(far.unheard)
    assert [stage for stage in ("greeting", "MAIL", "RCPT", "DATA", ".") if far.left[stage]] == []
    assert len(arrived) == 2 * MAILS
    assert log.count("status=sent") == 2 * MAILS
    assert "status=bounced" not in log
    assert {mail.sender.split()[1] for mail in far.mails} == {"FROM:<a@b.example>"}


# Many


@RELAYS
def test_ten_thousand_mails_of_smtp_source_all_arrive_once(
    serving: Any,
    smtpSink: Callable[..., Any],
    send: Callable[..., str],
    waitForSink: Callable[[int], None],
    relay: str,
) -> None:
    _, port = smtpSink()

    def client(server: Any) -> None:
        words = ["-s", 20, "-m", 10_000, "-l", 1024, "-d"]
        send("smtp-source", *words, f"127.0.0.1:{server.ports[0]}")

    serving(client, protocol=handler(port, relay))
    waitForSink(10000)


HIDDEN = [
    "<c%evil.example@d.example>",
    '<"c@evil.example"@d.example>',
    "<evil.example!c@d.example>",
]


def test_a_route_that_postfix_would_follow_for_us_is_refused_to_strangers(
    serving: Any, postfix: Callable[..., Postfix]
) -> None:
    """Postfix takes the proxy for one of its own, and its domain off: an open relay."""

    def ask(server: Any) -> list[str]:
        return Caller(server.ports[0]).begin(*HIDDEN, "<c@d.example>")[1:]

    with FarEnd() as elsewhere:
        server = postfix(
            mydestination="d.example",
            virtual_mailbox_domains="",
            relayhost=f"[127.0.0.1]:{elsewhere.port}",
        )
        direct = Caller(server.port)
        direct.begin(HIDDEN[0])
        assert direct.send()[:3] == "250"
        assert elsewhere.ended.acquire(timeout=PATIENCE)
        assert [each.recipients for each in elsewhere.mails] == [["RCPT TO:<c@evil.example>"]]
        with closing(Greylist(store="memory:")) as greylist:
            settings = {"smtp_port": server.port, "relay": "live", "greylist": greylist}
            ours = {"allowed_domains": ["d.example"], **settings}
            said = serving(ask, protocol=type("Grey", (GreyListingPolicy,), ours))
    assert [each[:9] for each in said] == ["550 5.7.1"] * len(HIDDEN) + ["250 2.1.5"]
