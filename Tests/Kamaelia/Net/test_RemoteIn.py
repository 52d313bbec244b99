"""The receiving end of a link: what it hands out, and when a message is done."""

import asyncio
from contextlib import nullcontext

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Net.RemoteIn import RemoteIn
from Kamaelia.Support.Links.Errors import linkError
from Tests.Kamaelia.Net.transports import LocalLink
from Tests.Kamaelia.Net.watch import Enough, Watch


@pytest.fixture
def local():
    """A link within this process."""
    with LocalLink() as link:
        yield link


def carry(local, taker, *, count=20, capacity=4, linkages=(), isReached=None):
    """Send the numbers below `count` over a link to `taker`; return the writer.

    isReached: end some turns after isReached(writer) has returned true.
    """
    out = local.out()
    watch = {} if isReached is None else {"WATCH": Watch(isReached=lambda: isReached(out))}
    whole = Graphline(
        OUT=out,
        IN=local.into(capacity=capacity),
        TAKER=taker,
        **watch,
        linkages={
            ("self", "inbox"): ("OUT", "inbox"),
            ("self", "control"): ("OUT", "control"),
            ("IN", "outbox"): ("TAKER", "inbox"),
            ("IN", "signal"): ("TAKER", "control"),
            ("TAKER", "signal"): ("self", "signal"),
            **dict(linkages),
        },
    )
    with nullcontext() if isReached is None else pytest.raises(Enough):
        feed(whole, inbox=range(count), control=[FINISHED])
    return out


class Halts(component):
    """Takes messages until it has `most`, and then none."""

    most = 0

    async def main(self):
        self.got = []
        for _ in range(self.most):
            self.got.append(await self.receive())
        await asyncio.Event().wait()


class TakesAll(component):
    """Takes messages and the end, and passes both on."""

    def main(self):
        self.got = []
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.got.append(message)
                self.send(message)
            if self.isShuttingDown():
                return


@pytest.mark.parametrize(("taken", "done"), [(0, 0), (1, 0), (2, 1), (7, 6)])
def test_a_message_is_done_when_the_next_one_is_taken(local, taken, done):
    """The component that has taken the last one neither takes another nor waits for one."""
    taker = Halts(most=taken)
    out = carry(
        local,
        taker,
        isReached=lambda out: taker.dataReady() and out.progress() == (20, done),
    )
    assert taker.got == list(range(taken))
    assert out.progress() == (20, done)


def test_the_last_message_is_done_when_its_component_waits_for_more(local):
    taker = TakesAll()
    out = carry(local, taker)
    assert taker.got == list(range(20))
    assert out.progress() == (20, 20)


def test_no_more_than_the_capacity_are_handed_out_and_not_done(local):
    class Measures(component):
        """Notes how many messages are in its inbox when it takes one."""

        async def main(self):
            self.depths = []
            async for _ in self.messages():
                self.depths.append(self.dataReady() + 1)
                await asyncio.sleep(0)

    taker = Measures()
    carry(local, taker, count=100, capacity=3)
    assert len(taker.depths) == 100
    assert max(taker.depths) <= 3


def test_with_a_linkage_back_each_message_that_arrives_there_means_one_more_that_is_done(local):
    class PassesOn(component):
        """Passes on `most` messages, and takes all."""

        def main(self):
            for number in range(100):
                yield from self.waitForMessage()
                self.recv()
                if number < 6:
                    self.send(number)

    out = carry(
        local,
        PassesOn(),
        capacity=8,
        linkages={("TAKER", "outbox"): ("IN", "inbox")},
        isReached=lambda out: out.progress()[1] == 6,
    )
    assert out.progress() == (20, 6)


def test_more_confirmations_than_messages_are_an_error(local):
    class SaysTwice(component):
        def main(self):
            while True:
                yield from self.waitForMessage()
                for message in self.Inbox():
                    self.send(message)
                    self.send(message)

    with pytest.raises(linkError, match="said to be done, but only"):
        carry(local, SaysTwice(), linkages={("TAKER", "outbox"): ("IN", "inbox")})


@pytest.mark.parametrize("ending", [shutdownMicroprocess(), producerFinished()])
def test_a_message_on_control_stops_it_and_the_rest_stays_in_the_link(local, ending):
    class Stops(component):
        """Takes five messages, and stops the reader."""

        Outboxes = {"outbox": "", "signal": "", "stop": "for the reader"}

        def main(self):
            self.got = []
            while not self.dataReady("control"):
                yield from self.waitForMessage()
                for message in self.Inbox():
                    self.got.append(message)
                    if len(self.got) == 5:
                        self.send(ending, "stop")
            self.end = self.recv("control")

    taker = Stops()
    out = carry(
        local,
        taker,
        linkages={("TAKER", "stop"): ("IN", "control")},
        capacity=1,
        isReached=lambda _: taker.hasEnded(),
    )
    assert taker.end is ending
    assert taker.got == [0, 1, 2, 3, 4]
    assert out.progress()[1] <= 5


def test_without_a_receiver_nothing_is_taken_from_the_link(local):
    out = local.out()
    reader = local.into()
    whole = Graphline(
        OUT=out,
        IN=reader,
        WATCH=Watch(isReached=lambda: out.progress()[0] == 2),
        linkages={("self", "inbox"): ("OUT", "inbox")},
    )
    with pytest.raises(Enough):
        feed(whole, inbox=[1, 2], control=[])
    assert out.progress() == (2, 0)


def test_a_capacity_without_a_message_is_an_error():
    with pytest.raises(ValueError, match="at least 1 message, not 0"):
        RemoteIn("tcp://127.0.0.1:1", "link", capacity=0)
