"""Several linkages over one link: each message arrives at its route, in the order of sending."""

import socket

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Net.Routes import RouteIn, RouteOut
from Kamaelia.Net.SocketTransport import LocalTransport
from Kamaelia.Support.Links.Errors import linkError


class Two(component):
    """Sends to two outboxes in turn."""

    Outboxes = {"outbox": "even numbers", "odd": "odd numbers", "signal": "", "done": ""}

    def main(self):
        for number in range(20):
            self.send(number, "odd" if number % 2 else "outbox")
            yield 1
        self.send(shutdownMicroprocess(self), "signal")
        self.send(producerFinished(self), "done")


class Both(component):
    """Collects what arrives at two inboxes, and the end."""

    Inboxes = {"inbox": "even numbers", "odd": "odd numbers", "control": ""}

    def main(self):
        self.got = {"inbox": [], "odd": []}
        while not self.dataReady("control"):
            yield from self.waitForMessage()
            for name, got in self.got.items():
                got += self.Inbox(name)
        self.end = self.recv("control")


def ends():
    pair = socket.socketpair()
    for each in pair:
        each.setblocking(False)
    return [LocalTransport(each) for each in pair]


def test_messages_and_ends_arrive_at_their_routes():
    there, back = ends()
    both = Both()
    Graphline(
        TWO=Two(),
        OUT=RouteOut(there, "link", ["even", "odd", "end"]),
        IN=RouteIn(back, "link", ["even", "odd", "end"]),
        BOTH=both,
        linkages={
            ("TWO", "outbox"): ("OUT", "even"),
            ("TWO", "odd"): ("OUT", "odd"),
            ("TWO", "signal"): ("OUT", "end"),
            ("TWO", "done"): ("OUT", "control"),
            ("IN", "even"): ("BOTH", "inbox"),
            ("IN", "odd"): ("BOTH", "odd"),
            ("IN", "end"): ("BOTH", "control"),
        },
    ).run()
    assert both.got == {"inbox": list(range(0, 20, 2)), "odd": list(range(1, 20, 2))}
    assert isinstance(both.end, shutdownMicroprocess)


@pytest.mark.parametrize(
    ("message", "reason"),
    [(1, "without a route"), (("elsewhere", 0, 1), "no outbox for the route")],
)
def test_a_message_without_a_known_route_is_an_error_that_names_the_reader(message, reason):
    there, back = ends()

    class One(component):
        def main(self):
            self.send(message)
            yield 1

    with pytest.raises(linkError, match=reason):
        Graphline(
            ONE=One(),
            OUT=RemoteOut(there, "link"),
            IN=RouteIn(back, "link", ["even"]),
            linkages={("ONE", "outbox"): ("OUT", "inbox")},
        ).run()
