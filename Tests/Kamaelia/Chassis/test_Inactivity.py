"""Timeouts without activity, on a virtual clock."""

from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.testing import feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Inactivity import (
    ActivityMonitor,
    EchoServer,
    ExtendedInactivity,
    InactivityChassis,
    NoActivityTimeout,
    PeriodicWakeup,
    ResettableSender,
    WakeableIntrospector,
)
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Kamaelia.Internet.TCPServer import TCPServer
from Kamaelia.IPC import shutdownCSA
from Tests.Kamaelia.sockets import Echo, dial, readAll


def test_a_sender_that_is_not_reset_sends_once_and_ends(virtualClock):
    outcome = feed(ResettableSender(timeout=5, message="late"), control=[])
    assert outcome["outbox"] == ["late"]
    assert [type(message) for message in outcome["signal"]] == [producerFinished]
    assert virtualClock.now() == pytest.approx(5)


class Busy(component):
    """Send a message every second, `times` times."""

    def main(self) -> Any:
        for _ in range(self.times):
            self.send("something")
            yield from self.waitForMessage("control", timeout=1)


def test_each_reset_restarts_the_timeout(virtualClock):
    sender, busy = ResettableSender(timeout=5), Busy(times=20)
    busy.link((busy, "outbox"), (sender, "inbox"))
    busy.activate()
    assert feed(sender, control=[])["outbox"] == ["NEXT"]
    assert virtualClock.now() == pytest.approx(24)


@pytest.mark.parametrize("end", [producerFinished(), shutdownMicroprocess(), shutdownCSA(1, 2)])
def test_a_monitor_passes_messages_on_and_reports_once_for_all_that_waited(end):
    outcome = feed(ActivityMonitor(), inbox=[1, 2], inbox2=[3], inbox3=[4], control=["x", end])
    assert (outcome["outbox"], outcome["outbox2"], outcome["outbox3"]) == ([1, 2], [3], [4])
    assert outcome["signal"] == ["x", end]
    assert outcome["observed"] == ["RESET"]


def test_a_wakeup_is_sent_at_each_interval(virtualClock):
    outcome = feed(
        PeriodicWakeup(interval=10), until=lambda out: len(out["outbox"]) == 3, control=[]
    )
    assert outcome["outbox"] == ["tick"] * 3
    assert virtualClock.now() == pytest.approx(30)


def test_an_introspector_ends_the_program_when_no_other_component_is_left(virtualClock):
    busy = Busy(times=25)
    rest = Graphline(
        WAKE=PeriodicWakeup(interval=10),
        LOOK=WakeableIntrospector(),
        linkages={("WAKE", "outbox"): ("LOOK", "inbox"), ("LOOK", "signal"): ("WAKE", "control")},
    )
    busy.activate()
    rest.run()
    assert virtualClock.now() == pytest.approx(30)
    assert not scheduler.run.listAllThreads()


def test_a_shutdown_ends_an_introspector_while_other_components_run():
    finished = producerFinished()
    outcome = feed(WakeableIntrospector(), inbox=["look"], control=[finished])
    assert outcome["signal"] == [finished]


def test_a_component_without_activity_receives_producerFinished(virtualClock):
    outcome = feed(InactivityChassis(Echo(), timeout=7), inbox=["a", "b"], control=[])
    assert outcome["outbox"] == ["a", "b"]
    assert producerFinished in [type(message) for message in outcome["signal"]]
    assert virtualClock.now() == pytest.approx(7)
    assert not scheduler.run.listAllThreads()


@pytest.mark.parametrize(
    "make", [NoActivityTimeout(Echo, timeout=7), lambda: ExtendedInactivity(Echo)(7)]
)
def test_a_factory_creates_components_with_a_timeout(virtualClock, make):
    feed(make(), control=[])
    assert virtualClock.now() == pytest.approx(7)


def test_CreatorFeedback_is_passed_on_too(virtualClock):
    class Connection(Echo):
        Outboxes = {"outbox": "", "signal": "", "CreatorFeedback": ""}

        def main(self) -> Any:
            self.send("closed", "CreatorFeedback")
            yield from super().main()

    outcome = feed(InactivityChassis(Connection(), timeout=7), control=[])
    assert outcome["CreatorFeedback"] == ["closed"]


class Greeter(Echo):
    """Send a byte before anything is received: a client may be slow to send its own."""

    def main(self) -> Any:
        self.send(b"x")
        yield from super().main()


@pytest.mark.parametrize("further", [False, True])
def test_an_idle_connection_is_closed(serving, further):
    class Server(TCPServer):
        CSA = NoActivityTimeout(ConnectedSocketAdapter, timeout=0.1)

    def client(server: Any) -> bytes:
        with dial(server.port) as sock:
            return readAll(sock)

    if further:
        assert serving(client, protocol=Greeter, TCPS=Server) == b"x"
    else:
        protocol = NoActivityTimeout(Greeter, timeout=0.1)
        assert serving(client, EchoServer, protocol=protocol) == b"x"
