"""Mini-Axon: the core of the course runs a pipeline and passes tests of Axon's contract."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "Examples/MiniAxon"
CORE = FOLDER / "miniaxon.py"


def run(*words):
    command = [sys.executable, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)


def test_the_core_runs_a_pipeline():
    done = run(CORE)
    assert (done.stdout, done.stderr, done.returncode) == ("10\n", "", 0)


def test_the_core_passes_tests_of_the_contract_of_Axon():
    done = run(FOLDER / "check.py", CORE)
    assert done.stdout == (
        "passed: messages arrive in the order in which they were sent\n"
        "passed: a producer that sends and ends in one turn loses nothing\n"
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("right", "wrong", "status"),
    [
        ("self.inboxes[box].popleft()", "self.inboxes[box].pop()", 1),  # the last one first
        ("while self.sender.isRunning or self.outbox:", "while self.sender.isRunning:", 1),
        ('self.send(message, "signal")', "pass", 1),  # the end is not passed on: it never ends
        ("class producerFinished:", "class finished:", 2),
    ],
)
def test_a_core_with_a_mistake_fails(right, wrong, status, tmp_path):
    text = CORE.read_text()
    assert right in text
    broken = tmp_path / "broken.py"
    broken.write_text(text.replace(right, wrong))
    done = run(FOLDER / "check.py", broken, "--seconds", "2")  # a core without a fault takes less
    assert done.returncode == status
    assert (
        "passed" not in done.stdout or "failed" in done.stdout or "it does not end" in done.stdout
    )
