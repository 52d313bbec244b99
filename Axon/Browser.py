"""Python in a browser (Pyodide): how run() waits there, and what is missing.

How does it work?
-----------------
The browser runs the event loop. Where it can suspend WebAssembly, run() waits for that loop, and
returns when the system has ended, as everywhere. Where it cannot, run() blocks the thread with a
loop of its own, if that is the thread of a Worker: the page itself must not stop. In the thread of
the page it raises an error that says to write `await scheduler.run.runAsync()`. A browser gives
programs no threads, sockets and terminals.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

IS_BROWSER = sys.platform == "emscripten"


def mayWait() -> bool:
    """Return whether plain code can wait for a coroutine here, although an event loop runs."""
    if not IS_BROWSER:
        return False
    return bool(import_module("pyodide.ffi").can_run_sync())


def mayBlock() -> bool:
    """Return whether this is a Worker of a browser, whose thread may be blocked."""
    return IS_BROWSER and not hasattr(import_module("js"), "document")


@contextmanager
def withoutLoop() -> Iterator[None]:
    """Hide the event loop of the browser, so that another one can run in its thread."""
    if not IS_BROWSER:
        yield
        return
    import asyncio  # here, because few programs need it

    # asyncio has no public function that hides a running loop.
    hidden = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(hidden)


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
