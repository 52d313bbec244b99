"""A function that is called again for a message after an error.

Example usage
-------------
    Pipeline(Addresses(), Retry(fetch, attempts=5, delay=0.5, errors=OSError), Store()).run()
    Pipeline(Addresses(), Pool(lambda: Retry(fetch), 20), Store()).run()      # 20 at a time

How does it work?
-----------------
The function may be an `async def`; a plain function runs on the event loop, so it must not
block. The delay between two attempts grows by `factor`. Messages are processed one after
another and stay in order; the others wait in the inbox. To replace a component that fails, use
Kamaelia.Chassis.Supervisor.

Termination: at a producerFinished, after the messages before it; at a shutdownMicroprocess at
once, even during an attempt or a delay.
"""

import asyncio
from collections.abc import Callable, Generator, Iterator
from typing import Any

from Axon.Box import NULL
from Axon.Component import component
from Axon.Hooks import isAwaitable
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom

__all__ = ["Retry"]


class Retry(component):
    """Retry(function[, attempts][, delay][, factor][, longest][, errors]): send function(message).

    attempts: calls for one message (3). delay: seconds before the second one (1.0); each later
    delay is `factor` (2.0) times as long, but at most `longest` (60.0). errors: the exception
    class or classes that lead to another attempt (OSError); any other is an error of this
    component. So is the last one for a message, unless "error" is linked. A result of None is not
    sent. Raises ValueError if `attempts` is less than 1.
    """

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "the results of the function",
        "error": "(message, exception), after the last attempt",
        "signal": "the shutdown message from control",
    }

    def __init__(
        self,
        function: Callable[[Any], Any],
        attempts: int = 3,
        delay: float = 1.0,
        factor: float = 2.0,
        longest: float = 60.0,
        errors: type[Exception] | tuple[type[Exception], ...] = OSError,
    ) -> None:
        super().__init__()
        if attempts < 1:
            raise ValueError(f"a Retry makes at least 1 attempt, not {attempts!r}")
        self.function = function
        self.attempts = attempts
        self.delay = delay
        self.factor = factor
        self.longest = longest
        self.errors = errors

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            while self.dataReady() and not isToStop(self):
                yield from self._process(self.recv())
                yield 1
            if self.isShuttingDown():
                return

    def _process(self, message: Any) -> Iterator[int]:
        for attempt in range(self.attempts):
            try:
                result = self.function(message)
                if isAwaitable(result):
                    result = yield from self._await(result)
            except self.errors as error:
                if attempt == self.attempts - 1:
                    self._reportFailure(message, error)
                    return
            else:
                if result is not None:
                    yield from sendWithRoom(self, result)
                return
            yield from self._waitForDelay(self.delayAfter(attempt))
            if isToStop(self):
                return

    def delayAfter(self, attempt: int) -> float:
        """Return the seconds to wait after an attempt, the first of which is 0."""
        try:
            return min(self.delay * float(self.factor) ** attempt, self.longest)
        except OverflowError:  # after hours of attempts
            return self.longest

    def _reportFailure(self, message: Any, error: Exception) -> None:
        if self.outboxes["error"] is NULL:
            raise error
        self.send((message, error), "error")

    def _waitForDelay(self, seconds: float) -> Iterator[int]:
        now = self.scheduler.timers.clock.now
        until = now() + seconds
        while now() < until and not isToStop(self):
            yield from self.waitUntil(until)

    def _await(self, awaitable: Any) -> Generator[int, None, Any]:
        """Return what `awaitable` returns; cancel it and return None if this is told to stop."""
        work = asyncio.ensure_future(awaitable, loop=self.scheduler.loop)
        work.add_done_callback(lambda _: self.unpause())
        self.scheduler.outside += 1  # something outside of the scheduler will wake this
        try:
            while not work.done():
                if isToStop(self):
                    return None
                yield from self.waitForChange()
            return work.result()
        finally:
            self.scheduler.outside -= 1
            work.cancel()


__kamaelia_components__ = (Retry,)
