"""The components beside the historical greylister: a clock and an introspector."""

from pathlib import Path

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Apps.Grey.PeriodicWakeup import PeriodicWakeup
from Kamaelia.Apps.Grey.WakeableIntrospector import (
    LoggingWakeableIntrospector,
    WakeableIntrospector,
)
from Kamaelia.Chassis.Pipeline import Pipeline


class Counting(component):
    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.heard: list[object] = []

    def main(self):
        while len(self.heard) < self.most:
            yield from self.waitForMessage()
            self.heard.extend(self.Inbox())


def test_the_clock_ticks_until_it_is_told_to_stop():
    class Stopping(Counting):
        Outboxes = {"outbox": "", "signal": "", "stop": ""}

        def main(self):
            yield from super().main()
            self.send(producerFinished(), "stop")

    clock, counting = PeriodicWakeup(interval=0.01, message="tock"), Stopping(3)
    counting.link((clock, "outbox"), (counting, "inbox"))
    counting.link((counting, "stop"), (clock, "control"))
    clock.activate()
    counting.run()
    assert set(counting.heard) == {"tock"}


@pytest.mark.parametrize("word", [producerFinished(), shutdownMicroprocess()])
def test_a_clock_with_a_long_interval_stops_at_once(word):
    outcome = feed(PeriodicWakeup(interval=3600), control=[word])
    assert outcome["outbox"] == []
    assert outcome["signal"] == [word]


class Asking(component):
    def main(self):
        for _ in range(2):
            self.send("?")
            yield
        self.send(producerFinished(), "signal")


def test_names_are_told_at_the_start_and_when_asked():
    counting = Counting(2)
    Pipeline(Asking(), WakeableIntrospector(), counting).run()
    for names in counting.heard:
        assert any("WakeableIntrospector" in name for name in names)
        assert names == sorted(names)


def test_any_message_ends_it_and_goes_on():
    assert feed(WakeableIntrospector(), control=["enough"])["signal"] == ["enough"]


def test_names_are_appended_to_a_file(tmp_path: Path):
    file = tmp_path / "debug.log"

    Pipeline(Asking(), LoggingWakeableIntrospector(logfile=str(file))).run()
    lines = file.read_text().splitlines()
    assert lines[0].startswith("*debug* THREADS[")
    assert "WakeableIntrospector" in lines[0]
