"""The historical examples, unchanged, on our packages."""

import subprocess

import pytest

from Tests.historical.programs import PROGRAMS
from Tests.historical.session import ROOT, commandFor

pytestmark = [pytest.mark.needs("unshare"), pytest.mark.timeout(120)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_example_of_1_14_runs_unchanged(historical, program):
    done = subprocess.run(
        commandFor(str(historical), program, "ours"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
