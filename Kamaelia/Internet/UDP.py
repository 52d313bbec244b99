"""Datagram peers under their historical names, with fewer boxes than those of UDP_ng.

Example usage
-------------
    Pipeline(
        SimplePeer(localaddr="127.0.0.1", receiver_addr="127.0.0.1", receiver_port=2000),
        ConsoleEchoer(),
    ).run()

How does it work?
-----------------
They are the peers of UDP_ng without the boxes that are not used.

Termination: shutdownMicroprocess on "control", which is passed on.
"""

from __future__ import annotations

from Kamaelia.Internet.UDP_ng import BasicPeer as AnyPeer
from Kamaelia.Internet.UDP_ng import PostboxPeer as AnyPostboxPeer
from Kamaelia.Internet.UDP_ng import SimplePeer as AnySimplePeer
from Kamaelia.Internet.UDP_ng import TargettedPeer as AnyTargettedPeer


class BasicPeer(AnyPeer):
    """A UDP socket as a component; the base of the others."""

    Inboxes = {
        "inbox": "data to send; its form depends on the class",
        "control": "shutdownMicroprocess: close when all is sent",
    }
    Outboxes = {
        "outbox": "(data, (host, port)) for each datagram that arrives",
        "signal": "the message from control",
    }


class SimplePeer(AnySimplePeer, BasicPeer):
    """SimplePeer(localaddr, localport, receiver_addr, receiver_port): sends to one address."""


class TargettedPeer(AnyTargettedPeer, BasicPeer):
    """TargettedPeer(...): a SimplePeer whose target can be changed."""

    Inboxes = {
        "inbox": "data to send; its form depends on the class",
        "target": "(host, port): the receiver of all further datagrams",
        "control": "shutdownMicroprocess: close when all is sent",
    }


class PostboxPeer(AnyPostboxPeer, BasicPeer):
    """PostboxPeer(localaddr, localport): sends each message to its own address."""


__kamaelia_components__ = (BasicPeer, SimplePeer, TargettedPeer, PostboxPeer)
