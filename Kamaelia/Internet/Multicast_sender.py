"""A multicast sender: sends datagrams to a group.

Example usage
-------------
    Pipeline(ConsoleReader(), Multicast_sender("0.0.0.0", 0, "224.168.2.9", 1600)).run()

Termination: producerFinished or shutdownMicroprocess on "control", when all data has been sent.
"""

from __future__ import annotations

import socket
from typing import Any

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Internet.Multicast_transceiver import Multicast_transceiver


class Multicast_sender(Multicast_transceiver):
    """Multicast_sender(local_addr, local_port, remote_addr, remote_port): sends to a group.

    It is not a member of the group, and sends nothing to "outbox".
    """

    endsAt = (producerFinished, shutdownMicroprocess)
    timeToLive = 10  # hops

    def __init__(
        self, local_addr: str, local_port: int, remote_addr: str, remote_port: int, **argd: Any
    ) -> None:
        super().__init__(local_addr, local_port, remote_addr, remote_port, **argd)

    def setOptions(self, sock: socket.socket) -> None:
        """Set the options of a multicast socket, without membership in the group."""
        super().setOptions(sock)
        member = socket.inet_aton(self.group) + socket.inet_aton(self.interface)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, member)


__kamaelia_components__ = (Multicast_sender,)
