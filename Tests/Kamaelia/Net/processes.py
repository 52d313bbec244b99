"""Start the parts of parts.py as processes, kill them, and count what was lost and repeated."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

started = []  # the processes that the fixture `address` ends if a test has failed

PARTS = Path(__file__).with_name("parts.py")
ROOT = Path(__file__).parents[3]


def start(role, url, what, within=(), **options):
    """Start a part; its standard output is a pipe.

    url: may be an Address with options. within: a command that runs the part, as `ip netns exec`.
    """
    options = {**getattr(url, "options", {}), **options}
    process = subprocess.Popen(
        [
            *(*within, sys.executable, "-W", "error", str(PARTS)),
            *(role, url, str(what), json.dumps(options)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    started.append(process)
    # A reader must not be far ahead of the test, and a writer must not wait for it.
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096 if role == "reader" else 1 << 20)
    return process


def endAll():
    """End the processes that still run, which they do if a test has failed."""
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    started.clear()


def numbersOf(process, stopAfter=None):
    """Return the numbers that `process` writes, up to the one that stopAfter(numbers) accepts."""
    found = []
    for line in process.stdout:
        if line.endswith(b"\n"):
            found.append(int(line))
            if stopAfter is not None and stopAfter(found):
                break
    return found


def kill(process):
    """Kill a process; return the numbers that it had written meanwhile."""
    process.send_signal(signal.SIGKILL)
    rest = numbersOf(process)
    finish(process)
    return rest


def finish(process):
    """Wait for the end of a process, close its pipes, and return (status, standard error)."""
    with process.stdout, process.stderr:
        errors = process.stderr.read().decode()
        return process.wait(60), errors


def readWithKills(url, kind, count, kills, **options):
    """Read `count` numbers while the reader is killed, evenly spread; return all in their order."""
    got = []
    step = count // (kills + 1)
    for number in range(kills + 1):
        reader = start("reader", url, kind, **options)
        limit = step * (number + 1) if number < kills else None
        got += numbersOf(reader, hasReached(limit))
        if limit is not None:
            got += kill(reader)
        else:
            status, errors = finish(reader)
            assert status == 0, errors
    return got


def endsAtOnce(process):
    """Return whether a process ends by itself, without an error, in a time that is no wait."""
    try:
        assert process.wait(40) == 0, process.stderr.read()
    except subprocess.TimeoutExpired:
        return False
    return True


def hasReached(limit):
    """Return a condition for numbersOf(): the number before `limit` has come. None: never."""
    return None if limit is None else lambda found: found[-1] >= limit - 1


def lostAndRepeated(got, count):
    """Return how many of the numbers below `count` are missing, and how many came again."""
    return count - len(set(got)), len(got) - len(set(got))
