"""Datagrams, under the older names: peers with plain boxes. See UDP_ng.

Example usage
-------------
    Pipeline(
        SimplePeer(localaddr="127.0.0.1", receiver_addr="127.0.0.1", receiver_port=2000),
        ConsoleEchoer(),
    ).run()

How does it work?
-----------------
They are the peers of UDP_ng; only the boxes that nobody used are not there.

Termination: shutdownMicroprocess on "control", which is passed on.
"""

from __future__ import annotations

from Kamaelia.Internet.UDP_ng import BasicPeer as AnyPeer
from Kamaelia.Internet.UDP_ng import PostboxPeer as AnyPostboxPeer
from Kamaelia.Internet.UDP_ng import SimplePeer as AnySimplePeer
from Kamaelia.Internet.UDP_ng import TargettedPeer as AnyTargettedPeer


class BasicPeer(AnyPeer):
    """A UDP socket as a component."""

    Inboxes = {
        "inbox": "what to send",
        "control": "shutdownMicroprocess: close when all is sent",
    }
    Outboxes = {
        "outbox": "(data, (host, port)) for each datagram that came",
        "signal": "what came to control",
    }


class SimplePeer(AnySimplePeer, BasicPeer):
    """SimplePeer(localaddr, localport, receiver_addr, receiver_port) -> sends to one address."""


class TargettedPeer(AnyTargettedPeer, BasicPeer):
    """TargettedPeer(...) -> a SimplePeer whose target changes: (host, port) to "target"."""

    Inboxes = {
        "inbox": "what to send",
        "target": "(host, port): where all goes from now on",
        "control": "shutdownMicroprocess: close when all is sent",
    }


class PostboxPeer(AnyPostboxPeer, BasicPeer):
    """PostboxPeer(localaddr, localport) -> "inbox": (host, port, data), each to its address."""


__kamaelia_components__ = (BasicPeer, SimplePeer, TargettedPeer, PostboxPeer)
