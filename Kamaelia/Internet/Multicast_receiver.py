"""A multicast receiver: sends out the datagrams to a group.

Example usage
-------------
    Pipeline(Multicast_receiver("224.168.2.9", 1600), ConsoleEchoer()).run()

Termination: shutdownMicroprocess on "control", which is passed on.
"""

from __future__ import annotations

from typing import Any

from Kamaelia.Internet.Multicast_transceiver import Multicast_transceiver


class Multicast_receiver(Multicast_transceiver):
    """Multicast_receiver(address, port): receives what is sent to the group `address`.

    It is bound to the group, so it does not receive datagrams to this port of the machine itself.
    """

    def __init__(self, address: str, port: int, **argd: Any) -> None:
        super().__init__(address, port, address, 0, **argd)


__kamaelia_components__ = (Multicast_receiver,)
