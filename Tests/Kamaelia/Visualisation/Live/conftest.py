"""A watched system with a client beside it."""

import json
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import ClientConnection, connect

from Axon.Component import component
from Axon.Scheduler import scheduler
from Kamaelia.Visualisation.Live.Watch import Watch
from Tests.Kamaelia.sockets import PATIENCE


class Forever(component):
    """Waits; a system that does not end by itself."""

    def main(self):
        while True:
            yield from self.waitForMessage()


class Watched:
    """watched(client, *system): runs client(address) beside a system and its page, then ends it.

    client runs in a thread. inSystem(function) calls a function in the thread of the system, and
    returns the result.
    """

    def __init__(self) -> None:
        self.keeper = Forever()
        self.settings: dict[str, Any] = {}

    def __call__(self, client: Callable[[str], Any], *system: Any) -> Any:
        outcome: list[Any] = []
        errors: list[BaseException] = []

        def talk(address: str) -> None:
            try:
                outcome.append(client(address))
            except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
                errors.append(error)
            scheduler.run.callFromThread(self.end)

        def begin(address: str) -> None:
            thread = threading.Thread(target=talk, args=[address])
            self.thread = thread
            thread.start()

        self.system = system
        Watch(tell=begin, **self.settings).activate()
        for each in (self.keeper, *system):
            each.activate()
        scheduler.run.runThreads()
        self.thread.join(PATIENCE)
        for error in errors:
            raise error
        return outcome[0]

    def end(self) -> None:
        for each in scheduler.run.listAllThreads():
            if not scheduler.run.attendants.has(each.getTask()):
                each.terminate()

    def inSystem(self, function: Callable[[], Any]) -> Any:
        done, results = threading.Event(), []

        def call() -> None:
            results.append(function())
            done.set()

        scheduler.run.callFromThread(call)
        assert done.wait(PATIENCE)
        return results[0]


@pytest.fixture
def watched() -> Watched:
    return Watched()


class Browser:
    """Browser(address): the WebSocket of a page, without the page."""

    def __init__(self, address: str, **options: Any) -> None:
        parts = urlsplit(address)
        options.setdefault("origin", f"http://{parts.netloc}")
        self._stack = ExitStack()
        opening = connect(
            f"ws://{parts.netloc}/system?{parts.query}",
            open_timeout=PATIENCE,
            max_size=None,
            **options,
        )
        self.socket: ClientConnection = self._stack.enter_context(opening)

    def receive(self) -> Any:
        return json.loads(self.socket.recv(PATIENCE))

    def receiveUntil(self, isWanted: Callable[[Any], bool]) -> Any:
        while True:
            message = self.receive()
            if isWanted(message):
                return message

    def receiveUntilClosed(self) -> None:
        while True:
            self.receive()

    def send(self, **request: Any) -> None:
        self.socket.send(json.dumps(request))

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stack.close()
