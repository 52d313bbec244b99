"""Ports for tests: free ones for programs that a test starts, and ports that refuse connections."""

import os
import random
import socket
from contextlib import ExitStack, suppress

# Below the range of ephemeral ports (32768 and above): the system may assign one of those to
# another socket before the program binds it. Each process of pytest-xdist has ports of its own.
PROCESSES = 16
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
QUIET_PORTS = range(20000 + WORKER % PROCESSES, 32000, PROCESSES)

given: set[int] = set()  # in this process


def freePort() -> int:
    """Return another port of 127.0.0.1, free over TCP and UDP, at each call.

    It is for programs that cannot bind port 0 and report the port. Other programs use port 0.
    """
    while True:
        port = random.SystemRandom().choice(QUIET_PORTS)
        if port in given:
            continue
        given.add(port)
        with suppress(OSError), ExitStack() as stack:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                stack.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            return port


def heldPort() -> socket.socket:
    """Return a socket that holds a port of 127.0.0.0/8 and does not listen: clients are refused.

    No other program is given the port. A test may listen on it at one of the addresses.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("0.0.0.0", 0))
    return held
