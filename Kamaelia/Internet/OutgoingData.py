"""The data that components send to a connection, as bytes, and errors that name the sender."""

from __future__ import annotations

from collections.abc import Callable
from reprlib import repr as shortened
from typing import Any

from Axon.WriteGate import WriteGate


class Output:
    """Output(owner, send): takes the messages to the inbox of the connection `owner`.

    send: called with bytes. A connection has its gate in `shutGate` while it holds the senders.
    """

    __slots__ = ("_owner", "send")

    def __init__(self, owner: Any, send: Callable[[Any], object]) -> None:
        self._owner = owner
        self.send = send

    def take(self, message: object) -> WriteGate | None:
        """Send `message`. Return the gate that holds the sender, or None."""
        owner = self._owner
        if owner is None:
            return None
        self.send(message if isinstance(message, bytes) else asBytes(owner, "inbox", message))
        gate: WriteGate | None = owner.shutGate
        return gate

    def end(self) -> None:
        """Discard all messages from now on, and forget the connection."""
        self._owner, self.send = None, discard


def asBytes(owner: Any, boxname: str, data: object) -> bytes:
    """Return `data`, a message to an inbox of `owner`, as bytes. Text is encoded as UTF-8.

    Raises TypeError, which names the components and boxes, for any other type. (uvloop itself
    ignores None and other false values without an error.)
    """
    if isinstance(data, str):
        return data.encode()
    try:
        return bytes(memoryview(data))  # type: ignore[arg-type]
    except TypeError:
        raise _bytesExpected(owner, boxname, data) from None


def discard(message: object) -> None:
    """Discard a message to a connection that has ended."""


def _bytesExpected(owner: Any, boxname: str, data: object) -> TypeError:
    senders = _sendersTo(owner.inboxes[boxname])
    origin = f", sent by {' or '.join(senders)}" if senders else ""
    return TypeError(
        f"bytes or text expected, not {type(data).__name__}: {shortened(data)}"
        f" came to {boxname!r} of {owner.name}{origin}"
    )


def _sendersTo(sink: Any) -> list[str]:
    """Return the outboxes whose messages arrive in `sink`, directly or through other boxes."""
    found, pending = [], list(sink.sources)
    while pending:
        box = pending.pop()
        if box.sources:
            pending += box.sources
        elif not box.isInbox:
            found.append(f"{box.component.name} from {box.boxname!r}")
    return found
