"""What systemd asks of a service: its sockets are taken over, and it says how it fares.

How does it work?
-----------------
Sockets that listen are handed over from descriptor 3 on; LISTEN_FDS says how many
there are, LISTEN_PID for whom (sd_listen_fds(3)). Words for systemd go in one
datagram to the socket that NOTIFY_SOCKET names (sd_notify(3)). Elsewhere both
do nothing.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Any

FIRST = 3


def inheritedSockets() -> list[Any]:
    """The sockets that were handed to this process; they are not handed on to others."""
    count = os.environ.pop("LISTEN_FDS", "")
    isForUs = os.environ.pop("LISTEN_PID", "") == str(os.getpid())
    if not isForUs or not count.isdecimal():
        return []
    sockets = [socket.socket(fileno=FIRST + each) for each in range(int(count))]
    for each in sockets:
        each.set_inheritable(False)
        each.setblocking(False)
    return sockets


def notify(*words: str) -> None:
    """Tells systemd, in words such as "READY=1"; whether it listens or not."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # a name that is in no folder
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect(address)
        sock.send("\n".join(words).encode())
