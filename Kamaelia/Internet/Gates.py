"""Where the event loop and turns meet: waiting for the loop, and being held while a peer is slow.

Example usage
-------------
    class Peer(HeldByTransport, component):
        def main(self):
            yield from waitForLoop(self, lambda loop: loop.create_connection(lambda: self, ...))

How does it work?
-----------------
A transport says pause_writing when it has more than it can send. Whoever sends
to the component then is held at its next yield, until resume_writing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import inf
from typing import Any

from Axon.Ipc import shutdownMicroprocess


class HeldByTransport:
    """A gate (Axon.Turns.Gate) that a transport shuts and opens: mixed into a component."""

    _task: Any
    _gate: Any = None  # itself while the peer does not read
    _held: Any = ()

    def pause_writing(self) -> None:
        """The peer does not read: whoever sends to it is held."""
        self._gate = self

    def resume_writing(self) -> None:
        """The peer has read: whoever was held goes on."""
        self._gate = None
        held, self._held = self._held, ()
        for task in held:
            task.release()

    @property
    def keeper(self) -> Any:
        """Who opens the gate."""
        return self._task

    def isShut(self) -> bool:
        """Whether senders have to wait."""
        return self._gate is not None

    def hold(self, task: Any) -> None:
        """`task` waits until the peer has read."""
        if task not in self._held:
            self._held = [*self._held, task]


def theLoopOf(process: Any) -> Any:
    """The event loop on which `process` runs. RuntimeError when it is stepped by hand."""
    loop = process.scheduler.loop
    if loop is None:
        raise RuntimeError(
            f"{process.name} needs an event loop: use run(), runThreads() or runAsync()"
            " instead of stepping the scheduler by hand"
        )
    return loop


def isToldToStop(process: Any) -> bool:
    """Whether a shutdownMicroprocess waits on "control"."""
    return any(isinstance(each, shutdownMicroprocess) for each in process.inboxes["control"])


def waitForLoop(
    process: Any,
    work: Callable[[Any], Any],
    mayGiveUp: Callable[[Any], bool] = isToldToStop,
    timeout: float | None = None,
) -> Generator[int, None, None]:
    """`yield from` this until the coroutine `work(loop)` has ended; raises what it raises.

    It is cancelled when mayGiveUp(process) is true, and after `timeout` seconds, which is a
    TimeoutError.
    """
    loop, clock = theLoopOf(process), process.scheduler.timers.clock
    until = inf if timeout is None else clock.now() + timeout
    job = loop.create_task(work(loop))
    job.add_done_callback(lambda _: process.unpause())
    try:
        while not job.done() and not mayGiveUp(process):
            left = until - clock.now()
            if left <= 0:
                raise TimeoutError(f"it took more than {timeout:g} seconds")
            yield from process.waitForChange(left if left < inf else None)
    finally:
        job.cancel()
    if job.done():
        job.result()


def discard(message: Any) -> None:
    """Takes what is sent to a connection that has ended: it is lost."""
