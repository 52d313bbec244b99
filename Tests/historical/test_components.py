"""Components of 1.14, unchanged, run on our Axon and send what ours send."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from Tests.historical.components import RECIPES, nameOf
from Tests.historical.session import ROOT

#: Where the outcomes differ, and the reason: a fault of 1.14, or a row of Docs/differences.rst.
DIFFERENCES = {
    "Chunkifier": "that of 1.14 uses string.join of Python 2",
    "Fanout": "that of 1.14 also sends to outbox and signal",
    "LineSplit": "that of 1.14 sends an empty line after the last one",
    "PromptedFileReader 2": "that of 1.14 reads no lines, because it adds bytes to a str",
    "RateChunker": "that of 1.14 loses the rest",
    "RawYUVFramer": "that of 1.14 divides as in Python 2",
    "Stringify": "that of 1.14 does not pass the end on",
    "Sync": "that of 1.14 sends the last message of a group",
    "nullSinkComponent": "that of 1.14 does not pass the end on",
}
NAMES = [nameOf(number) for number in range(len(RECIPES))]


@pytest.fixture(scope="module")
def outcomes(historical, tmp_path_factory):
    """Return outcomes(path), by recipe, with the packages in the directories of `path`."""

    def outcomes(*path):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", Path(__file__).with_name("components.py")],
            cwd=tmp_path_factory.mktemp("components"),
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(line) for line in done.stdout.splitlines() if line[:1] == "[")

    return outcomes(ROOT), outcomes(historical, ROOT)


@pytest.mark.timeout(220)
@pytest.mark.parametrize("name", NAMES)
def test_a_component_sends_what_that_of_1_14_sends(outcomes, name):
    ours, theirs = (found[name] for found in outcomes)
    assert "error" not in ours
    assert (ours != theirs) is (name in DIFFERENCES), (ours, theirs)


def test_each_difference_belongs_to_a_recipe():
    assert DIFFERENCES.keys() <= set(NAMES)
