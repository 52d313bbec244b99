import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Apps.SA.Chassis import TTL
from Kamaelia.IPC import serverShutdown
from Kamaelia.Util.PassThrough import PassThrough


class EndsAt(component):
    """A component that ends only at a message of the type `kind`."""

    Inboxes = ["inbox", "control", "extra"]
    Outboxes = {"outbox": "", "signal": "", "_own": ""}
    kind: type = producerFinished

    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox("control"):
                if type(message) is self.kind:
                    self.send(message, "signal")
                    return


class Deaf(component):
    Inboxes: list[str] = []
    Outboxes: list[str] = []
    isClosed = False

    def main(self):
        try:
            while True:
                self.pause()
                yield 1
        finally:
            self.isClosed = True


@pytest.mark.parametrize("kind", [producerFinished, shutdownMicroprocess, serverShutdown])
def test_the_component_is_told_to_end_when_the_time_is_over(virtualClock, kind):
    child = EndsAt(kind=kind)
    outcome = feed(TTL(child, 60), control=())
    assert [type(message) for message in outcome["signal"]] == [kind]
    assert child.hasEnded()
    assert 60 <= virtualClock.now() < 61


def test_a_component_that_ignores_all_messages_is_stopped(virtualClock):
    child = Deaf()
    ttl = TTL(child, 60)
    feed(ttl)
    assert child.isClosed
    assert ttl.hasEnded()
    assert "signal" not in ttl.outboxes
    assert "control" not in ttl.inboxes


def test_shutdown_is_signalled_for_a_component_that_was_stopped(virtualClock):
    outcome = feed(TTL(EndsAt(kind=int), 60), control=())
    assert [type(message) for message in outcome["signal"]] == [shutdownMicroprocess]


def test_the_component_works_through_the_boxes_and_may_end_earlier(virtualClock):
    ttl = TTL(PassThrough(), 60)
    outcome = feed(ttl, inbox=[1, 2])
    assert (outcome["outbox"], outcome["signal"]) == ([1, 2], [FINISHED])
    assert virtualClock.now() < 60


def test_the_boxes_belong_to_the_instance():
    ttl = TTL(EndsAt(), 1)
    assert {"inbox", "control", "extra", "_trigger"} == set(ttl.Inboxes)
    assert "_own" not in ttl.Outboxes
    assert set(TTL.Inboxes) == {"_trigger"}
    assert set(TTL.Outboxes) == {"_sigkill", "_disarm"}
