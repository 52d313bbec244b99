"""A headless Chromium for tests, controlled through its DevTools protocol.

Example usage
-------------
    with browser(tmp_path) as tab:
        tab.open("http://127.0.0.1:8080/")
        assert tab.evaluate("document.title") == "Chat"
"""

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from Tests.conftest import pathOf

PATIENCE = 40.0  # seconds for anything: a browser is slow on a busy machine

OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-port=0",
]


class Tab:
    """A page of the browser."""

    def __init__(self, devtools: ClientConnection) -> None:
        self._devtools = devtools
        self._number = 0

    def open(self, url: str) -> None:
        """Load a page, and wait until it is loaded."""
        self._call("Page.enable")
        self._call("Page.navigate", url=url)
        while self._receive().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, after it is settled if it is a promise."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def _call(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        call = {"id": self._number, "method": method, "params": parameters}
        self._devtools.send(json.dumps(call))
        while (answer := self._receive()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def _receive(self) -> Any:
        return json.loads(self._devtools.recv(PATIENCE))


@contextmanager
def browser(folder: Path) -> Iterator[Tab]:
    """Run Chromium with a profile in `folder`; yield its first page."""
    command = [pathOf("chromium"), *OPTIONS, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        port = _portOf(process.stderr)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=PATIENCE) as answer:
            pages = [each for each in json.load(answer) if each["type"] == "page"]
        address = pages[0]["webSocketDebuggerUrl"]
        with connect(address, max_size=None, open_timeout=PATIENCE, ping_interval=None) as devtools:
            yield Tab(devtools)
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def _portOf(lines: Iterator[str] | Any) -> int:
    for line in lines:
        if found := re.search(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line):
            return int(found[1])
    raise AssertionError("the browser has ended")
