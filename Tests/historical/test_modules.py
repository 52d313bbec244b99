"""The modules of 1.14 find in our Axon everything that they import."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from Tests.historical.session import ROOT

#: Modules that use what is private in the Axon of that time.
PRIVATE = {"Kamaelia.Apps.MH.Profiling"}


@pytest.mark.timeout(120)
def test_no_module_of_1_14_misses_a_name_in_our_Axon(historical, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", Path(__file__).with_name("modules.py")],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (historical, ROOT)))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    errors = dict(json.loads(line) for line in done.stdout.splitlines())
    imported = [name for name, error in errors.items() if error is None]
    assert len(imported) > 250  # most of the others need pygame, or are disabled
    assert {name for name, error in errors.items() if error and "Axon" in error} == PRIVATE
