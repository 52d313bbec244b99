"""What the system keeps for a peer on the same machine, whatever happens to the sender.

Example usage
-------------
    hello["at"] = placeOf(writer.get_extra_info("sockname"))        # the peer, in its greeting
    if keepsWhatIsSent(writer, hello["at"]):                        # this end
        isKept = writeAtOnce(writer, data)

How does it work?
-----------------
Between two processes of one machine, bytes that are written to a socket are in the queue of the
peer at once. They remain there if the sender is killed. Nothing else may be in between, such as a
tunnel, so the peer names its end of the connection, and this compares what it sees itself.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import sys
from functools import cache
from typing import Any

if sys.platform == "linux":
    from fcntl import ioctl

NOT_SENT = 0x894B  # SIOCOUTQNSD of Linux: how many bytes TCP has not sent yet


def isLoopback(host: str) -> bool:
    """Return whether `host` is this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@cache
def thisMachine() -> str:
    """Return a text that differs between two machines, and after a machine has restarted."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return socket.gethostname()


def placeOf(address: Any) -> str:
    """Return a text for one end of a connection; `address` is as getsockname() returns it."""
    return f"{address[0]} {address[1]} {thisMachine()}" if isinstance(address, tuple) else ""


def keepsWhatIsSent(writer: asyncio.StreamWriter, place: object) -> bool:
    """Return whether the system keeps for the peer what is sent, even if this process is killed.

    place: placeOf() the peer's end of the connection, as the peer itself sees it.
    """
    connection = writer.get_extra_info("socket")
    if sys.platform != "linux" or connection is None or writer.get_extra_info("sslcontext"):
        return False
    if connection.family == socket.AF_UNIX:
        return True
    peer = writer.get_extra_info("peername")
    return isinstance(peer, tuple) and isLoopback(str(peer[0])) and placeOf(peer) == place


def writeAtOnce(writer: asyncio.StreamWriter, data: bytes) -> bool:
    """Write to a socket of which keepsWhatIsSent() is true; return whether all of it is kept now.

    If not, nothing may have been written, or the rest follows as usual. Never raises OSError: a
    broken connection shows when it is read.
    """
    if writer.is_closing() or writer.transport.get_write_buffer_size():
        return False
    connection = writer.get_extra_info("socket")
    try:
        sent = os.write(connection.fileno(), data)
    except OSError:
        return False
    if sent < len(data):
        writer.write(data[sent:])
        return False
    return connection.family == socket.AF_UNIX or not _hasUnsent(connection.fileno())


def _hasUnsent(descriptor: int) -> bool:
    return sys.platform == "linux" and any(ioctl(descriptor, NOT_SENT, bytes(4)))
