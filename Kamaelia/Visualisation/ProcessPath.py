"""Paths and ports that belong to one process, though its environment is that of all it starts.

Example usage
-------------
    processPath("system-%p.svg")        # "system-1234.svg"
    processPath("system.svg")           # None in a worker that a server has forked
"""

from __future__ import annotations

import os

_PROCESS = os.getpid()  # a forked process has another number


def isForked() -> bool:
    """Return whether this process was forked by one that has imported this module."""
    return os.getpid() != _PROCESS


def processPath(value: str) -> str | None:
    """Return the path with the process id for `%p`; None if it is that of the parent."""
    if "%p" in value:
        return value.replace("%p", str(os.getpid()))
    return None if isForked() else value
