"""Publish and subscribe across processes: one order for all, holding, and loss that is counted."""

import subprocess
import sys
import textwrap

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Net.Backplane import Backplane, Exchange, SubscribeTo, messagesLost
from Kamaelia.Support.Links.Errors import linkError
from Tests.Kamaelia.Net.processes import ROOT

COUNT = 300
FINISH = producerFinished()


def publisher(url, first):
    """Start a process that publishes COUNT numbers, from `first` on."""
    code = f"""
        from Axon.Component import component
        from Axon.Ipc import producerFinished
        from Kamaelia.Chassis.Pipeline import Pipeline
        from Kamaelia.Net.Backplane import Backplane, PublishTo

        class Numbers(component):
            def main(self):
                for number in range({first}, {first + COUNT}):
                    self.send(number)
                    yield 1
                for _ in range(3):
                    yield 1
                plane.deliver(producerFinished(self), "control")
                self.send(producerFinished(self), "signal")

        plane = Backplane("news", {url!r}, window=100)
        plane.activate()
        Pipeline(Numbers(), PublishTo("news")).run()
    """
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT)


class Collect(component):
    """Collects messages until there are `most`; then ends the run."""

    most = 2 * COUNT
    isSlow = False

    def main(self):
        self.got = []
        while len(self.got) < self.most:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.got.append(message)
                if self.isSlow:
                    yield self.pause(0.001)
        self.plane.deliver(FINISH, "control")


class WhenJoined(component):
    """Starts publishers when the Backplane has joined the others."""

    def main(self):
        while not self.isJoined():
            yield self.pause(0.01)
        self.start()


@pytest.mark.parametrize("isSlow", [False, True])
def test_a_subscriber_receives_what_all_processes_publish_in_the_order_of_each(redis, isSlow):
    plane = Backplane("news", redis.url, window=100, capacity=8)
    collect = Collect(plane=plane, isSlow=isSlow)
    processes = []

    def start():
        processes.extend(publisher(redis.url, first) for first in (0, 1000))

    def isJoined():
        return redis.command("HLEN", "news:backplane:members") == "1"

    plane.activate()
    WhenJoined(isJoined=isJoined, start=start).activate()
    Pipeline(SubscribeTo("news"), collect).run()
    assert [each.wait(60) for each in processes] == [0, 0]
    for first in (0, 1000):
        got = [number for number in collect.got if first <= number < first + COUNT]
        assert got == list(range(first, first + COUNT))


@pytest.mark.parametrize("isLossy", [False, True])
def test_a_slow_subscriber_holds_the_publishers_unless_it_is_lossy(redis, isLossy):
    """A lossy one is told how many messages it has lost."""
    slow = Exchange(redis.url, "news", window=10, lossy=isLossy)
    fast = Exchange(redis.url, "news", window=10, lossy=True)
    publish = Publish(slow=slow, fast=fast)
    take = Take(publish=publish, isLossy=isLossy)
    Graphline(
        SLOW=slow,
        FAST=fast,
        PUBLISH=publish,
        TAKE=take,
        linkages={
            ("PUBLISH", "outbox"): ("FAST", "inbox"),
            ("PUBLISH", "signal"): ("FAST", "control"),
            ("SLOW", "outbox"): ("TAKE", "inbox"),
            ("TAKE", "signal"): ("SLOW", "control"),
        },
        capacity=1,
    ).run()
    lost = sum(each.count for each in take.got if isinstance(each, messagesLost))
    numbers = [each for each in take.got if type(each) is int]
    assert lost + len(numbers) == 200
    assert numbers == sorted(numbers)
    if isLossy:
        assert lost > 0
    else:
        assert lost == 0
        assert take.sentBefore < 100


class Publish(component):
    """Publishes 200 numbers when both ends have joined."""

    def main(self):
        self.sent = 0
        while not (self.slow.isJoined() and self.fast.isJoined()):
            yield self.pause(0.001)
        for number in range(200):
            self.send(number)
            self.sent = number + 1
            yield 1
        self.send(FINISH, "signal")


class Take(component):
    """Takes nothing before the publisher is held, or has published everything."""

    def main(self):
        self.got = []
        while not self.isTime():
            yield self.pause(0.001)
        self.sentBefore = self.publish.sent
        while not self.got or self.got[-1] != 199:
            yield from self.waitForMessage()
            self.got.append(self.recv())
        self.send(FINISH, "signal")

    def isTime(self):
        if self.isLossy:
            return self.publish.fast.hasEnded()
        return self.publish.isHeld()


def test_only_a_server_can_be_the_link_of_a_backplane():
    with pytest.raises(linkError, match="only a server"):
        Exchange("tcp://127.0.0.1:1", "news")


def test_a_codec_that_is_not_here_is_an_error_that_says_so(redis):
    exchange = Exchange(redis.url, "news")

    def start():
        redis.command("XADD", "news:backplane", "1-0", "k", "cbor", "d", "x")

    WhenJoined(isJoined=exchange.isJoined, start=start).activate()
    with pytest.raises(linkError, match="no codec 'cbor' here"):
        exchange.run()
