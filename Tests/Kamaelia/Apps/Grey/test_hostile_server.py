"""A real server that says anything: the client is always answered, and never told of a mail.

The server is hostile where it says bytes that are no protocol, and early where it says what it
would say, before it is asked.
"""

import logging
import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from Axon.Component import component
from Axon.Scheduler import scheduler
from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Support.Failover import Health
from Kamaelia.Support.Protocol.SMTP.Relay import STAGES
from Tests.Kamaelia.Apps.Grey.dialogue import codes, talk
from Tests.Kamaelia.Apps.Grey.wire import GOOD, FarEnd, oneMail

RELAYS = pytest.mark.parametrize("relay", ["replay", "live"])
SHORT = 0.5  # seconds for a reply that never ends
OK = b"250 2.0.0 ok\r\n"
ANSWERS = {
    "greeting": b"220 far ready\r\n",
    "EHLO": b"250-far\r\n250-SIZE 10000000\r\n250 8BITMIME\r\n",
    "DATA": b"354 go on\r\n",
    "text": b"",
    "QUIT": b"221 bye\r\n",
}


class Hostile(socketserver.ThreadingTCPServer):
    """Hostile(RCPT=bytes) -> a server that says these bytes at a stage, else what is right.

    `dots` counts the ends of a text that it has heard.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, **said: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.said = {**ANSWERS, **said}
        self.dots = 0
        self.heard: list[bytes] = []

    def __enter__(self) -> "Hostile":
        threading.Thread(target=lambda: self.serve_forever(0.01), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Talk(socketserver.StreamRequestHandler):
    server: Hostile

    def handle(self) -> None:
        with suppress(OSError):
            self.say("greeting")
            while line := self.rfile.readline():
                self.server.heard.append(line)
                stage = line.split()[0].decode().upper()
                self.say(stage)
                if stage == "DATA":
                    self.takeText()

    def say(self, stage: str) -> None:
        self.wfile.write(self.server.said.get(stage, OK))

    def takeText(self) -> None:
        self.say("text")
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
        self.server.dots += 1
        self.say("dot")

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()


class Proxy(ConcreteMailHandler):
    smtp_timeouts: dict[str, float] = {}

    def shouldWeAcceptMail(self) -> bool:
        return True

    def noteToLog(self, line: str) -> None:
        """Nothing: there would be much of it."""


def proxyOf(*far: Any, **more: Any) -> Any:
    servers = [("127.0.0.1", each.server_address[1]) for each in far]
    usual = {"smtp_servers": servers, "smtp_health": Health(), "smtp_offer_interval": 0}
    return type("Handler", (Proxy,), usual | more)


@pytest.fixture(autouse=True)
def errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No error is logged: a traceback is none of the ways to answer a server."""
    yield
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


GARBAGE = [
    b"\0\xff" * 100 + b"\r\n",
    b"\r\n" * 100,
    b"250\n",
    b"250 " + b"x" * 100_000,
    b"250-more\r\n" * 100_000,
    b"250-a\r\n550 b\r\n",
    b"220 \xff\xfe \x1b[2J\r\n",
    b"999 what\r\n",
    b"-1 \r\n",
    b"250" * 10_000,
]
EARLY = [OK, b"354 go\r\n", b"421 4.3.2 bye\r\n", b"421", b"xyz\r\n"]


@RELAYS
@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "text", "dot"])
@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_at_any_stage_is_451(serving: Any, relay: str, stage: str, garbage: bytes) -> None:
    waits = {"dot" if stage == "text" else stage: SHORT}  # no other stage has a short time limit
    with Hostile(**{stage: garbage}) as far:
        protocol = proxyOf(far, relay=relay, smtp_timeouts=waits)
        reply = serving(oneMail(text=TEXT), protocol=protocol)
        assert reply.startswith("451 4.4.2" if stage == "dot" else "451 4.4.")
        assert far.dots <= (stage in ("dot", "text"))


TEXT = b"Subject: x\r\n\r\n" + (b"y" * 998 + b"\r\n") * 300  # several pieces


@RELAYS
@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("early", EARLY)
def test_a_reply_behind_another_is_never_the_answer_to_a_later_command(
    serving: Any, relay: str, stage: str, early: bytes
) -> None:
    right = ANSWERS.get(stage, OK)
    with Hostile(**{stage: right + early}) as far:
        reply = serving(oneMail(text=TEXT), protocol=proxyOf(far, relay=relay))
        assert reply.startswith("451 4.4.1")
        assert far.dots == 0


@RELAYS
@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT"])
@pytest.mark.parametrize("early", EARLY)
def test_the_next_server_gets_the_mail_instead(
    serving: Any, relay: str, stage: str, early: bytes
) -> None:
    with Hostile(**{stage: ANSWERS.get(stage, OK) + early}) as far, FarEnd() as second:
        protocol = proxyOf(far, second, relay=relay)
        assert serving(oneMail(), protocol=protocol) == GOOD["."]
        assert len(second.mails) == 1


@RELAYS
@pytest.mark.parametrize("refusal", ["552 5.3.4 far too big", "452 4.3.1 far is full"])
def test_a_refusal_within_the_text_reaches_the_client(
    serving: Any, relay: str, refusal: str
) -> None:
    with Hostile(text=f"{refusal}\r\n".encode()) as far, FarEnd() as second:
        protocol = proxyOf(far, second, relay=relay)
        assert serving(oneMail(text=TEXT * 10), protocol=protocol) == refusal
        assert second.heard == []  # a refusal is an answer


# Without sockets: any bytes, at any time


class Random(component):
    """A real server that sends the next of its chunks whenever it hears anything."""

    def __init__(self, chunks: list[bytes]) -> None:
        super().__init__()
        self.chunks = list(chunks)

    def main(self) -> Any:
        while self.chunks:
            self.send(self.chunks.pop(0))
            yield from self.waitForMessage()
            if self.dataReady("control"):
                return
            while self.dataReady("inbox"):
                self.recv()


class Behind(Proxy):
    chunks: list[bytes]
    smtp_timeouts = dict.fromkeys(STAGES, 0.01)
    inactivity_timeout = 5

    def connectToRealSMTPServer(self) -> None:
        far = self.TCPClient = Random(self.chunks)
        self.link((self, "tcp_outbox"), (far, "inbox"))
        self.link((far, "outbox"), (self, "tcp_inbox"))
        self.link((far, "signal"), (self, "tcp_control"))
        self.link((self, "tcp_signal"), (far, "control"))
        far.activate(Scheduler=self.scheduler)


WORDS = [b"220 a\r\n", b"250-a\r\n", b"250 b\r\n", b"354 c\r\n", b"421 d\r\n", b"552 e\r\n", b"x"]
WORDS += [b"250-a\r\n250-PIPELINING\r\n250 XFORWARD ADDR\r\n", b"250 f\r\n250 g\r\n", b"25", b"\n"]
usual = [b"220 a\r\n", b"250-a\r\n250 SIZE\r\n", OK, OK, b"354 go\r\n", OK]
anyBytes = st.one_of(
    st.binary(max_size=60), st.lists(st.sampled_from(WORDS), max_size=4).map(b"".join)
)


@st.composite
def conversations(draw: Any) -> list[bytes]:
    """What is usual up to a point, and anything from there on."""
    start = draw(st.integers(min_value=0, max_value=len(usual)))
    behind = draw(anyBytes)
    first = [*usual[: start - 1], usual[start - 1] + behind] if start else [behind]
    return [*first, *draw(st.lists(anyBytes, max_size=6))]


@RELAYS
@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(conversations())
def test_whatever_the_server_sends_each_command_is_answered_once(
    relay: str, protocol: str, chunks: list[bytes]
) -> None:
    scheduler.run = scheduler()
    handler = type("Handler", (Behind,), {"relay": relay, "chunks": chunks})
    mail = ["EHLO me", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "DATA"]
    text = b"Subject: x\r\n.\r\n"
    handler = handler(smtp_protocol=protocol, smtp_health=Health())
    dialogue = talk(handler, *mail, text, "QUIT")
    assert dialogue.closed
    answers = codes(dialogue)
    assert answers[:2] == [250, 250]
    # Where DATA was refused, the text is taken for commands that are not understood.
    assert len(answers) == 6 or answers[-1] in (500, 503)
