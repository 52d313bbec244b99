"""Importing the core has no side effects."""

import json
import subprocess
import sys

import pytest

PROBE = """
import json, sys, threading
import Axon
found = {"threads": threading.active_count(), "modules": sorted(sys.modules)}
print(json.dumps(found | {"attributes": dir(Axon)}))
"""


@pytest.fixture(scope="module")
def afterImport():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_axon_starts_no_thread(afterImport):
    assert afterImport["threads"] == 1


@pytest.mark.parametrize("library", ["asyncio", "uvloop"])
def test_importing_axon_imports_no_event_loop(afterImport, library):
    assert library not in afterImport["modules"]


def test_the_modules_of_axon_are_its_attributes(afterImport):
    assert {"Component", "Ipc", "Scheduler"} <= set(afterImport["attributes"])


def test_importing_axon_imports_no_test_tools(afterImport):
    assert not {"pytest", "hypothesis"} & set(afterImport["modules"])
