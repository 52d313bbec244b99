"""Readers that share a link: nothing is lost, and only what a dead reader had is repeated."""

import signal
import threading
from itertools import chain

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Net.RemoteIn import RemoteIn
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Support.Links.Errors import linkError
from Tests.Kamaelia.Net.processes import endAll, finish, lostAndRepeated, numbersOf, start
from Tests.Kamaelia.Net.test_Transports import Source

READERS = 4


@pytest.fixture(autouse=True)
def _noProcessIsLeft():
    yield
    endAll()


def readAll(readers):
    """Read what several processes write, at the same time; return a list for each."""
    found = [[] for _ in readers]

    def read(number):
        found[number] += numbersOf(readers[number])

    threads = [threading.Thread(target=read, args=(each,)) for each in range(len(readers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_four_readers_share_the_messages_and_each_has_them_in_order(redis):
    """Three readers whose pipes are full hold fewer than the messages that are sent."""
    readers = [start("reader", redis.url, "pool", shared=True, capacity=8) for _ in range(READERS)]
    writer = start("writer", redis.url, 4000, shared=True)
    first = [numbersOf(each, stopAfter=len) for each in readers]
    found = [one + more for one, more in zip(first, readAll(readers), strict=True)]
    assert [finish(each)[0] for each in (*readers, writer)] == [0] * 5
    assert sorted(chain(*found)) == list(range(4000))
    assert all(each == sorted(each) for each in found)
    assert all(found)


def test_what_a_killed_reader_had_is_repeated_and_nothing_is_lost(redis):
    options = {"shared": True, "capacity": 8, "heartbeat": 0.5}
    readers = [start("reader", redis.url, "pool", **options) for _ in range(READERS)]
    writer = start("writer", redis.url, 2000, shared=True)
    got = []
    for number in range(3):
        got += numbersOf(readers[number], lambda found: len(found) == 60)
        readers[number].send_signal(signal.SIGKILL)
    got += chain(*readAll(readers))
    assert finish(readers[3])[0] == finish(writer)[0] == 0
    lost, repeated = lostAndRepeated(got, 2000)
    assert lost == 0
    assert repeated <= 3 * 8


class Slow(component):
    """Blocks its whole process for longer than the heartbeat, for its first message."""

    def main(self):
        self.got = []
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                if not self.got:
                    threading.Event().wait(0.5)
                self.got.append(message)
            if self.isShuttingDown():
                return


def test_a_message_that_takes_longer_than_the_heartbeat_is_not_given_to_another_reader(redis):
    other = start("reader", redis.url, "pool", shared=True, capacity=1, heartbeat=0.2)
    slow = Slow()
    Graphline(
        SOURCE=Source(messages=range(40)),
        OUT=RemoteOut(redis.url, "numbers", shared=True),
        IN=RemoteIn(redis.url, "numbers", shared=True, capacity=1, heartbeat=0.2),
        SLOW=slow,
        linkages={
            ("SOURCE", "outbox"): ("OUT", "inbox"),
            ("SOURCE", "signal"): ("OUT", "control"),
            ("IN", "outbox"): ("SLOW", "inbox"),
            ("IN", "signal"): ("SLOW", "control"),
        },
    ).run()
    got = numbersOf(other)
    assert finish(other)[0] == 0
    assert slow.got
    assert sorted(got + slow.got) == list(range(40))


def test_a_reader_that_is_told_to_stop_hands_back_what_is_not_done(redis):
    """The others do not wait for its heartbeat."""
    writer = start("writer", redis.url, 100, shared=True)
    leaving = RemoteIn(redis.url, "numbers", shared=True, capacity=8, heartbeat=1000)

    class Leave(component):
        def main(self):
            yield from self.waitForMessage()
            self.taken = [self.recv()]
            self.send(producerFinished(self), "signal")

    leave = Leave()
    Graphline(
        IN=leaving,
        LEAVE=leave,
        linkages={("IN", "outbox"): ("LEAVE", "inbox"), ("LEAVE", "signal"): ("IN", "control")},
    ).run()
    got = numbersOf(start("reader", redis.url, "pool", shared=True, heartbeat=1))
    assert finish(writer)[0] == 0
    assert set(got + leave.taken) == set(range(100))


def test_a_reader_of_a_pool_that_has_ended_ends_at_once(redis):
    writer = start("writer", redis.url, 10, shared=True)
    assert numbersOf(start("reader", redis.url, "pool", shared=True)) == list(range(10))
    finish(writer)
    again = start("reader", redis.url, "pool", shared=True)
    assert numbersOf(again) == []
    assert finish(again)[0] == 0


def test_a_writer_that_does_not_share_is_an_error_of_the_reader(redis):
    start("writer", redis.url, 100)
    reader = start("reader", redis.url, "pool", shared=True)
    assert "give it shared=True" in finish(reader)[1]


def test_only_links_over_redis_can_be_shared():
    with pytest.raises(linkError, match="only links over Redis"):
        RemoteIn("tcp://127.0.0.1:1", "link", shared=True)
