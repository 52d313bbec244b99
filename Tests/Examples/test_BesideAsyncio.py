import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_pipeline_runs_beside_an_asyncio_library_in_one_thread():
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "Examples/BesideAsyncio/fetch.py"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "first: 4 words",
        "second: 4 words",
        "third: 8 words",
        "the pipeline has ended, the server is still running",
    ]
