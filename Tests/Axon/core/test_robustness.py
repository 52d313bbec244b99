"""No program crashes the interpreter, and no memory is lost."""

import gc
import subprocess
import sys
from types import FunctionType

import pytest

from Axon.Component import component
from Axon.Scheduler import scheduler
from Tests.Axon.core import hostile

PROGRAMS = [
    name
    for name, value in vars(hostile).items()
    if isinstance(value, FunctionType)
    and value.__module__ == hostile.__name__
    and not name.startswith("_")
]


@pytest.mark.parametrize("options", [[], ["-X", "dev"]], ids=["", "dev"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_hostile_program_does_not_crash_the_interpreter(name, options):
    command = [sys.executable, *options, "-X", "faulthandler", "-W", "ignore"]
    ran = subprocess.run(
        [*command, "-m", "Tests.Axon.core.hostile", name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


class Echo(component):
    def main(self):
        self.send("hello")
        yield from self.waitForMessage()
        for message in self.Inbox():
            self.send(message, "signal")
        yield from self.waitForMessage()


def rounds(number):
    """Create, link, run and end components."""
    run, owner = scheduler(), component()
    for each in range(number):
        pair = Echo(), Echo(size=each)
        owner.link((pair[0], "outbox"), (pair[1], "inbox"), capacity=each % 3 or None)
        owner.link((pair[1], "outbox"), (pair[0], "inbox"))
        owner.link((pair[0], "signal"), (pair[1], "control"))
        for part in pair:
            part.activate(Scheduler=run)
        for _ in range(5):
            run.queue.run(10)
        for part in pair:
            part.terminate()
            owner.unlink(part)
    assert not run.tasks


def test_nothing_is_left_of_components_that_were_created_linked_and_ended():
    rounds(200)
    gc.collect()
    objects, blocks = len(gc.get_objects()), sys.getallocatedblocks()
    rounds(2000)
    gc.collect()
    assert len(gc.get_objects()) - objects < 100
    assert sys.getallocatedblocks() - blocks < 500
