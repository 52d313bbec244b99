"""A gate at which the senders to a component wait while its peer does not read.

Example usage
-------------
    class Peer(WriteGate, component):
        def main(self):
            yield from waitForCoroutine(self, self.connect)

How does it work?
-----------------
A transport calls pause_writing when its buffer is full. A component that then sends
is held at its next yield until the transport calls resume_writing.
"""

from __future__ import annotations

from typing import Any


class WriteGate:
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
