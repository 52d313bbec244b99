"""The order of numbered messages that a network has mixed up.

Example usage
-------------
    Pipeline(Multicast_transceiver("0.0.0.0", 1600, "224.168.2.9", 0), SimpleDetupler(1),
             RTPDeframer(), RecoverOrder(bufsize=64, modulo=65536), SimpleDetupler(1)).run()

How does it work?
-----------------
Up to `bufsize` messages wait, and the earliest is sent when there are more. Numbers may wrap. A
message that is later than that is sent when it arrives, out of order. A second copy of a message is
discarded (Kamaelia.Support.Protocol.SequenceOrder).

Termination: at a producerFinished, after the messages that wait; at a shutdownMicroprocess at once.
"""

from collections.abc import Iterable
from typing import Any

from Kamaelia.Support.Protocol.SequenceOrder import SequenceOrder
from Kamaelia.Util.StreamTransformer import StreamTransformer

__all__ = ["RecoverOrder"]


class RecoverOrder(StreamTransformer):
    """A component that sends pairs (number, data) in the order of their numbers.

    bufsize: how many may wait. modulo: numbers run from 0 to modulo - 1 and wrap; None if they do
    not wrap. Raises ValueError if bufsize is less than 1.
    """

    Inboxes = {"inbox": "(number, data)", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "(number, data), in order",
        "signal": "the shutdown message from control",
    }

    def __init__(self, bufsize: int = 30, modulo: int | None = 2**32) -> None:
        super().__init__()
        self.order = SequenceOrder(bufsize, modulo)

    def transform(self, message: tuple[int, Any]) -> Iterable[tuple[int, Any]]:
        """Return the messages that leave the buffer."""
        return self.order.add(*message)

    def finish(self) -> Iterable[tuple[int, Any]]:
        """Return the messages that are in the buffer."""
        return self.order.rest()


__kamaelia_components__ = (RecoverOrder,)
