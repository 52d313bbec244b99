"""An LMTP server that answers each recipient at random: no refused recipient goes unreported."""

import random
import re
import threading
from typing import Any

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Tests.Kamaelia.Apps.Grey.test_nothing_lost import inThreads
from Tests.Kamaelia.Apps.Grey.wire import GOOD, Caller, FarEnd

MAILS = 60
CLIENTS = 6
PATHS = ["<a@d.example>", "<b@d.example>", "<c@d.example>"]
ANSWERS = ["250 2.0.0 taken"] * 6 + ["452 4.2.2 full", "550 5.2.1 disabled"]


class Proxy(ConcreteMailHandler):
    smtp_protocol = "lmtp"

    def shouldWeAcceptMail(self) -> bool:
        return True


class Moody(FarEnd):
    """Takes a mail for some, refuses it for others, hangs up amid its answers, all at random."""

    def __init__(self, seed: int, takesReports: bool) -> None:
        super().__init__()
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.takesReports = takesReports
        self.delivered: list[tuple[str, str]] = []  # the number of a mail, and a recipient
        self.reported: list[tuple[str, str]] = []
        self.RequestHandlerClass = _answeringEach(self.RequestHandlerClass)

    def answerTo(self, stage: str) -> str:
        with self.lock:
            if stage == "RCPT" and self.chance.random() < 0.1:
                return self.chance.choice(ANSWERS[-2:])
            return GOOD[stage]

    def take(self, sender: str, recipients: list[str], text: str) -> list[str]:
        """The answers to a mail, for each of its recipients."""
        (number,) = re.findall(r"^Subject: (\d+)", text, re.MULTILINE)
        with self.lock:
            if sender == "MAIL FROM:<>":
                named = re.findall(r"^Final-Recipient: rfc822; (\S+)", text, re.MULTILINE)
                self.reported += [(number, f"<{address}>") for address in named]
                return ["250 2.0.0 reported"]
            answers = [self.chance.choice(ANSWERS) for _ in recipients]
            for line, answer in zip(recipients, answers, strict=True):
                if answer[0] == "2":
                    self.delivered.append((number, line.removeprefix("RCPT TO:")))
            cut = self.chance.randrange(len(answers)) if self.chance.random() < 0.1 else None
            return answers[:cut] if cut is None else [*answers[:cut], ""]


def _answeringEach(base: Any) -> Any:
    class Answering(base):  # type: ignore[misc]
        def heed(self, line: str) -> None:
            isReport = line.startswith("RCPT") and self.sender == "MAIL FROM:<>"
            if isReport and not self.server.takesReports:
                self.write("550 5.1.1 no such user here")
            elif isReport:
                self.recipients.append(line)
                self.write(GOOD["RCPT"])
            else:
                super().heed(line)

        def takeText(self) -> None:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
                if not line:
                    raise EOFError
            for answer in self.server.take(self.sender, self.recipients, b"".join(lines).decode()):
                if not answer:
                    raise EOFError
                self.write(answer)

    return Answering


def sendUntilSettled(port: int, number: int, told: set[tuple[str, str]]) -> None:
    """What a client with a queue does; `told` are those of whom it has heard that they get none."""
    waiting = list(PATHS)
    for _ in range(200):
        caller = Caller(port)
        _, *answers = caller.begin(*waiting)
        pairs = list(zip(waiting, answers, strict=True))
        told.update((str(number), path) for path, answer in pairs if answer[0] == "5")
        asked = [path for path, answer in pairs if answer[0] == "2"]
        waiting = [path for path, answer in pairs if answer[0] == "4"]
        reply = caller.send(f"Subject: {number}\r\n\r\nHello\r\n".encode()) if asked else "250"
        caller.close()
        if reply[0] == "4":
            waiting += asked
        elif reply.startswith("554-5.3.0"):
            told.update((str(number), path) for path in asked if f"{path}: 550" in reply)
        elif reply[0] == "5":
            told.update((str(number), path) for path in asked)
        if not waiting:
            return
    raise AssertionError(f"mail {number} was never settled")


@pytest.mark.parametrize("relay", ["replay", "live"])
@pytest.mark.parametrize("takesReports", [True, False])
@pytest.mark.parametrize("seed", [1, 2])
def test_each_recipient_has_the_mail_or_its_sender_knows_better(
    serving: Any, relay: str, takesReports: bool, seed: int
) -> None:
    told: set[tuple[str, str]] = set()

    def client(server: Any) -> None:
        def some(first: int) -> None:
            for number in range(first, MAILS, CLIENTS):
                sendUntilSettled(server.ports[0], number, told)

        inThreads([lambda first=first: some(first) for first in range(CLIENTS)])

    with Moody(seed, takesReports) as far:
        serving(client, protocol=type("P", (Proxy,), {"smtp_port": far.port, "relay": relay}))
        known = set(far.delivered) | set(far.reported) | told
    assert known == {(str(number), path) for number in range(MAILS) for path in PATHS}
    assert bool(far.reported) == takesReports
