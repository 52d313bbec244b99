"""A policy may need time to answer: the client waits, others do not, and nothing is lost."""

import asyncio
from typing import Any

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Apps.Grey.Policy.PolicyQuestion import Later
from Tests.Kamaelia.Apps.Grey.wire import Caller, FarEnd

RELAYS = pytest.mark.parametrize("relay", ["replay", "live"])


class Slow(ConcreteMailHandler):
    """Asks the event loop: each answer is there some turns later."""

    answers: dict[str, bool] = {}
    delay = 0.01

    def shouldWeAcceptRecipient(self, recipient: str) -> bool:
        return self.later(recipient)

    def shouldWeAcceptMail(self) -> bool:
        return self.later("DATA")

    def later(self, question: str) -> bool:
        future = self.__dict__.setdefault("asked", {}).get(question)
        if future is None:
            future = self.asked[question] = asyncio.get_running_loop().create_task(
                self.find(question)
            )
        if not future.done():
            raise Later(future)
        return bool(future.result())

    async def find(self, question: str) -> bool:
        await asyncio.sleep(self.delay)
        answer = self.answers.get(question, True)
        if isinstance(answer, Exception):
            raise answer
        return answer


def mail(server: Any) -> list[str]:
    caller = Caller(server.ports[0])
    said = caller.begin("<c@d.example>", "<e@d.example>")
    return [*said, caller.send()]


@RELAYS
def test_answers_that_come_later_count_as_those_that_come_at_once(serving: Any, relay: str) -> None:
    with FarEnd() as far:
        said = serving(mail, protocol=type("H", (Slow,), {"smtp_port": far.port, "relay": relay}))
        assert [line[:3] for line in said] == ["250"] * 4
    assert [each.recipients for each in far.mails] == [
        ["RCPT TO:<c@d.example>", "RCPT TO:<e@d.example>"]
    ]


def test_a_recipient_may_be_refused_later(serving: Any) -> None:
    answers = {"<e@d.example>": False}
    with FarEnd() as far:
        protocol = type("H", (Slow,), {"smtp_port": far.port, "answers": answers})
        said = serving(mail, protocol=protocol)
    assert [line[:3] for line in said] == ["250", "250", "550", "250"]
    assert [each.recipients for each in far.mails] == [["RCPT TO:<c@d.example>"]]


@pytest.mark.parametrize("answer", [False, OSError("no directory")])
def test_a_mail_may_be_deferred_later_also_by_an_error(serving: Any, answer: Any) -> None:
    protocol = type("H", (Slow,), {"answers": {"DATA": answer}})
    said = serving(mail, protocol=protocol)
    assert said[-1].startswith("451 4.7.1" if answer is False else "451 4.3.0")


def test_a_policy_that_takes_too_long_means_try_again_later(serving: Any) -> None:
    protocol = type("H", (Slow,), {"delay": 60, "policy_timeout": 0.05})
    assert serving(mail, protocol=protocol)[1].startswith("451 4.3.0")


def test_others_are_served_while_one_waits_for_its_answer(serving: Any) -> None:
    released: list[Any] = []

    class OneWaits(ConcreteMailHandler):
        def shouldWeAcceptRecipient(self, recipient: str) -> bool:
            if "slow" in self.sender and not released[:1]:
                self.future = asyncio.get_running_loop().create_future()
                released.append(self.future)
                raise Later(self.future)
            for future in released:
                future.done() or future.set_result(None)
            return True

    def client(server: Any) -> list[str]:
        slow, quick = Caller(server.ports[0]), Caller(server.ports[0])
        slow.sayAll("EHLO me", "MAIL FROM:<slow@b.example>")
        slow.socket.sendall(b"RCPT TO:<c@d.example>\r\n")
        said = quick.sayAll("EHLO me", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>")
        return [said[-1], slow.hear()]

    assert [line[:3] for line in serving(client, protocol=OneWaits)] == ["250", "250"]
