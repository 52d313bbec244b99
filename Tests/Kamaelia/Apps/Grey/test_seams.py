"""Where a policy that needs time meets everything else that happens to a connection meanwhile."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from Axon.Ipc import producerFinished
from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Apps.Grey.Policy.PolicyQuestion import Later
from Kamaelia.Apps.Grey.Records import LogFiles
from Tests.Kamaelia.Apps.Grey.wire import PATIENCE, Caller, FarEnd


class Ponders(ConcreteMailHandler):
    """Asks about each recipient: `asked` has the futures, which a test may answer."""

    asked: list[Any]
    hasAsked: Any
    answers = True

    def shouldWeAcceptRecipient(self, recipient: str) -> bool:
        if "quick" in recipient:
            return True
        known = self.__dict__.setdefault("known", {})
        if recipient not in known:
            known[recipient] = asyncio.get_running_loop().create_future()
            self.asked.append((self, known[recipient]))
            self.hasAsked.release()
        if not known[recipient].done():
            raise Later(known[recipient])
        return bool(known[recipient].result())

    def shouldWeAcceptMail(self) -> bool:
        return True

    def logResult(self) -> None:
        self.noteToLog(self.mailStatus)


def pondering(**settings: Any) -> Any:
    return type("H", (Ponders,), {"asked": [], "hasAsked": threading.Semaphore(0), **settings})


ASK = b"RCPT TO:<slow@d.example>\r\n"


def begin(server: Any, protocol: Any) -> Caller:
    """A client whose recipient is being thought about."""
    caller = Caller(server.ports[0])
    caller.sayAll("EHLO me", "MAIL FROM:<a@b.example>")
    caller.socket.sendall(ASK)
    assert protocol.hasAsked.acquire(timeout=PATIENCE)
    return caller


def answer(protocol: Any, isWelcome: bool = True) -> None:
    """Answers what was asked last, in the event loop."""
    handler, future = protocol.asked[-1]
    loop = handler.scheduler.loop
    loop.call_soon_threadsafe(lambda: future.done() or future.set_result(isWelcome))


def test_a_question_that_was_given_up_may_be_asked_again_in_the_same_mail(serving: Any) -> None:
    protocol = pondering(policy_timeout=0.05)

    def client(server: Any) -> list[str]:
        caller = begin(server, protocol)
        return [caller.hear(), *caller.sayAll("RCPT TO:<slow@d.example>", "NOOP")]

    assert [each[:9] for each in serving(client, protocol=protocol)] == [
        "451 4.3.0",
        "451 4.3.0",
        "250 2.0.0",
    ]


def test_a_limit_of_0_for_policy_is_none(serving: Any) -> None:
    protocol = pondering(policy_timeout=0)

    def client(server: Any) -> str:
        caller = begin(server, protocol)
        threading.Timer(0.05, answer, [protocol]).start()
        return caller.hear()

    assert serving(client, protocol=protocol)[:3] == "250"


@pytest.mark.parametrize("relay", ["live", "replay"])
def test_a_server_that_dies_while_a_policy_decides_leaves_no_time_limit_behind(
    serving: Any, relay: str
) -> None:
    with FarEnd() as far:
        protocol = pondering(policy_timeout=0.3, smtp_port=far.port, relay=relay)

        def client(server: Any) -> list[str]:
            caller = Caller(server.ports[0])
            caller.sayAll("EHLO me", "MAIL FROM:<a@b.example>", "RCPT TO:<quick@d.example>")
            caller.socket.sendall(ASK)
            assert protocol.hasAsked.acquire(timeout=PATIENCE)
            handler, _ = protocol.asked[-1]
            if handler.backend is not None and handler.backend.relaySession is not None:
                handler.scheduler.loop.call_soon_threadsafe(handler.TCPClient.abort)
            return [caller.hear(), caller.say("NOOP")]

        assert [each[:3] for each in serving(client, protocol=protocol)] == ["451", "250"]


@pytest.mark.parametrize("word", [b"", b"QUIT\r\n", b"RSET\r\n", b"DATA\r\n", b"\0\xff" * 60_000])
def test_what_a_client_does_while_policy_thinks_costs_its_own_connection(
    serving: Any, word: bytes
) -> None:
    with FarEnd() as far:
        protocol = pondering(smtp_port=far.port, extensions={"PIPELINING"})

        def client(server: Any) -> list[str]:
            caller = begin(server, protocol)
            caller.socket.sendall(word)
            answer(protocol)
            first = caller.hear()
            other = Caller(server.ports[0])
            return [first, other.say("NOOP")]

        assert [each[:3] for each in serving(client, protocol=protocol)] == ["250", "250"]
    assert far.mails == []


def test_a_client_that_leaves_while_policy_thinks_takes_the_question_along(serving: Any) -> None:
    protocol = pondering()

    def client(server: Any) -> bool:
        caller = begin(server, protocol)
        _, future = protocol.asked[-1]
        isOver = threading.Event()
        future.add_done_callback(lambda _: isOver.set())
        caller.close()
        return isOver.wait(PATIENCE) and future.cancelled()

    assert serving(client, protocol=protocol)


def test_a_server_that_is_told_to_stop_while_policy_thinks_still_answers(serving: Any) -> None:
    protocol = pondering()

    def client(server: Any) -> list[str]:
        caller = begin(server, protocol)
        scheduler = server.scheduler
        scheduler.callFromThread(lambda: server._deliver(producerFinished(), "control"))
        answer(protocol)
        return [caller.hear(), caller.hear(), caller.hear()]

    said = serving(client, protocol=protocol)
    assert [each[:9] for each in said] == ["250 2.1.5", "421 4.3.2", ""]


@pytest.mark.parametrize("log", ["logfile", "debuglogfile"])
@pytest.mark.parametrize("relay", ["live", "replay"])
def test_a_log_that_cannot_be_written_costs_no_mail_and_no_answer(
    serving: Any, caplog: Any, log: str, relay: str
) -> None:
    LogFiles.closeAll()
    with FarEnd() as far:
        settings = {"smtp_port": far.port, "relay": relay, log: "/dev/full"}
        protocol = pondering(**settings)

        def client(server: Any) -> list[str]:
            caller = Caller(server.ports[0])
            caller.begin("<quick@d.example>")
            return [caller.send(), caller.say("NOOP")]

        assert [each[:3] for each in serving(client, protocol=protocol)] == ["250", "250"]
    assert len(far.mails) == 1
    assert [each.getMessage() for each in caplog.records if "/dev/full" in each.getMessage()]


@pytest.mark.parametrize("form", ["class", "factory"])
@pytest.mark.parametrize("limit", ["max_connections", "max_connections_per_peer"])
def test_one_connection_too_many_is_told_so(serving: Any, form: str, limit: str) -> None:
    protocol = pondering()
    settings = {"protocol": protocol}
    if form == "factory":
        settings = {"protocol": lambda **info: protocol(**info), "refusal": protocol.refusal}

    def client(server: Any) -> list[str]:
        first = Caller(server.ports[0])
        second = Caller(server.ports[0])
        return [first.greeting[:3], second.greeting, second.hear(), first.say("NOOP")[:3]]

    said = serving(client, **settings, **{limit: 1})
    assert said == ["220", "421 4.7.0 Too many connections", "", "250"]


def test_what_a_server_says_in_several_lines_is_one_line_of_the_log(
    serving: Any, tmp_path: Path
) -> None:
    file = tmp_path / "log"
    with FarEnd(greeting="554-no\r\n554 \u009b2J go away") as far:
        protocol = pondering(smtp_port=far.port, logfile=str(file), relay="live")
        serving(
            lambda server: Caller(server.ports[0]).begin("<quick@d.example>"), protocol=protocol
        )
    lines = file.read_text(encoding="utf-8").split("\n")
    assert next(each for each in lines if "go away" in each).startswith("real server")
    assert "".join(lines).isprintable()
