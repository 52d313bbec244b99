"""The example that draws a system."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def drawn(*words):
    command = [sys.executable, ROOT / "Examples/Pictures/draw.py", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=50).stdout


def test_the_picture_in_the_documentation_is_the_one_that_it_draws():
    assert drawn() == (ROOT / "Docs/images/graphline.svg").read_text()


def test_it_writes_other_formats():
    assert drawn("--format", "mermaid").startswith("flowchart LR")
