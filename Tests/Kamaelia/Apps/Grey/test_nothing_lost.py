"""A real server that fails in every way at random: nothing is lost, and little is doubled."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Tests.Kamaelia.Apps.Grey.wire import GOOD, HANG_UP, PATIENCE, Caller, FarEnd
from Tests.Kamaelia.sockets import reset

MAILS = 200
CLIENTS = 8


class Proxy(ConcreteMailHandler):
    def shouldWeAcceptMail(self) -> bool:
        return True


class Unreliable(FarEnd):
    """Fails one time in ten, at any stage, in one of three ways."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.lock = threading.Lock()

    def answerTo(self, stage: str) -> str:
        with self.lock:
            if self.random.random() < 0.1:
                return self.random.choice([HANG_UP, "451 4.3.0 not now", "421 4.3.2 going down"])
        return GOOD[stage]


def sendUntilTaken(server: Any, numbers: list[int]) -> None:
    """What a mail server does with its queue: tries each mail until it hears that it is taken."""
    for number in numbers:
        text = f"Subject: {number}\r\n\r\n".encode() + b"x" * 2000 + b"\r\n"
        for _ in range(100):
            caller = Caller(server.ports[0])
            replies = caller.begin()
            isTaken = replies[-1][:1] == "2" and caller.send(text)[:1] == "2"
            caller.close()
            if isTaken:
                break
        else:
            raise AssertionError(f"mail {number} was never taken")


@pytest.mark.parametrize("relay", ["replay", "live"])
@pytest.mark.parametrize("seed", [1, 2])
def test_each_mail_arrives_once_whatever_the_server_does(
    serving: Any, relay: str, seed: int
) -> None:
    def client(server: Any) -> None:
        parts = [list(range(first, MAILS, CLIENTS)) for first in range(CLIENTS)]
        inThreads([lambda part=part: sendUntilTaken(server, part) for part in parts])

    with Unreliable(seed) as far:
        protocol = type("P", (Proxy,), {"smtp_port": far.port, "relay": relay})
        serving(client, protocol=protocol)
        arrived = Counter(mail.text.split(b"\r\n")[0] for mail in far.mails)
    assert arrived == {f"Subject: {number}".encode(): 1 for number in range(MAILS)}


WORDS = [b"EHLO me", b"HELO", b"MAIL FROM:<a@b.c>", b"RCPT TO:<d@e.f>", b"DATA", b"RSET", b"QUIT"]
WORDS += [b"\r\n"] * 8 + [
    b"\n",
    b"\r",
    b"\0",
    b".\r\n",
    b"NOOP",
    b"\xff\xfe",
    b"x" * 600,
    b"<" * 50,
]


@pytest.mark.parametrize("relay", ["replay", "live"])
def test_whatever_strangers_send_and_however_they_leave_the_next_mail_is_taken(
    serving: Any, relay: str, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(7)

    def client(server: Any) -> str:
        for number in range(300):
            caller = Caller(server.ports[0])
            for _ in range(chance.randrange(4)):
                with suppress(OSError):
                    caller.socket.sendall(b"".join(chance.choices(WORDS, k=10)))
            if number % 2:
                reset(caller.socket)
            caller.close()
        caller = Caller(server.ports[0])
        caller.begin()
        return caller.send()

    with FarEnd() as far:
        protocol = type("P", (Proxy,), {"smtp_port": far.port, "relay": relay})
        assert serving(client, protocol=protocol) == GOOD["."]
    assert "ended with an error" not in caplog.text


def inThreads(works: list[Callable[[], None]]) -> None:
    """Does all of it at once; raises the first error."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 2)
    for error in errors:
        raise error
