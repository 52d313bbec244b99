"""A socket that becomes readable when a signal arrives.

Example usage
-------------
    with SignalSocket() as signalled:
        if signalled in select.select([signalled, channel], [], [])[0]:
            signalled.clear()

How does it work?
-----------------
Python calls the handler of a signal between two instructions. A signal that arrives just before a
loop sleeps would be handled only after the sleep. Python also writes a byte into a socket at once,
which ends the sleep. Only the main thread can make such a socket.
"""

from __future__ import annotations

import signal
from socket import socketpair

__all__ = ["SignalSocket"]


class SignalSocket:
    """A socket for select() or an event loop, which each signal makes readable."""

    def __init__(self) -> None:
        self._reader, self._writer = socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def fileno(self) -> int:
        """Return the descriptor to watch."""
        return self._reader.fileno()

    def clear(self) -> None:
        """Forget the signals that have arrived; there must be one."""
        self._reader.recv(4096)

    def close(self) -> None:
        """Watch no more signals, and close the socket."""
        signal.set_wakeup_fd(-1)
        self._reader.close()
        self._writer.close()

    def __enter__(self) -> SignalSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
