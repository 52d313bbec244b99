"""A wait that is yielded without `from` is an error; any other yielded value is ignored."""

import asyncio

import pytest

from Axon.Component import component
from Axon.Microprocess import microprocess
from Axon.testing import feed
from Axon.ThreadedComponent import threadedcomponent
from Axon.YieldCheck import Wait, faultOf
from Kamaelia.Util.Parent import parent

WAITS = [
    (
        "waitForMessage",
        lambda self: self.waitForMessage(),
        "write yield from self.wait",
    ),
    ("waitForMessage", lambda self: self.waitForMessage("inbox"), "write yield from self.wait"),
    ("waitForMessage", lambda self: self.waitForMessage(timeout=1), "write yield from self.wait"),
    ("waitForChange", lambda self: self.waitForChange(), "write yield from self.waitForChange"),
    ("waitUntil", lambda self: self.waitUntil(1.0), "write yield from self.waitUntil"),
    ("passOnShutdown", lambda self: self.passOnShutdown(), "write yield from self.passOnShutdown"),
    ("waitForChildren", lambda self: self.waitForChildren(), "write yield from self.waitForChild"),
    ("receive", lambda self: self.receive(), r"write await self.receive\(\) in an async def main"),
    ("messages", lambda self: self.messages(), r"write async for message in self.messages\(\)"),
]


@pytest.mark.parametrize(("name", "wait", "remedy"), WAITS)
@pytest.mark.parametrize("given", [[], [1]], ids=["no message", "a message"])
def test_a_wait_that_is_yielded_without_from_is_an_error_at_the_yield(name, wait, remedy, given):
    class Echo(parent):
        def main(self):
            yield wait(self)

    with pytest.raises(
        TypeError, match=rf"Echo_\d+ yields self.{name}\(\), .*: {remedy}"
    ) as caught:
        feed(Echo(), inbox=given, control=[])
    assert "main" in [entry.frame.code.name for entry in caught.traceback]


class YieldsFromPause(component):
    def main(self):
        yield from self.pause()


class YieldsFromPauseWithTimeout(component):
    def main(self):
        yield from self.pause(timeout=3)


class AwaitsPause(component):
    async def main(self):
        await self.pause()


@pytest.mark.parametrize(
    ("kind", "instead"),
    [
        (YieldsFromPause, "write yield self.pause(), or yield from self.waitForMessage()"),
        (YieldsFromPauseWithTimeout, "write yield self.pause(), or"),
        (AwaitsPause, "write await self.anyMessage()"),
    ],
)
def test_the_error_of_a_pause_with_from_says_what_to_write(kind, instead):
    with pytest.raises(TypeError) as caught:
        kind().run()
    assert instead in caught.value.__notes__[0]


def test_another_error_of_a_number_gets_no_remedy():
    class YieldsFromNumber(component):
        def main(self):
            self.cancelPause()
            yield from 3

    with pytest.raises(TypeError) as caught:
        YieldsFromNumber().run()
    assert not any("write" in note for note in caught.value.__notes__)


def test_the_error_can_be_caught_at_the_yield():
    class Echo(component):
        def main(self):
            try:
                yield self.waitForMessage()
            except TypeError:
                self.send("caught")

    assert feed(Echo())["outbox"] == ["caught"]


def ownGenerator():
    """A generator of the program's own."""
    yield 1


async def ownCoroutine():
    """A coroutine of the program's own."""


@pytest.mark.parametrize(
    "value",
    [0, None, "", (), (1,), [], {}, object(), ownGenerator(), asyncio.sleep, component],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("kind", [component, microprocess])
def test_any_other_yielded_value_is_ignored(value, kind):
    turns = []

    class Odd(kind):
        def main(self):
            for number in range(3):
                turns.append(number)
                yield value

    Odd().run()
    assert turns == [0, 1, 2]


def test_a_coroutine_of_the_programs_own_is_ignored():
    made = ownCoroutine()
    assert faultOf("Odd_1", made) == ""
    made.close()


def test_a_wait_yields_what_it_is_made_of():
    assert list(Wait("waitForMessage", 1)) == [1]
    assert list(Wait("waitForMessage")) == []


def test_a_thread_that_waits_is_not_affected():
    class Lines(threadedcomponent):
        def main(self):
            self.waitForMessage()
            self.send(self.recv())

    assert feed(Lines(), inbox=["line"])["outbox"] == ["line"]
