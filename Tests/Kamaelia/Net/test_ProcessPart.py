"""A component in a process of its own: killed, it loses nothing; it ends as any component."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from Axon.Component import component
from Axon.experimental.Process import startProcess
from Axon.Ipc import producerFinished
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Net import ProcessPart as ProcessPartModule
from Kamaelia.Net.ProcessPart import ProcessPart, partFailed
from Tests.Kamaelia.Net.processes import ROOT
from Tests.Kamaelia.sockets import PATIENCE

COUNT = 5000


class Double(component):
    """Sends the double of each number, and (process id) at first."""

    def main(self):
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                self.send((os.getpid(), 2 * number))
            if self.isShuttingDown():
                return


class SlowDouble(component):
    async def main(self):
        async for number in self.messages():
            await asyncio.sleep(0.001)
            self.send((os.getpid(), 2 * number))


class Fails(component):
    def main(self):
        yield from self.waitForMessage()
        raise ValueError("no such number")


class Numbers(component):
    count = COUNT

    def main(self):
        for number in range(self.count):
            self.send(number)
            if number % 10 == 9:
                yield 1
        self.send(producerFinished(self), "signal")


class Kills(component):
    """Kills the process from which it receives, each time it has received `every` numbers."""

    kills = 1
    every = COUNT // 2

    def main(self):
        self.got = []
        while True:
            yield from self.waitForMessage()
            for process, number in self.Inbox():
                self.got.append(number)
                if self.kills and len(self.got) > self.every:
                    os.kill(process, signal.SIGKILL)
                    self.kills, self.every = self.kills - 1, self.every + self.every
            if self.isShuttingDown():
                return


def throughProcess(part, sink, count=COUNT):
    Graphline(
        NUMBERS=Numbers(count=count),
        PART=part,
        SINK=sink,
        linkages={
            ("NUMBERS", "outbox"): ("PART", "inbox"),
            ("NUMBERS", "signal"): ("PART", "control"),
            ("PART", "outbox"): ("SINK", "inbox"),
            ("PART", "signal"): ("SINK", "control"),
        },
    ).run()
    return sink.got


def test_messages_pass_through_a_process_in_their_order():
    got = throughProcess(ProcessPart(Double), Kills(kills=0))
    assert got == [2 * number for number in range(COUNT)]


@pytest.mark.parametrize(
    ("factory", "count", "kills"), [(Double, COUNT, 1), (Double, COUNT, 3), (SlowDouble, 600, 2)]
)
def test_a_killed_process_is_replaced_and_nothing_is_lost(factory, count, kills):
    sink = Kills(kills=kills, every=count // 10)
    got = throughProcess(ProcessPart(factory, capacity=16), sink, count)
    assert sink.kills == 0
    assert set(got) == {2 * number for number in range(count)}
    # what was in the link when the process was killed is processed again
    assert len(got) - count <= kills * 16


def test_a_part_that_fails_too_often_is_an_error_that_names_it():
    part = ProcessPart(Fails, intensity=1, period=60.0)
    with pytest.raises(partFailed, match=r"exit code 1, restart 2 within 60.0 s"):
        feed(part, inbox=[1], control=[])


def test_a_temporary_part_is_not_started_again():
    with pytest.raises(partFailed, match="exit code 1"):
        feed(ProcessPart(Fails, kind="temporary"), inbox=[1], control=[])


@pytest.mark.parametrize("starts", [0, 1])
def test_the_error_of_a_process_that_cannot_be_started_is_raised(starts, monkeypatch):
    def start(process):
        nonlocal starts
        if starts == 0:
            raise BlockingIOError("too many processes")
        starts -= 1
        startProcess(process)

    monkeypatch.setattr(ProcessPartModule, "startProcess", start)
    part = ProcessPart(Fails)
    with pytest.raises(BlockingIOError, match="too many processes"):
        feed(part, inbox=[1], control=[])
    assert part.scheduler.outside == 0


def test_no_process_is_left_when_the_run_ends():
    part = ProcessPart(Double)
    feed(part, inbox=[1], control=[], until=lambda outcome: outcome["outbox"])
    assert part.process.exitcode is not None


def test_it_ends_when_its_component_ends():
    outcome = feed(ProcessPart(Double), inbox=[1], control=[FINISHED])
    assert [number for _, number in outcome["outbox"]] == [2]
    assert isinstance(outcome["signal"][0], producerFinished)


INTERRUPTED = """
import os, signal
if __name__ != "__main__":  # in the other process, which imports the program
    os.kill(os.getpid(), signal.SIGINT)
from Axon.experimental.Process import ProcessWrapComponent
from Axon.testing import FINISHED, feed
from Kamaelia.Net.ProcessPart import ProcessPart
from Tests.Kamaelia.Net.test_ProcessPart import Double
if __name__ == "__main__":
    outcome = feed({kind}(Double), inbox=[1], control=[FINISHED])
    print([number for _, number in outcome["outbox"]])
"""


@pytest.mark.parametrize("kind", ["ProcessPart", "ProcessWrapComponent"])
def test_an_interrupt_from_the_terminal_does_not_disturb_a_process_that_starts(tmp_path, kind):
    program = tmp_path / "program.py"
    program.write_text(INTERRUPTED.format(kind=kind))
    done = subprocess.run(
        [sys.executable, program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert (done.stdout, done.stderr, done.returncode) == ("[2]\n", "", 0)
