"""A multicast peer: sends datagrams to a group, and receives those that others send to it.

Example usage
-------------
    Pipeline(Multicast_transceiver("0.0.0.0", 1600, "224.168.2.9", 1600), ConsoleEchoer()).run()

How does it work?
-----------------
It is a datagram peer (UDP_ng) that is a member of the group of its remote address. It also
receives its own datagrams if it is bound to the port of the group.

Termination: shutdownMicroprocess on "control", which is passed on.
"""

from __future__ import annotations

import socket
from typing import Any

from Kamaelia.Internet.Addresses import checkedPort
from Kamaelia.Internet.UDP import BasicPeer


class Multicast_transceiver(BasicPeer):
    """Multicast_transceiver(local_addr, local_port, remote_addr, remote_port): a group member.

    remote_addr: the group, such as "224.168.2.9". remote_port: 0 to send nothing. interface: the
    address of the network interface, if it is not the default one.
    """

    Inboxes = {
        "inbox": "bytes or text for the group",
        "control": "shutdownMicroprocess: leave the group, and end",
    }
    Outboxes = {
        "outbox": "((host, port), data) for each datagram that arrives",
        "signal": "the message from control",
    }

    interface = "0.0.0.0"
    timeToLive = 255  # hops

    def __init__(
        self,
        local_addr: str,
        local_port: int,
        remote_addr: str,
        remote_port: int,
        debug: bool = False,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        self.local = (local_addr, checkedPort(local_port, "local_port"))
        self.group = remote_addr
        self.debug = debug
        if checkedPort(remote_port, "remote_port"):
            self.target = (remote_addr, remote_port)

    def setOptions(self, sock: socket.socket) -> None:
        """Set the options of a multicast socket, and join the group."""
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, self.timeToLive)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        interface = socket.inet_aton(self.interface)
        if self.interface != "0.0.0.0":
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
        member = socket.inet_aton(self.group) + interface
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)

    def describe(self, data: bytes, address: Any) -> Any:
        """Return what is sent to "outbox" for a datagram."""
        return address, data


__kamaelia_components__ = (Multicast_transceiver,)
