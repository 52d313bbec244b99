"""A gate that holds the senders to a component, for example while its peer does not read.

Example usage
-------------
    class Peer(component):
        def __init__(self):
            super().__init__()
            self.gate = WriteGate(self)
            self.takeDirectly("inbox", self.write)

        def write(self, message):
            self.transport.write(message)
            return self.gate if self.gate.isShut() else None

How does it work?
-----------------
The function that takes the messages of an inbox directly returns the gate while it is shut.
The component that has sent the message is then held at its next yield, until the gate opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from Axon.Task import Task


class WriteGate:
    """WriteGate(owner): a gate of the component `owner`, open at first."""

    __slots__ = ("_held", "_isShut", "_owner")

    def __init__(self, owner: Any) -> None:
        self._owner = owner
        self._isShut = False
        self._held: Collection[Task] = ()

    def shut(self) -> None:
        """Hold every component that sends to the owner from now on."""
        self._isShut = True

    def open(self) -> None:
        """Let all held components continue."""
        self._isShut = False
        held, self._held = self._held, ()
        for task in held:
            task.release()

    # Called by the tasks that are held (Axon.RunQueue.Gate)

    @property
    def receiver(self) -> Task:
        """The task that opens this gate: the turns of the owner."""
        task: Task = self._owner.getTask()
        return task

    def isShut(self) -> bool:
        """Return whether senders have to wait."""
        return self._isShut

    def hold(self, task: Task) -> None:
        """Hold `task` until this gate opens."""
        if task not in self._held:
            self._held = [*self._held, task]
