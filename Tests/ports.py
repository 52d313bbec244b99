"""Free ports for programs that a test starts."""

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
