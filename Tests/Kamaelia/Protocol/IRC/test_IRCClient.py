"""An IRC client, through its boxes and beside a real server."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Protocol.IRC.IRCClient import IRC_Client
from Kamaelia.Support.Protocol.IRC import IRCError


def test_lines_are_heard_and_tuples_are_said() -> None:
    outcome = feed(
        IRC_Client(),
        inbox=[b":ann!a@h PRIV", b"MSG #tea :hi\r\n\r\nPING :irc\r\n", ":bob JOIN #tea\n"],
        talk=[("NICK", "ann"), ["ME", "#tea", "pours"]],
    )
    assert outcome["heard"] == [
        ("PRIVMSG", "ann", "#tea", "hi"),
        ("PING", "irc", "", ""),
        ("JOIN", "bob", "#tea", ""),
    ]
    assert outcome["outbox"] == [b"NICK ann\r\n", b"PRIVMSG #tea :\x01ACTION pours\x01\r\n"]


def test_a_bad_line_and_a_bad_command_are_reported_and_the_rest_continues() -> None:
    outcome = feed(
        IRC_Client(),
        inbox=[b":only.a.source\r\n", b"x" * 9000 + b"\r\nPING a\r\n"],
        talk=[("JOIN", "#tea\r\nQUIT"), 7, ("JOIN", "#tea")],
    )
    errors = [each.text for each in outcome["heard"] if each[:3] == ("CLIENT ERROR", "client", "")]
    assert len(errors) == 4
    assert errors[0] == ":only.a.source"
    assert errors[1].startswith("a line is longer than 8703 bytes")
    assert errors[2].startswith(repr("#tea\r\nQUIT"))
    assert errors[3] == "a command is a tuple of texts, not 7"
    assert ("PING", "a", "", "") in outcome["heard"]
    assert outcome["outbox"] == [b"JOIN #tea\r\n"]


@pytest.mark.parametrize("message", [FINISHED, shutdownMicroprocess()])
def test_a_shutdown_message_ends_it_after_the_messages_before_it(message: object) -> None:
    outcome = feed(IRC_Client(), inbox=[b"PING a\n"], talk=[("QUIT",)], control=["other", message])
    assert outcome["heard"] == [("PING", "a", "", "")]
    assert outcome["outbox"] == [b"QUIT\r\n"]
    assert outcome["signal"] == [message]
    assert outcome["disconnect"] == ["other", message]


def test_with_a_nickname_it_registers_answers_and_takes_leave() -> None:
    outcome = feed(
        IRC_Client(nick="ann", channels=["#tea"]),
        inbox=[b"PING :x\r\n:irc 001 ann :welcome\r\n"],
    )
    assert outcome["outbox"] == [
        b"NICK ann\r\n",
        b"USER ann 0 * :ann\r\n",
        b"PONG x\r\n",
        b"JOIN #tea\r\n",
        b"QUIT\r\n",
    ]


def test_a_nickname_that_cannot_be_sent_is_an_error_at_once() -> None:
    with pytest.raises(IRCError, match="a parameter"):
        IRC_Client(nick="ann\r\nQUIT")


def test_a_misspelt_setting_is_an_error() -> None:
    with pytest.raises(TypeError, match="channels"):
        IRC_Client(nick="ann", chanels=["#tea"])


def test_a_PING_that_cannot_be_answered_is_reported() -> None:
    outcome = feed(IRC_Client(nick="ann"), inbox=[b"PING :" + b"x" * 600 + b"\r\nPING a\r\n"])
    assert [heard[0] for heard in outcome["heard"]] == ["CLIENT ERROR", "PING"]
    assert b"PONG a\r\n" in outcome["outbox"]


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_no_bytes_of_a_server_end_it(pieces: list[bytes]) -> None:
    scheduler.run = scheduler()
    outcome = feed(IRC_Client(nick="ann", channels=["#tea"]), inbox=[*pieces, b"\r\nPING end\r\n"])
    assert outcome["heard"][-1] == ("PING", "end", "", "")


class SlowReader(component):
    """A component that takes one message a turn, and notes how many are waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []
        self.most = 0

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            while self.dataReady():
                self.most = max(self.most, self.dataReady())
                self.got.append(self.recv())
                yield 1
            if self.isShuttingDown():
                return


LINES = b"".join(b"PING %d\r\n" % number for number in range(500))


@pytest.mark.parametrize("isSized", [True, False])
def test_a_slow_listener_holds_it_and_loses_nothing(isSized: bool) -> None:
    reader = SlowReader()
    irc = IRC_Client()
    if isSized:
        reader.inboxes["inbox"].setSize(3)
    system = Graphline(
        IRC=irc,
        READER=reader,
        linkages={
            ("self", "inbox"): ("IRC", "inbox"),
            ("IRC", "heard"): ("READER", "inbox"),
            ("IRC", "signal"): ("READER", "control"),
        },
        **({} if isSized else {"capacity": 3}),
    )
    feed(system, inbox=[LINES])
    assert [heard[1] for heard in reader.got] == [str(number) for number in range(500)]
    assert reader.most <= 4


def test_shutdownMicroprocess_ends_it_while_its_listener_is_full() -> None:
    irc, full = IRC_Client(), component()
    full.inboxes["inbox"].setSize(1)
    irc.link((irc, "heard"), (full, "inbox"))
    message = shutdownMicroprocess()
    outcome = feed(irc, inbox=[LINES], control=[message])
    assert outcome["signal"] == [message]
    assert len(full.inboxes["inbox"]) == 1


def test_its_sized_inbox_refuses_more() -> None:
    irc, sender = IRC_Client(), component()
    irc.inboxes["inbox"].setSize(1)
    sender.link((sender, "outbox"), (irc, "inbox"))
    sender.send(b"PING a\n")
    with pytest.raises(noSpaceInBox):
        sender.send(b"PING b\n")


def test_a_flood_of_lines_leaves_turns_to_the_other_components() -> None:
    client = IRC_Client(nick="ann")

    class Busy(component):
        turns = 0

        def main(self) -> Iterator[int]:
            while not client.hasEnded():
                self.turns += 1
                yield 1

    busy = Busy().activate()
    outcome = feed(client, inbox=[b"PING a\r\n" * 10_000], control=[FINISHED])
    assert outcome["outbox"].count(b"PONG a\r\n") == 10_000
    assert busy.turns > 100
