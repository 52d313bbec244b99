"""The interface to systemd: inherited sockets and status messages.

How does it work?
-----------------
systemd passes listening sockets as descriptors from 3 on. LISTEN_FDS is their number, and
LISTEN_PID the process that they are for (sd_listen_fds(3)). A status message is a datagram to
the socket in NOTIFY_SOCKET (sd_notify(3)). Without systemd, both functions do nothing.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Any

from Kamaelia.Internet.PlainSocket import PlainSocket

FIRST = 3


def inheritedSockets() -> list[Any]:
    """Return the sockets from systemd, made non-blocking and not inherited by child processes."""
    count = os.environ.pop("LISTEN_FDS", "")
    isForUs = os.environ.pop("LISTEN_PID", "") == str(os.getpid())
    if not isForUs or not count.isdecimal():
        return []
    sockets = [PlainSocket(fileno=FIRST + each) for each in range(int(count))]
    for each in sockets:
        each.set_inheritable(False)
        each.setblocking(False)
    return sockets


def notify(*words: str) -> None:
    """Send systemd assignments such as "READY=1". Ignore errors."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect(address)
        sock.send("\n".join(words).encode())
