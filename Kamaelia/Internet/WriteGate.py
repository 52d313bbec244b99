"""A component whose senders are held while its peer does not read.

How does it work?
-----------------
The component is the asyncio protocol of its transport. The transport calls pause_writing when
its buffer is full. A component that then sends to this one is held at its next yield, until the
transport calls resume_writing. The function that takes the messages of an inbox directly
returns `shutGate` for that.
"""

from __future__ import annotations

from asyncio import BaseProtocol

from Axon.Component import component
from Axon.WriteGate import WriteGate


class GatedComponent(component, BaseProtocol):
    """GatedComponent(**attributes): the base of components that write to a transport."""

    shutGate: WriteGate | None = None  # the gate, while the peer does not read
    _gate: WriteGate | None = None

    def isShut(self) -> bool:
        """Return whether a component that sends is held now."""
        return self.shutGate is not None

    def pause_writing(self) -> None:
        """Hold the senders from now on: the peer does not read."""
        if self._gate is None:
            self._gate = WriteGate(self)
        self._gate.shut()
        self.shutGate = self._gate

    def resume_writing(self) -> None:
        """Let the senders continue."""
        gate, self.shutGate = self.shutGate, None
        if gate is not None:
            gate.open()


__kamaelia_components__ = (GatedComponent,)
