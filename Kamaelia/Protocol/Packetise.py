"""A cutter of data into packets of limited size.

Example usage
-------------
    Pipeline(SimpleReader("song"), SRM_Sender(), MaxSizePacketiser(),
             Multicast_transceiver("0.0.0.0", 0, "224.168.2.9", 1600)).run()

How does it work?
-----------------
Routers lose large datagrams more often than small ones. Each message is cut into pieces of
`maxsize` bytes; the last piece is shorter. Text is encoded as UTF-8 first.

Termination: at a producerFinished or shutdownMicroprocess, which is passed on.
"""

from collections.abc import Iterable

from Kamaelia.Util.StreamTransformer import StreamTransformer

__all__ = ["MaxSizePacketiser"]


class MaxSizePacketiser(StreamTransformer):
    """A component that sends each message in pieces of at most `maxsize` bytes.

    Raises ValueError if maxsize is less than 1.
    """

    Inboxes = {"inbox": "bytes or str", "control": "a shutdown message"}
    Outboxes = {"outbox": "bytes", "signal": "the shutdown message from control"}

    def __init__(self, maxsize: int = 1000) -> None:
        super().__init__()
        if maxsize < 1:
            raise ValueError(f"maxsize must be at least 1, not {maxsize}")
        self.maxsize = maxsize

    def transform(self, message: bytes | str) -> Iterable[bytes]:
        """Return the pieces of the message."""
        data = message.encode() if isinstance(message, str) else bytes(message)
        return (data[at : at + self.maxsize] for at in range(0, len(data), self.maxsize))


__kamaelia_components__ = (MaxSizePacketiser,)
