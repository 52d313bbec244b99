import pytest

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Apps.MH.Profiling import FormattedProfiler, Profiler, ProfilerOutputFormatter


class Busy(component):
    def main(self):
        while True:
            yield 1


class Idle(component):
    def main(self):
        yield from self.waitForMessage()


def test_busy_and_idle_components_are_told_apart():
    busy, idle = Busy().activate(), Idle().activate()
    profiler = Profiler(samplingrate=500, outputrate=20)
    outcome = feed(profiler, control=(), until=lambda outcome: len(outcome["outbox"]) == 3)
    rows = {row["name"]: row for row in outcome["outbox"][-1]}
    assert rows[busy.name]["%usage"] == 100
    assert rows[busy.name]["active"] == rows[busy.name]["running"] > 1
    assert rows[idle.name]["%usage"] == 0
    assert rows[idle.name]["lineno"] > 0
    assert not rows[busy.name]["done"]


def test_a_component_that_has_ended_is_reported_once():
    idle = Idle().activate()
    reports = []

    def isEnough(outcome):
        rows = outcome["outbox"][-1]
        reports.append([row["done"] for row in rows if row["name"] == idle.name])
        if len(reports) == 1:
            idle.deliver("end")
        return reports[-2:] == [[True], []]

    feed(Profiler(samplingrate=500, outputrate=50), control=(), until=isEnough)
    assert reports[0] == [False]
    assert reports.count([True]) == 1


def test_the_statistics_become_a_table():
    row = {"name": "A_1", "running": 3, "active": 2, "%usage": 66.6667, "lineno": 12, "done": True}
    (table,) = feed(ProfilerOutputFormatter(), inbox=[[row]])["outbox"]
    assert "       3         2   66.67      12  A_1 [DONE]\n" in table
    assert table.endswith("-\n")


class Deaf(component):
    """A component that takes nothing until the profiler has taken many samples."""

    def main(self):
        while self.source.samples < 100:
            yield 1
        self.found = self.dataReady()
        self.send(shutdownMicroprocess(), "signal")


def test_a_receiver_without_room_does_not_end_the_profiler():
    profiler, deaf = Profiler(1000, 1000, queuelengths=1), Deaf()
    deaf.source = profiler
    deaf.setInboxSize("inbox", 2)
    deaf.link((profiler, "outbox"), (deaf, "inbox"))
    deaf.link((deaf, "signal"), (profiler, "control"))
    profiler.activate()
    deaf.run()
    assert deaf.found == 2


@pytest.mark.parametrize("make", [Profiler, FormattedProfiler])
def test_a_shutdown_ends_it(make):
    assert feed(make(100, 100), control=[shutdownMicroprocess()])["signal"]
