"""Python in a browser (Pyodide): how run() waits there, and what is missing.

How does it work?
-----------------
The browser runs the event loop, and a Python program only waits for it where the browser can
suspend WebAssembly: run() then returns when the system has ended, as everywhere. Elsewhere it
raises an error that says to write `await scheduler.run.runAsync()`. A browser gives programs no
threads, sockets and terminals.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from importlib import import_module
from typing import Any

IS_BROWSER = sys.platform == "emscripten"


def mayWait() -> bool:
    """Return whether plain code can wait for a coroutine here, although an event loop runs."""
    if not IS_BROWSER:
        return False
    return bool(import_module("pyodide.ffi").can_run_sync())


def waitFor(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run `coroutine` to its end. Call this only if mayWait() is true."""
    import_module("pyodide.ffi").run_sync(coroutine)


def checkThreads(name: str) -> None:
    """Raise RuntimeError, which names the component, if there are no threads."""
    if IS_BROWSER:
        raise RuntimeError(
            f"{name} needs a thread, and Python in a browser has only one: write it as a component"
            " with `async def main`, or with a main that yields"
        )


def checkOperatingSystem(name: str) -> None:
    """Raise RuntimeError, which names the component, if there are no sockets and terminals."""
    if IS_BROWSER:
        raise RuntimeError(
            f"{name} needs sockets, a terminal or threads, which Python in a browser does not"
            " have: use a DataSource for its input, and a component that keeps or prints its output"
        )
