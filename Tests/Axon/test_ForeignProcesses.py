"""Objects that have only the historical methods of microprocesses or of schedulers."""

import pytest

from Axon.Component import component
from Axon.Ipc import newComponent
from Axon.Microprocess import microprocess
from Axon.Scheduler import scheduler


class Countdown:
    """Historical interface of a microprocess: __next__, stop and _closeDownMicroprocess."""

    def __init__(self, turns):
        self.turns = turns
        self.log = []

    def __next__(self):
        if not self.turns:
            raise StopIteration
        self.turns -= 1
        self.log.append(self.turns)
        return 1

    def stop(self):
        self.log.append("stop")

    def _closeDownMicroprocess(self):
        self.log.append("closed")
        return 0


def test_an_object_with_the_methods_of_a_microprocess_gets_turns():
    s, countdown = scheduler(), Countdown(3)
    s._addThread(countdown)
    assert s.listAllThreads() == [countdown]
    assert len([*s.main()]) >= 3
    assert countdown.log == [2, 1, 0, "stop", "closed"]
    assert s.listAllThreads() == []


def test_it_can_be_paused_and_woken():
    s, countdown = scheduler(), Countdown(100)
    s._addThread(countdown)
    stepping = s.main()
    for _ in range(3):
        next(stepping)
    s.pauseThread(countdown)
    for _ in range(3):
        next(stepping)
    assert s.isThreadPaused(countdown)
    paused = len(countdown.log)
    for _ in range(5):
        next(stepping)
    assert len(countdown.log) == paused
    s.wakeThread(countdown)
    next(stepping)
    next(stepping)
    assert len(countdown.log) > paused
    stepping.close()


def test_pausing_or_waking_an_object_that_was_never_added_does_nothing():
    s, never = scheduler(), Countdown(1)
    s.pauseThread(never)
    s.wakeThread(never)
    assert not s.isThreadPaused(never)
    assert s.listAllThreads() == []


def test_its_error_ends_the_run_and_names_it():
    class Breaks(Countdown):
        def __next__(self):
            raise ValueError("broken")

    s, breaks = scheduler(), Breaks(1)
    s._addThread(breaks)
    with pytest.raises(ValueError, match="broken") as caught:
        list(s.main())
    assert "Breaks_" in caught.value.__notes__[0]
    assert breaks.log == ["stop", "closed"]


def test_a_microprocess_can_be_added_as_it_was_historically():
    s, added = scheduler(), component()
    s._addThread(added)
    assert s.listAllThreads() == [added]


class Foreign:
    """Historical interface of a scheduler."""

    def __init__(self):
        self.log = []
        self.paused = set()

    def _addThread(self, mprocess):
        self.log.append(("add", mprocess))

    def wakeThread(self, mprocess, canActivate=False):
        self.log.append(("wake", mprocess))
        self.paused.discard(mprocess)

    def pauseThread(self, mprocess):
        self.log.append(("pause", mprocess))
        self.paused.add(mprocess)

    def isThreadPaused(self, mprocess):
        return mprocess in self.paused


class Pauses(component):
    def main(self):
        yield "first"
        self.pause()
        yield "second"


class PlainPauses(microprocess):
    main = Pauses.main


@pytest.mark.parametrize("kind", [Pauses, PlainPauses])
def test_a_foreign_scheduler_receives_the_microprocess_and_steps_it(kind):
    s, pauses = Foreign(), kind()
    assert pauses.activate(Scheduler=s) is pauses
    assert next(pauses) == "first"
    assert next(pauses) == "second"
    assert not pauses._isRunnable()
    pauses.unpause()
    assert pauses._isRunnable()
    assert s.log == [("add", pauses), ("pause", pauses), ("wake", pauses)]
    with pytest.raises(StopIteration):
        next(pauses)


def test_a_message_wakes_a_component_in_a_foreign_scheduler():
    s, pauses, sender = Foreign(), Pauses(), component()
    sender.link((sender, "outbox"), (pauses, "inbox"))
    pauses.activate(Scheduler=s)
    sender.send("message")
    assert s.log[-1] == ("wake", pauses)
    assert pauses.recv() == "message"


def test_the_first_scheduler_made_when_there_is_none_is_the_default(monkeypatch):
    monkeypatch.setattr(scheduler, "run", None)
    s = scheduler()
    assert scheduler.run is s
    scheduler()
    assert scheduler.run is s


def test_a_components_close_down_returns_None():
    assert component()._closeDownMicroprocess() is None


def test_a_scheduler_tells_the_time_of_day():
    seen = []

    class Reads(component):
        def main(self):
            start = self.scheduler.time
            yield 1
            seen.append(self.scheduler.time >= start)

    Reads().run()
    assert seen == [True]


@pytest.mark.parametrize("method", ["initialiseComponent", "mainBody", "closeDownComponent"])
def test_what_an_old_style_method_returns_is_yielded(method):
    log = []

    class Other(component):
        def main(self):
            log.append("ran")
            yield 1

    def start(self):
        if not log:
            log.append("started")
            return newComponent(Other())
        return None

    type("Old", (component,), {method: start})().run()
    assert log == ["started", "ran"]


def test_a_pause_in_the_last_turn_of_an_old_style_component_does_not_delay_its_end():
    class Old(component):
        def mainBody(self):
            self.pause()

    old = Old().activate()
    for _ in zip(range(10), scheduler.run.main(), strict=False):
        pass
    assert old._isStopped()
