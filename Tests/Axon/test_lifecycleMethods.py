"""The methods that a chassis calls: is a component active, has it ended, what watches it."""

import pytest

from Axon.Component import component
from Axon.Scheduler import scheduler


class Waiting(component):
    isClosed = False

    def main(self):
        try:
            yield from self.waitForMessage()
        finally:
            self.isClosed = True


class Watcher(component):
    def __init__(self):
        super().__init__()
        self.ended = []

    def childEnded(self, child):
        self.ended.append(child)
        super().childEnded(child)

    def main(self):
        yield from self.waitForChange()


def giveTurns(system, count=10):
    for _, _ in zip(range(count), system, strict=False):
        pass


@pytest.fixture
def system():
    return scheduler()


def test_a_component_is_active_from_its_activation_to_its_end(system):
    each = Waiting()
    assert (each.isActive(), each.hasEnded(), each.isStopped()) == (False, False, False)
    each.activate(Scheduler=system)
    assert (each.isActive(), each.hasEnded(), each.isStopped()) == (True, False, False)
    each.stop()
    assert (each.isActive(), each.hasEnded(), each.isStopped()) == (True, False, True)
    giveTurns(system.main())
    assert (each.isActive(), each.hasEnded(), each.isStopped()) == (False, True, True)


def test_a_component_that_is_stopped_before_its_activation_has_ended():
    each = Waiting()
    each.stop()
    assert each.hasEnded()
    assert not each.isActive()


def test_terminate_ends_a_component_within_the_call(system):
    each = Waiting().activate(Scheduler=system)
    giveTurns(system.main())
    each.terminate()
    assert each.hasEnded()
    assert each.isClosed


@pytest.mark.parametrize("end", ["stop", "terminate"])
@pytest.mark.parametrize("wait", ["waitForMessage", "waitForChange", "takesATurn"])
def test_a_component_that_ends_itself_ends_after_this_turn(end, wait):
    class Ends(component):
        isTurnOver = isClosed = False

        def main(self):
            getattr(self, end)()
            self.isTurnOver = True
            try:
                yield from getattr(self, wait)()
            finally:
                self.isClosed = True

        def takesATurn(self):
            while True:
                yield 1

    each = Ends()
    each.run()
    assert each.hasEnded()
    assert each.isTurnOver
    assert each.isClosed


@pytest.mark.parametrize("end", ["stop", "terminate"])
def test_a_component_that_ends_itself_is_not_held(end):
    class Floods(component):
        def main(self):
            for number in range(10):
                self.send(number)
            getattr(self, end)()
            yield from self.waitForMessage()

    class TakesNothing(component):
        def main(self):
            while not floods.hasEnded():
                yield 1

    floods, reader = Floods().activate(), TakesNothing()
    floods.link((floods, "outbox"), (reader, "inbox"), capacity=2)
    reader.run()


def test_an_error_after_terminate_is_raised(system):
    class Fails(component):
        def main(self):
            yield 1
            self.terminate()
            raise ValueError("after terminate")

    Fails().activate(Scheduler=system)
    with pytest.raises(ValueError, match="after terminate"):
        system.runThreads()


def test_terminate_stops_a_component_that_was_not_activated():
    each = Waiting()
    each.terminate()
    assert each.hasEnded()


def test_a_component_that_waits_for_a_message_says_so(system):
    each = Waiting().activate(Scheduler=system)
    assert not each.isWaitingForMessage()
    giveTurns(system.main())
    assert each.isWaitingForMessage()


def test_watchers_are_told_of_the_end_until_they_are_removed(system):
    each, watchers = Waiting().activate(Scheduler=system), [Watcher() for _ in range(3)]
    for watcher in watchers:
        each.addWatcher(watcher)
    assert all(each.isWatchedBy(watcher) for watcher in watchers)
    each.removeWatcher(watchers[1])
    each.terminate()
    assert [watcher.ended for watcher in watchers] == [[each], [], [each]]


def test_a_watcher_that_was_added_twice_is_removed_by_two_calls():
    each, watcher = Waiting(), Watcher()
    for _ in range(2):
        each.addWatcher(watcher)
    each.removeWatcher(watcher)
    assert each.isWatchedBy(watcher)
    each.removeWatcher(watcher)
    assert not each.isWatchedBy(watcher)
    each.removeWatcher(watcher)


def test_a_delivered_message_arrives_without_a_linkage():
    each = component()
    each.deliver("by default")
    each.deliver("stop", "control")
    assert [*each.Inbox(), *each.Inbox("control")] == ["by default", "stop"]


def test_the_historical_names_mean_the_same():
    assert component._deliver is component.deliver
    assert component._isStopped is component.isStopped


def test_delivery_to_a_box_that_does_not_exist_names_it():
    with pytest.raises(KeyError, match="inbx"):
        component().deliver(1, "inbx")
